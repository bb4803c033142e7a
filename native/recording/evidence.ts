// Keeps what decided each settled market: the clip around the deciding frame, that frame as a
// picture and what vision knew of it, sealed on the disk, with the file's hash in the journal. The
// picture is the encode that vision judged. Never decides anything, and never holds up a market:
// what cannot be kept is said in the log and in the view. Deleting a file leaves its hash.

import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import { type RandomBytes, toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { EvidenceView } from '../../core/contract/recording.ts';
import type { MarketView } from '../../core/contract/state.ts';
import { sha256Of } from '../hash/sha256.ts';
import type { LedgerClient } from '../ledger/client.ts';
import { clipOf } from './clip.ts';
import type { ReplayRing } from './replayRing.ts';
import { deleteOld, SWEEP_EVERY_MS } from './retention.ts';
import { type Evidence, openEvidence, SealBroken, sealEvidence } from './sealedFile.ts';
import type { StillMaker } from './still.ts';

/** The clip begins this long before the moment and ends this long after it, microseconds. */
export const BEFORE_US = 4_000_000;
export const AFTER_US = 2_000_000;
/** A picture that does not come: then the clip ends earlier. */
const WAIT_MS_MAX = 6_000;
const LOOK_MS = 100;
/** A row that the ledger was not there for is offered again. */
const RETRY_MS = 2_000;
const OPENED_MAX = 4;
const ENDING = '.sealed';

export type KeptStill = { marketId: string; captureUs: MediaTimeUs; jpeg: Uint8Array };

export type EvidenceRoom = {
  /** Looks at every change; a market that was decided is kept once per decision. */
  marketChanged(market: MarketView): void;
  /** A person who decides says which moment shows it; else it is the one they decide at. */
  stated(marketId: string, captureUs: MediaTimeUs): void;
  show(marketId: string): Promise<EvidenceView | null>;
  /** Bytes of one part from `offset` on, at most `length`; empty past the end. */
  read(args: {
    marketId: string;
    part: 'still' | 'clip';
    offset: number;
    length: number;
  }): Promise<Uint8Array>;
  /** All that was kept of a market, the first decision first, once nothing is being kept. */
  decisions(marketId: string): Promise<Evidence[]>;
  /** The newest pictures, oldest first, for a relay that came back. */
  stills(): readonly KeptStill[];
  setDays(days: number): void;
  close(): Promise<void>;
};

export type EvidenceOptions = {
  folder: string;
  key: Uint8Array;
  days: number;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  wallMs(): number;
  ring: ReplayRing;
  makeStill: StillMaker;
  ledger: Pick<LedgerClient, 'keepEvidence'>;
  factsAt(captureUs: MediaTimeUs): readonly string[];
  onStill(still: KeptStill): void;
};

const STILLS_MAX = 24;

/** Makes the folder when the first market is kept. */
export function createEvidence(options: EvidenceOptions): EvidenceRoom {
  return new EvidenceKeeper(options);
}

type Moment = { captureUs: MediaTimeUs; said: 'event' | 'person' | 'clock' };

class EvidenceKeeper implements EvidenceRoom {
  readonly #options: EvidenceOptions;
  readonly #startedUs: MediaTimeUs;
  readonly #cancels = new Set<() => void>();
  readonly #stated = new Map<string, MediaTimeUs>();
  /** Market -> the decision that was kept, or is being kept. */
  readonly #decided = new Map<string, string>();
  readonly #opened = new Map<string, Promise<{ evidence: Evidence; view: EvidenceView } | null>>();
  readonly #working = new Set<Promise<void>>();
  #stills: KeptStill[] = [];
  #days: number;
  #isClosed = false;

  constructor(options: EvidenceOptions) {
    this.#options = options;
    this.#days = options.days;
    this.#startedUs = options.clock.nowUs();
    this.#cancels.add(options.timers.every(SWEEP_EVERY_MS, () => void this.#sweep()));
    void this.#sweep();
  }

  stated(marketId: string, captureUs: MediaTimeUs): void {
    if (this.#stated.size > 100) this.#stated.clear();
    this.#stated.set(marketId, captureUs);
  }

  marketChanged(market: MarketView): void {
    if (market.state !== 'RESOLVED') return;
    // What an engine before us decided it also kept, or has no picture of.
    const isKnown = this.#decided.has(market.id) || this.#stated.has(market.id);
    if ((market.resolvedAtUs ?? 0) < this.#startedUs && !isKnown) return;
    const decision = `${market.winner} ${market.decidedCaptureUs} ${market.reason}`;
    if (this.#decided.get(market.id) === decision) return;
    this.#decided.set(market.id, decision);
    const moment = this.#momentOf(market);
    const working = this.#keep(market.id, moment)
      .catch((cause: unknown) => this.#say(market.id, String(cause)))
      .finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  #momentOf(market: MarketView): Moment {
    const stated = this.#stated.get(market.id);
    this.#stated.delete(market.id);
    if (stated !== undefined) return { captureUs: stated, said: 'person' };
    if (market.decidedCaptureUs > 0) return { captureUs: market.decidedCaptureUs, said: 'event' };
    const resolvedAtUs = market.resolvedAtUs ?? 0;
    // "It did not happen" is said of the whole question: its last frame shows that it ended so.
    const isByClock = resolvedAtUs >= market.horizonAtUs;
    return isByClock
      ? { captureUs: market.horizonAtUs, said: 'clock' }
      : { captureUs: resolvedAtUs, said: 'person' };
  }

  async #keep(marketId: string, { captureUs: momentUs, said }: Moment): Promise<void> {
    const { ring, makeStill, factsAt, key, random, onStill } = this.#options;
    await this.#untilPicture(momentUs + AFTER_US);
    const clip = clipOf(ring.cut(momentUs - BEFORE_US, momentUs + AFTER_US), momentUs);
    if (!clip) return this.#say(marketId, 'the picture of that moment is not there any more');
    const jpeg = await makeStill(clip.shown);
    const { captureUs, frame, fromUs } = clip;
    const meta = { marketId, captureUs, frame, fromUs, said, facts: [...factsAt(captureUs)] };
    const still = jpeg ?? new Uint8Array(0);
    const sealed = sealEvidence({ meta, still, clip: clip.mp4 }, key, random);
    await this.#write(marketId, sealed);
    this.#opened.delete(marketId);
    const file = toHex(sha256Of(sealed));
    if (jpeg) {
      const kept = { marketId, captureUs, jpeg };
      const others = this.#stills.filter((one) => one.marketId !== marketId);
      this.#stills = [...others, kept].slice(-STILLS_MAX);
      onStill(kept);
    }
    await this.#writeRow(marketId, file, captureUs, frame);
  }

  async #untilPicture(untilUs: MediaTimeUs): Promise<void> {
    const { ring, timers } = this.#options;
    for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += LOOK_MS) {
      if (ring.newestUs() >= untilUs || this.#isClosed) return;
      await this.#pause(timers, LOOK_MS);
    }
  }

  #pause(timers: Timers, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.after(ms, () => {
        this.#cancels.delete(cancelled);
        resolve();
      });
      const cancelled = () => {
        cancel();
        resolve();
      };
      this.#cancels.add(cancelled);
    });
  }

  /** On the disk before the journal names it. */
  async #write(marketId: string, sealed: Uint8Array): Promise<void> {
    const { folder, random } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const earlier = await this.#filesOf(marketId);
    const name = `${marketId}.${earlier.length + 1}.${toHex(random(2))}${ENDING}`;
    const file = await open(join(folder, name), 'wx', 0o600);
    try {
      await file.writeFile(sealed);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #writeRow(marketId: string, file: string, captureUs: number, frame: number) {
    const { ledger, clock, timers } = this.#options;
    const act = { actor: 'engine', role: 'vision' as const, marketId, file, captureUs, frame };
    const commandId = `evidence-${file.slice(0, 32)}`;
    for (;;) {
      try {
        await ledger.keepEvidence({ ...act, commandId, atUs: clock.nowUs() });
        return;
      } catch (cause) {
        const isAway = (cause as { code?: string }).code === 'LEDGER_UNAVAILABLE';
        if (!isAway || this.#isClosed) throw cause;
        await this.#pause(timers, RETRY_MS);
      }
    }
  }

  /** Files of a market, the newest decision last. */
  async #filesOf(marketId: string): Promise<string[]> {
    const names = await readdir(this.#options.folder).catch(() => []);
    const ours = names.filter((name) => name.startsWith(`${marketId}.`) && name.endsWith(ENDING));
    const numberOf = (name: string) => Number(name.split('.')[1]);
    return ours.sort((one, other) => numberOf(one) - numberOf(other));
  }

  #open(marketId: string) {
    const known = this.#opened.get(marketId);
    if (known) return known;
    const opening = this.#readNewest(marketId);
    this.#opened.set(marketId, opening);
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > OPENED_MAX && oldest !== undefined) this.#opened.delete(oldest);
    return opening;
  }

  async #readNewest(marketId: string) {
    const { folder, key } = this.#options;
    const name = (await this.#filesOf(marketId)).at(-1);
    if (name === undefined) {
      this.#opened.delete(marketId);
      return null;
    }
    try {
      const sealed = await readFile(join(folder, name));
      const evidence = openEvidence(sealed, marketId, key);
      const { still, clip, meta } = evidence;
      const hash = toHex(sha256Of(sealed));
      const sizes = { clipBytes: clip.length, stillBytes: still.length };
      return { evidence, view: { ...meta, ...sizes, hash } };
    } catch (cause) {
      this.#opened.delete(marketId);
      if (!(cause instanceof SealBroken)) throw cause;
      this.#say(marketId, cause.message);
      return null;
    }
  }

  async show(marketId: string): Promise<EvidenceView | null> {
    return (await this.#open(marketId))?.view ?? null;
  }

  async read(args: { marketId: string; part: 'still' | 'clip'; offset: number; length: number }) {
    const opened = await this.#open(args.marketId);
    const bytes = opened?.evidence[args.part] ?? new Uint8Array(0);
    return bytes.subarray(args.offset, args.offset + args.length);
  }

  async decisions(marketId: string): Promise<Evidence[]> {
    await Promise.all(this.#working);
    const { folder, key } = this.#options;
    const found: Evidence[] = [];
    for (const name of await this.#filesOf(marketId)) {
      try {
        found.push(openEvidence(await readFile(join(folder, name)), marketId, key));
      } catch (cause) {
        if (!(cause instanceof SealBroken)) throw cause;
        this.#say(marketId, cause.message);
      }
    }
    return found;
  }

  stills(): readonly KeptStill[] {
    return this.#stills;
  }

  setDays(days: number): void {
    this.#days = days;
    void this.#sweep();
  }

  async #sweep(): Promise<void> {
    const { folder, wallMs, logger } = this.#options;
    const isOurs = (name: string) => name.endsWith(ENDING);
    const files = await deleteOld({ folder, days: this.#days, wallMs: wallMs(), isOurs });
    if (files === 0) return;
    this.#opened.clear();
    logger.info('old evidence was deleted', { files });
  }

  #say(market: string, reason: string): void {
    this.#options.logger.warn('no evidence was kept', { market, reason });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#working);
  }
}
