// The thin server between a studio and its viewers.
import type { Timers } from '../core/base/clock.ts';
import type { RandomBytes } from '../core/base/ids.ts';
import type { Logger } from '../core/base/logger.ts';

export type RelayOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  /** A named port that is taken is an error; an unnamed one gives way to the next free one. */
  portIsNamed: boolean;
  /** What links are made of; null: the address it listens on. */
  publicUrl: string | null;
  certificateFile: string | null;
  keyFile: string | null;
  dataFolder: string;
  /** 'open', or a file with one channel id a line. */
  owners: string;
  iceServers: readonly string[];
  /** The built viewer page; missing files are answered with a sentence, never a crash. */
  viewerPageFolder: string;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
};

export type Relay = {
  /** The public URL without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly metricsUrl: string;
  readonly healthUrl: string;
  close(): Promise<void>;
};

export declare function createRelay(options: RelayOptions): Promise<Relay>;
