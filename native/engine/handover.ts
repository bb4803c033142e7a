// Outgrown: the picture handed to another engine that speaks WHIP and WHEP. It is published there
// from the same encode, our own reader must see it come out, and only then are viewers told to
// take it from there. Our own relay is sent the picture all the time, so that the way back costs
// nothing: when the engine falls silent, everybody is back here and it is tried again later. The
// token is kept in a file of mode 0600 and must reach neither state nor log.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CancelTimer, MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { HandoverView } from '../../core/contract/state.ts';
import type { PeerOptions } from '../webrtc/peer.ts';
import { openWhepReader, type WhepReader } from '../webrtc/whepReader.ts';
import type { WhipClient } from '../webrtc/whipClient.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'handover.json';
const LOOK_MS = 100;
/** Half a second of pictures that come out again: then viewers may come. */
const PICTURES_PROVED = 15;
/** The engine has this long to hand out what it gets, ms. */
const PROBE_MS_MAX = 15_000;
const READER_RETRY_MS = 500;
/** Nothing comes out for so long, though we send: everybody goes back, ms. */
const SILENCE_MS_MAX = 1_000;
const RETRY_MS_FIRST = 10_000;
const RETRY_MS_MAX = 120_000;

const targetSchema = z.strictObject({
  whipUrl: z.string().min(1),
  token: z.string(),
  whepUrl: z.string().min(1),
});
const keptSchema = targetSchema.extend({ version: z.literal(1) });
export type HandoverTarget = z.infer<typeof targetSchema>;

export type HandoverOptions = {
  dataFolder: string;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  fetch: typeof fetch;
  peer: PeerOptions;
  /** Engines at 127.0.0.1 are reached from there. */
  isLoopbackBound?: boolean;
  publisher: {
    openBranch(target: { url: string; token: string | null; peer: PeerOptions }): WhipClient;
    stats(): { framesPerSecond: number };
  };
  isLive(): boolean;
  onChange(view: HandoverView): void;
  /** How a stream is read for the proof; for tests. */
  openReader?: typeof openWhepReader;
};

export type Handover = {
  view(): HandoverView;
  /** Sets (or changes) the engine; it is tried as soon as the show is live. */
  set(target: HandoverTarget): Promise<void>;
  clear(): Promise<void>;
  /** The show went live or ended. */
  steer(): void;
  close(): void;
};

/** Reads what was set before; nothing is tried before the first `steer`. */
export async function createHandover(options: HandoverOptions): Promise<Handover> {
  const room = new HandoverRoom(options);
  await room.restore();
  return room;
}

class HandoverRoom implements Handover {
  readonly #options: HandoverOptions;
  #target: HandoverTarget | null = null;
  #state: HandoverView['state'] = 'off';
  #reason = '';
  #branch: WhipClient | null = null;
  #reader: WhepReader | null = null;
  #cancels: CancelTimer[] = [];
  #retryMs = RETRY_MS_FIRST;
  /** Counts tries: what an older one reports is ignored. */
  #try = 0;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  view(): HandoverView {
    const { whipUrl = '', whepUrl = '' } = this.#target ?? {};
    return { state: this.#state, reason: this.#reason, whipUrl, whepUrl };
  }

