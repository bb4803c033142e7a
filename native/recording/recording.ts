// The room of what stays of a show: recordings, clips and evidence. It reads the feed and the
// facts; nothing waits for it. What the owner chose is told to it and kept by whoever made it.

import { join } from 'node:path';
import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { ClipView, RecordingSettings, RecordingView } from '../../core/contract/recording.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { FfmpegChoice } from '../ffmpeg/resolve.ts';
import type { LedgerClient } from '../ledger/client.ts';
import { clipOf } from './clip.ts';
import { type ClipPlace, type ClipShelf, createClipShelf } from './clipShelf.ts';
import { sentenceOf } from './diskFile.ts';
import { createEvidence, type EvidenceRoom, type KeptStill } from './evidence.ts';
import { recordingName } from './fileNames.ts';
import { createMoments, MOMENT_WIDTH, type Moments } from './moments.ts';
import { createRecorder, type ShowFile } from './recorder.ts';
import { createReplayRing, type ReplayRing } from './replayRing.ts';
import { deleteOld, SWEEP_EVERY_MS } from './retention.ts';
import { createStillMaker, type StillMaker } from './still.ts';
import { toldLine } from './toldLines.ts';

/** A clip of something that happened: this long before it and after it, microseconds. */
const HIGHLIGHT_BEFORE_US = 8_000_000;
const HIGHLIGHT_AFTER_US = 4_000_000;

/** What was asked for cannot be done; the sentence says why. */
export class RecordingRefused extends Error {
  override name = 'RecordingRefused';
}

export type Recording = {
  evidence: EvidenceRoom;
  moments: Moments;
  push(unit: Unit): void;
  fact(text: string): void;
  /** A line of commands.txt; `isUrgent` false: it may wait a little for its place on the disk. */
  command(line: string, isUrgent?: boolean): void;
  /** Whether anything that is told now is kept. */
  isRunning(): boolean;
  happened(event: GameEvent): void;
  /** The show went live or ended: with `whileLive` a recording begins and ends with it. */
  steer(show: { isLive: boolean; title: string }): void;
  /** By a person. @throws RecordingRefused */
  start(title: string): Promise<void>;
  stop(): Promise<void>;
  configure(settings: RecordingSettings): Promise<void>;
  view(): RecordingView & { settings: RecordingSettings };
  saveClip(args: { seconds: number; title: string }): Promise<ClipView>;
  clips(): Promise<ClipView[]>;
  /** Bytes of a clip or its picture; none where there is no such clip. */
  readClip(at: ClipPlace): Promise<Uint8Array>;
  /** @throws RecordingRefused */
  removeClip(name: string): Promise<void>;
  close(): Promise<void>;
};

export type RecordingOptions = {
  dataFolder: string;
  settings: RecordingSettings;
  keepSettings(settings: RecordingSettings): Promise<void>;
  evidenceKey: Uint8Array;
  ffmpeg: FfmpegChoice;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  wallMs(): number;
  onHelper(pid: number, alive: boolean): void;
  ledger: Pick<LedgerClient, 'keepEvidence' | 'head' | 'onConnected'>;
  factsAt(captureUs: MediaTimeUs): readonly string[];
  /** What is needed to run the show again, as it stands now. */
  showFile(): ShowFile;
  onChange(view: RecordingView & { settings: RecordingSettings }): void;
  onStill(still: KeptStill): void;
  /** Pictures of this show are sealed for everybody between here and its viewers. */
  isSealed(): boolean;
};

/** Reads nothing and writes nothing until something is to be kept. */
export function createRecording(options: RecordingOptions): Recording {
  return new RecordingRoom(options);
}

class RecordingRoom implements Recording {
  readonly evidence: EvidenceRoom;
  readonly moments: Moments;
  readonly #options: RecordingOptions;
  readonly #ring: ReplayRing = createReplayRing();
  readonly #recorder: ReturnType<typeof createRecorder>;
  readonly #clips: ClipShelf;
  readonly #makeStill: StillMaker;
  #settings: RecordingSettings;
  #isLive = false;
  /** What is asked of the ledger while a recording begins. */
  #early: string[] | null = null;
  /** The ledger was away when the recording began. */
  #lacksHead = false;
  #cancels = new Set<() => void>();

