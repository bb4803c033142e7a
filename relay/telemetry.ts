// The relay's door to pino and prom-client: JSON lines with a level switch, and the metrics page.
// Rooms keep plain counters; a scrape reads them. Secrets never come here.

import pino from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { LogFields, Logger } from '../core/base/logger.ts';

/** @param level debug, info, warn or error; anything else counts as info */
export function createRelayLogger(level: string): Logger {
  const isKnown = ['debug', 'info', 'warn', 'error'].includes(level);
  const root = pino(
    {
      level: isKnown ? level : 'info',
      base: { room: 'relay', pid: process.pid },
      redact: { paths: ['token', 'secret', 'authorization'], censor: '[masked]' },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return wrap(root);
}

function wrap(target: pino.Logger): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) =>
      target[level](fields, message);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => wrap(target.child(fields)),
  };
}

/** Figures by name, read at each scrape. */
export type Figures = () => Readonly<Record<string, number>>;

export type RelayMetrics = {
  /** One gauge, its values told apart by the label `of`. */
  figures(name: string, help: string, read: Figures): void;
  /** The same for counts that only grow; `name` ends in `_total`. */
  counts(name: string, help: string, read: Figures): void;
  readonly contentType: string;
  /** The page for a scraper (text exposition format 0.0.4). */
  page(): Promise<string>;
  close(): void;
};

export function createRelayMetrics(): RelayMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'morphine_relay_' });
  return {
    figures(name, help, read) {
      new Gauge({
        name: `morphine_relay_${name}`,
        help,
        labelNames: ['of'],
        registers: [registry],
        collect() {
          this.reset();
          for (const [of, value] of Object.entries(read())) this.set({ of }, value);
        },
      });
    },
    counts(name, help, read) {
      new Counter({
        name: `morphine_relay_${name}`,
        help,
        labelNames: ['of'],
        registers: [registry],
        collect() {
          this.reset();
          for (const [of, value] of Object.entries(read())) this.inc({ of }, value);
        },
      });
    },
    contentType: registry.contentType,
    page: () => registry.metrics(),
    close: () => registry.clear(),
  };
}
