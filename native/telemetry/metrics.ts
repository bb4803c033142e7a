// Prometheus metrics of engine and relay; the door to prom-client. Rooms keep their own counters
// and know nothing of this file: whoever joins them hands in reading functions, and a scrape asks.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = {
  /** A figure that is read when somebody asks. `labels` names a queue, a process, a stage. */
  gauge(name: string, help: string, read: () => number): void;
  /** Figures under one name, told apart by a label: `read` gives value by label value. */
  gaugeBy(name: string, help: string, label: string, read: () => Record<string, number>): void;
  /** The same for counts that only grow; `name` ends in `_total`. */
  countBy(name: string, help: string, label: string, read: () => Record<string, number>): void;
  /** A distribution in milliseconds; returns the function that records. */
  histogramMs(name: string, help: string): (valueMs: number) => void;
  /** The page for a scraper (text exposition format 0.0.4). */
  page(): Promise<string>;
  readonly contentType: string;
  close(): void;
};

/** Bounds that tell 30, 60 and 100 ms apart: the targets of the product. */
const BUCKETS_MS = [1, 2, 5, 10, 20, 30, 45, 60, 80, 100, 150, 250, 500, 1000, 2500];

/** @param prefix of every name, for example `morphine_` */
export function createMetrics(prefix: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix });
  return {
    gauge(name, help, read) {
      new Gauge({
        name: `${prefix}${name}`,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
    gaugeBy(name, help, label, read) {
      new Gauge({
        name: `${prefix}${name}`,
        help,
        labelNames: [label],
        registers: [registry],
        collect() {
          this.reset();
          for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value);
        },
      });
    },
    countBy(name, help, label, read) {
      new Counter({
        name: `${prefix}${name}`,
        help,
        labelNames: [label],
        registers: [registry],
        collect() {
          this.reset();
          for (const [key, value] of Object.entries(read())) this.inc({ [label]: key }, value);
        },
      });
    },
    histogramMs(name, help) {
      const histogram = new Histogram({
        name: `${prefix}${name}_milliseconds`,
        help,
        buckets: BUCKETS_MS,
        registers: [registry],
      });
      return (valueMs) => histogram.observe(valueMs);
    },
    page: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => registry.clear(),
  };
}