  constructor(options: RecordingOptions) {
    this.#options = options;
    const { dataFolder, timers, logger, wallMs, ffmpeg, onHelper, settings } = options;
    this.#settings = settings;
    this.#clips = createClipShelf(join(dataFolder, 'clips'));
    this.#makeStill = createStillMaker({ ffmpeg, timers, logger, onHelper });
    this.#recorder = createRecorder({
      ...{ folder: join(dataFolder, 'recordings'), timers, logger, wallMs },
      onChange: () => this.#tell(),
    });
    this.evidence = createEvidence({
      ...options,
      folder: join(dataFolder, 'evidence'),
      key: options.evidenceKey,
      days: settings.evidenceDays,
      ring: this.#ring,
      makeStill: this.#makeStill,
    });
    this.moments = createMoments({
      ...{ ring: this.#ring, factsAt: options.factsAt },
      makeStill: createStillMaker({ ffmpeg, timers, logger, onHelper, widthMax: MOMENT_WIDTH }),
      isSealed: () => options.isSealed() && !this.#settings.sealedStills,
    });
    this.#cancels.add(timers.every(SWEEP_EVERY_MS, () => void this.#sweep()));
    void this.#sweep();
    options.ledger.onConnected(() => void this.#noteHead());
  }

  push(unit: Unit): void {
    this.#ring.push(unit);
    this.#recorder.push(unit);
  }

  fact(text: string): void {
    this.#recorder.fact(text);
  }

  command(line: string, isUrgent = true): void {
    if (this.#early) this.#early.push(line);
    else this.#recorder.command(line, isUrgent);
  }

  isRunning(): boolean {
    return this.#early !== null || this.#recorder.view().state === 'recording';
  }

  happened(event: GameEvent): void {
    this.moments.happened(event);
    if (event.type !== 'highlight') return;
    const cancel = this.#options.timers.after(HIGHLIGHT_AFTER_US / 1000, () => {
      this.#cancels.delete(cancel);
      const fromUs = event.captureUs - HIGHLIGHT_BEFORE_US;
      const toUs = event.captureUs + HIGHLIGHT_AFTER_US;
      const what = { title: 'Highlight', reason: event.why, captureUs: event.captureUs };
      this.#cut(fromUs, toUs, what).catch((cause: unknown) =>
        this.#options.logger.warn('no clip of a highlight', { reason: String(cause) }),
      );
    });
    this.#cancels.add(cancel);
  }

  steer({ isLive, title }: { isLive: boolean; title: string }): void {
    const was = this.#isLive;
    this.#isLive = isLive;
    if (!this.#settings.whileLive || was === isLive) return;
    if (isLive) this.#begin(title);
    else void this.#recorder.stop();
  }

  #begin(title: string): void {
    this.start(title).catch((cause: unknown) =>
      this.#options.logger.warn('the recording did not begin', { reason: String(cause) }),
    );
  }

  async start(title: string): Promise<void> {
    if (this.#early || this.#recorder.view().state === 'recording') return;
    // Where the ledger stood: the commands that follow are run again from there.
    // The ledger answers in order, so what is asked from here on comes after that head.
    const asked = this.#options.ledger.head().catch(() => null);
    this.#early ??= [];
    const head = await asked;
    const at = head ? { ledgerId: head.ledgerId, headSeq: head.seq, headHash: head.hash } : {};
    await this.#recorder.start(title, { ...this.#options.showFile(), ...at });
    this.#lacksHead = head === null;
    this.#letGo();
    await this.#noteHead();
    const { state, reason } = this.#recorder.view();
    if (state === 'failed') throw new RecordingRefused(reason);
  }

  /** Lines that came while the ledger was asked where it stands. */
  #letGo(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const line of early) this.#recorder.command(line);
  }

  /** A ledger that was away when the recording began: from here on its rows can be made again. */
  async #noteHead(): Promise<void> {
    if (!this.#lacksHead || this.#early || !this.isRunning()) return;
    this.#early = [];
    const head = await this.#options.ledger.head().catch(() => null);
    if (head) {
      this.#lacksHead = false;
      const { seq: headSeq, hash: headHash, ledgerId } = head;
      this.#recorder.command(toldLine('told.head', { headSeq, headHash, ledgerId }));
    }
    this.#letGo();
  }

  stop(): Promise<void> {
    return this.#recorder.stop();
  }

  async configure(settings: RecordingSettings): Promise<void> {
    await this.#options.keepSettings(settings);
    this.#settings = settings;
    this.evidence.setDays(settings.evidenceDays);
    this.#tell();
    void this.#sweep();
  }

  /** Deletes what is older than the owner wants to keep. */
  async #sweep(): Promise<void> {
    const { dataFolder, logger } = this.#options;
    const { clipDays, recordingDays } = this.#settings;
    const wallMs = this.#options.wallMs();
    const clips = await this.#clips.deleteOld(clipDays, wallMs);
    const recordings = await deleteOld({
      ...{ folder: join(dataFolder, 'recordings'), days: recordingDays, wallMs },
      // The newest one may be growing still.
      isOurs: (name) => /^\d{4}-\d\d-\d\d /.test(name) && name !== this.#recorder.view().name,
    });
    if (clips + recordings > 0) logger.info('what was old was deleted', { clips, recordings });
  }

  view(): RecordingView & { settings: RecordingSettings } {
    return { ...this.#recorder.view(), settings: this.#settings };
  }

  saveClip({ seconds, title }: { seconds: number; title: string }): Promise<ClipView> {
    const toUs = this.#ring.newestUs();
    const what = { title, reason: '', captureUs: toUs };
    return this.#cut(toUs - seconds * 1_000_000, toUs, what);
  }

  async #cut(
    fromUs: MediaTimeUs,
    toUs: MediaTimeUs,
    what: Pick<ClipView, 'title' | 'reason' | 'captureUs'>,
  ): Promise<ClipView> {
    const clip = clipOf(this.#ring.cut(fromUs, toUs), what.captureUs);
    if (!clip) throw new RecordingRefused('No picture of that time is kept.');
    const still = await this.#makeStill(clip.shown);
    const name = await this.#clips.freeName(recordingName(what.title, this.#options.wallMs()));
    const seconds = Math.round((clip.toUs - clip.fromUs) / 100_000) / 10;
    const sizes = { fromUs: clip.fromUs, bytes: clip.mp4.length, stillBytes: still?.length ?? 0 };
    const view: ClipView = { ...what, name, seconds, ...sizes };
    try {
      await this.#clips.save(view, clip.mp4, still);
    } catch (cause) {
      throw new RecordingRefused(sentenceOf(cause));
    }
    return view;
  }

  clips(): Promise<ClipView[]> {
    return this.#clips.list();
  }

  readClip(at: ClipPlace): Promise<Uint8Array> {
    return this.#clips.read(at);
  }

  async removeClip(name: string): Promise<void> {
    const isGone = await this.#clips.remove(name).catch((cause: unknown) => {
      throw new RecordingRefused(sentenceOf(cause));
    });
    if (!isGone) throw new RecordingRefused('There is no such clip any more.');
  }

  #tell(): void {
    this.#options.onChange(this.view());
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    await Promise.all([this.#recorder.stop(), this.evidence.close()]);
  }
}