  async restore(): Promise<void> {
    const path = join(this.#options.dataFolder, FILE);
    const text = await readFile(path, 'utf8').catch(() => '');
    const kept = keptSchema.safeParse(parsed(text));
    if (!kept.success) return;
    const { whipUrl, token, whepUrl } = kept.data;
    this.#target = { whipUrl, token, whepUrl };
    this.#state = 'waiting';
  }

  async set(target: HandoverTarget): Promise<void> {
    const { dataFolder } = this.#options;
    const text = `${JSON.stringify({ version: 1, ...target })}\n`;
    await replaceFile(join(dataFolder, FILE), text);
    this.#stop();
    this.#target = target;
    this.#retryMs = RETRY_MS_FIRST;
    this.#enter('waiting', '');
    this.steer();
  }

  async clear(): Promise<void> {
    await rm(join(this.#options.dataFolder, FILE), { force: true });
    this.#stop();
    this.#target = null;
    this.#enter('off', '');
  }

  steer(): void {
    if (!this.#target) return;
    const isLive = this.#options.isLive();
    if (isLive && this.#state === 'waiting') this.#begin(this.#target);
    if (!isLive && this.#state !== 'waiting') {
      this.#stop();
      this.#enter('waiting', '');
    }
  }

  close(): void {
    this.#stop();
  }

  #begin(target: HandoverTarget): void {
    this.#stop();
    const { publisher, timers, clock, logger } = this.#options;
    const mine = this.#try;
    const sinceUs = clock.nowUs();
    const { whipUrl: url, token } = target;
    this.#branch = publisher.openBranch({ url, token: token || null, peer: this.#peerFor(url) });
    this.#cancels.push(timers.every(LOOK_MS, () => this.#look(sinceUs)));
    this.#enter('probing', '');
    void this.#read(target, mine).catch((error: unknown) => {
      logger.warn('The reader of the other engine failed', { reason: nameOf(error) });
    });
  }

  /** Opens the reader once there is something to read; an engine may need a moment. */
  async #read(target: HandoverTarget, mine: number): Promise<void> {
    const { clock, timers, random, fetch } = this.#options;
    const peer = this.#peerFor(target.whepUrl);
    const open = this.#options.openReader ?? openWhepReader;
    const again = () =>
      this.#cancels.push(timers.after(READER_RETRY_MS, () => void this.#read(target, mine)));
    if (mine !== this.#try) return;
    if (this.#branch?.state() !== 'connected') {
      again();
      return;
    }
    try {
      const own = { url: target.whepUrl, token: null, peer, clock, timers, random, fetch };
      const reader = await open(own);
      if (mine !== this.#try) reader.close();
      else this.#reader = reader;
    } catch (error) {
      if (mine !== this.#try) return;
      this.#reason = nameOf(error);
      again();
    }
  }

  /** An engine on this machine is reached over loopback, others over every interface. */
  #peerFor(url: string): PeerOptions {
    const { hostname } = new URL(url);
    const isHere = this.#options.isLoopbackBound && hostname === '127.0.0.1';
    return isHere ? { ...this.#options.peer, bindAddress: '127.0.0.1' } : this.#options.peer;
  }

  #look(sinceUs: MediaTimeUs): void {
    const nowUs = this.#options.clock.nowUs();
    const lastUs = this.#reader?.lastPacketUs() ?? null;
    if (this.#state === 'probing') {
      if ((this.#reader?.pictureCount() ?? 0) >= PICTURES_PROVED) {
        this.#retryMs = RETRY_MS_FIRST;
        this.#enter('moved', '');
      } else if (nowUs - sinceUs > PROBE_MS_MAX * 1000) {
        const why = this.#reason || 'it hands out no picture';
        this.#fail(`The other engine could not be used: ${why}`);
      }
      return;
    }
    if (this.#state !== 'moved' || lastUs === null) return;
    // A source that stands still is no fault of the engine.
    const isOurFault = this.#options.publisher.stats().framesPerSecond === 0;
    if (nowUs - lastUs <= SILENCE_MS_MAX * 1000 || isOurFault) return;
    this.#fail('The other engine fell silent; everybody is back on this relay.');
  }

  #fail(reason: string): void {
    this.#stop();
    this.#enter('failed', reason);
    const waitMs = this.#retryMs;
    this.#retryMs = Math.min(RETRY_MS_MAX, waitMs * 2);
    this.#cancels.push(
      this.#options.timers.after(waitMs, () => {
        if (this.#target && this.#options.isLive()) this.#begin(this.#target);
      }),
    );
  }

  #stop(): void {
    this.#try++;
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#reader?.close();
    this.#reader = null;
    const branch = this.#branch;
    this.#branch = null;
    void branch?.close();
  }

  #enter(state: HandoverView['state'], reason: string): void {
    if (this.#state === state && this.#reason === reason) return;
    this.#state = state;
    this.#reason = reason;
    this.#options.logger.info('The hand-over changed', { state, reason });
    this.#options.onChange(this.view());
  }
}

/** Addresses may be secret by themselves: only what kind of failure it was. */
function nameOf(error: unknown): string {
  return error instanceof Error && error.name === 'WhipRefusal'
    ? error.message.replace('The relay', 'it')
    : 'its WHEP address does not answer';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
