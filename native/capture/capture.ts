// The one place where a picture enters the studio: it runs the source on air and, during a switch,
// the one that is to take over. The old one stays on air until the new one has given a key frame;
// one that never does changes nothing but a sentence. Readers are told of units and must never be
// waited for.

import type { CancelTimer, MediaTimeUs } from '../../core/base/clock.ts';
import { SYSTEM_SOUND_KEY } from '../../core/contract/mixer.ts';
import type { SourceState } from '../../core/contract/state.ts';
import type { MarketCardFacts } from '../../core/media/capturePort.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import type { Capture, CaptureCounters, CaptureOptions, Cut } from './captureContract.ts';
import { createCapturePages } from './capturePages.ts';
import { checkSource, type SourceFacts } from './checkSource.ts';
import { beginsPicture, FeedLine } from './feedLine.ts';
import { openSource, type Ways } from './openSource.ts';
import { NOTHING_SELECTED, shownState } from './shownState.ts';
import { createSlate, type Slate } from './slate.ts';
import { type SoundDesk, SoundDeskRoom } from './sound/soundDesk.ts';
import {
  type CapturedFrame,
  type CapturePagePort,
  type PlaybackControls,
  pictureOf,
  type Source,
} from './source.ts';
import { createSourceAddresses, type SourceAddresses } from './sourceAddresses.ts';
import { SourceError } from './sourceError.ts';
import { createSystemSound, type SystemSound } from './systemSound.ts';

export type { Capture, CaptureCounters, CaptureOptions, Cut } from './captureContract.ts';

/** Makes the capture room; nothing runs before the first select(). */
export function createCapture(options: CaptureOptions): Capture {
  return new CaptureRoom(options);
}

/** A network camera gives a key frame within a few seconds; a machine under load needs longer. */
const SWITCH_MS_MAX = 20_000;

/** Without a picture for this long the slate comes; with the look at it 460 ms at most. */
const STALL_US = 430_000;
/** What is paused has a still of its own, which is made in less than this. */
const HOLD_US = 8_000_000;
const LOOK_PERIOD_MS = 25;
/** A look as late as this says that we were busy, not that no picture came. */
const BUSY_US = 150_000;
/** A camera's encoder is asked again this often for the key frame that ends the slate. */
const ASK_AGAIN_US = 500_000;

/** A source that runs, on air or on its way there. */
type Running = {
  source: Source | null;
  state: SourceState;
  hasPicture: boolean;
  /** What it was asked to make. */
  picture: PictureTarget;
  /** When its last picture came, and when it was last asked for a key frame. */
  pictureUs: MediaTimeUs;
  askedUs: MediaTimeUs;
};

class CaptureRoom implements Capture {
  #options: CaptureOptions;
  readonly #addresses: SourceAddresses;
  /** Counts selections: the last one wins. */
  #selection = 0;
  #onAir: Running | null = null;
  #next: Running | null = null;
  #cancelSwitch: CancelTimer = () => {};
  readonly #closing = new Set<Promise<void>>();
  #state: SourceState = NOTHING_SELECTED;
  #unitListeners: ((unit: Unit) => void)[] = [];
  #stateListeners: ((state: SourceState) => void)[] = [];
  #cutListeners: ((cut: Cut) => void)[] = [];
  #line: FeedLine;
  #counters: CaptureCounters = { units: 0, framesDropped: 0 };
  #ways: Ways;
  #picture: PictureTarget;
  /** What the uplink bears; 0: nothing is known against the picture's own rate. */
  #bitsPerSecond = 0;
  readonly #slate: Slate;
  readonly #systemSound: SystemSound;
  readonly #desk: SoundDeskRoom;
  #lookedUs: MediaTimeUs;
  readonly #cancelLook: CancelTimer;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.#picture = pictureOf(options);
    this.#addresses = options.addresses ?? createSourceAddresses();
    const { whip, rtmp, srt } = options;
    const ways = { ...(whip && { whip }), ...(rtmp && { rtmp }), ...(srt && { srt }) };
    this.#ways = { pages: createCapturePages(options), ...ways };
    this.#line = new FeedLine({
      ...options,
      onSize: (width, height) => {
        if (this.#onAir) this.#change(this.#onAir, { width, height });
      },
      onUnreadable: (reason) => options.logger.warn('The picture size is not readable', { reason }),
    });
    this.#slate = createSlate({
      ...options,
      onFrame: (frame) => this.#send(frame, true),
      onShown: () => this.#tell(),
    });
    this.#desk = new SoundDeskRoom({ ...options, onFrame: (frame) => this.#send(frame, false) });
    this.#systemSound = createSystemSound({
      ...options,
      onFrame: ({ captureUs, bytes }) => this.#desk.take(SYSTEM_SOUND_KEY, captureUs, bytes),
      onChange: () => this.#tell(),
    });
    this.#lookedUs = options.clock.nowUs();
    this.#cancelLook = options.timers.every(LOOK_PERIOD_MS, () => this.#look());
  }

  async select(url: string): Promise<void> {
    const { callerFolder, ffmpeg } = this.#options;
    const selection = ++this.#selection;
    // A refused URL throws here; the running source has not been touched.
    const whole = this.#addresses.wholeOf(url);
    const facts = await checkSource(whole, { callerFolder, ffmpeg });
    const shown = this.#addresses.shownOf(whole);
    if (selection !== this.#selection) return;
    this.#dropNext();
    const onAir = this.#onAir;
    if (onAir?.hasPicture && onAir.state.url === shown && onAir.picture === this.#picture) {
      this.#tell();
      return;
    }
    const state = { ...NOTHING_SELECTED, url: shown, title: facts.title, reason: '' };
    const running: Running = {
      ...{ source: null, state: { ...state, state: 'connecting' } },
      ...{ hasPicture: false, pictureUs: 0, askedUs: 0, picture: this.#picture },
    };
    if (onAir?.hasPicture) {
      this.#next = running;
      this.#tell();
      this.#run(running, facts);
      this.#limitSwitch(running);
      return;
    }
    this.#onAir = running;
    this.#tell();
    await this.#close(onAir);
    if (this.#onAir !== running) return;
    this.#cutTo(running);
    this.#run(running, facts);
  }

  onUnit(run: (unit: Unit) => void): void {
    this.#unitListeners.push(run);
  }

  onState(run: (state: SourceState) => void): void {
    this.#stateListeners.push(run);
  }

  onCut(run: (cut: Cut) => void): void {
    this.#cutListeners.push(run);
  }

  state(): SourceState {
    return this.#state;
  }

  counters(): CaptureCounters {
    return { ...this.#counters };
  }

  requestKeyFrame(): boolean {
    return this.#onAir?.source?.requestKeyFrame() ?? false;
  }

  setBitrate(bitsPerSecond: number): boolean {
    this.#bitsPerSecond = bitsPerSecond;
    this.#next?.source?.setBitrate(bitsPerSecond);
    return this.#onAir?.source?.setBitrate(bitsPerSecond) ?? false;
  }

  setPicture(picture: PictureTarget, isForNext = false): void {
    const before = this.#picture;
    this.#picture = picture;
    this.#bitsPerSecond = 0;
    const running = [this.#onAir, this.#next].filter((one) => one !== null);
    for (const one of running) {
      const isAsBefore = one.picture === before;
      if ((isForNext && isAsBefore) || one.source?.setPicture(picture)) one.picture = picture;
    }
    const last = running.at(-1);
    if (isForNext || !last?.source || last.picture === picture) return;
    const { url } = last.state;
    this.select(url).catch((cause: unknown) => {
      const { message } = cause instanceof Error ? cause : new Error(String(cause));
      this.#options.logger.warn('A source stays as it is', { url, reason: message });
    });
  }

  playback(): PlaybackControls {
    const controls = this.#onAir?.source?.playback;
    if (controls) return controls;
    throw new SourceError(
      'not-seekable',
      `${this.#state.title || 'What is on air'} cannot be paused; only files and playlists can`,
    );
  }

  get sound(): SoundDesk {
    return this.#desk;
  }

  setSystemSound(isOn: boolean): void {
    this.#systemSound.choose(isOn);
  }

  attachCapturePage(port: CapturePagePort): void {
    this.#ways.pages.attach(port);
  }

  showMarket(card: MarketCardFacts | null): void {
    this.#ways.pages.showMarket(card);
  }

  async close(): Promise<void> {
    this.#selection++;
    const onAir = this.#onAir;
    this.#onAir = null;
    this.#dropNext();
    this.#ways.pages.close();
    this.#cancelLook();
    void this.#close(onAir);
    const rooms = [this.#slate, this.#systemSound, this.#desk];
    await Promise.all([...this.#closing, ...rooms.map((room) => room.close())]);
  }

  #run(running: Running, facts: SourceFacts): void {
    running.source = openSource(facts, this.#ways, {
      ...this.#options,
      picture: running.picture,
      onFrame: (frame) => this.#take(running, frame),
      onState: (change) => this.#change(running, change),
      onJump: () => void (running === this.#onAir && this.#cutTo(running)),
      onDropped: (count) => {
        this.#counters.framesDropped += count;
      },
    });
    // It may have failed, or even been replaced, while it was being opened.
    const isUnused = running !== this.#onAir && running !== this.#next;
    if (isUnused || (running === this.#next && isGivenUp(running))) {
      void this.#close(running);
    } else if (this.#bitsPerSecond > 0) running.source?.setBitrate(this.#bitsPerSecond);
  }

  #limitSwitch(running: Running): void {
    if (running !== this.#next || running.source?.waitsForOthers) return;
    this.#cancelSwitch = this.#options.timers.after(SWITCH_MS_MAX, () => {
      const { title, reason } = running.state;
      const why = reason || `${title} gave no picture within ${SWITCH_MS_MAX / 1000} s`;
      this.#change(running, { state: 'failed', reason: why });
    });
  }

  #change(running: Running, change: Partial<SourceState>): void {
    running.state = { ...running.state, ...change };
    if (running !== this.#onAir && running !== this.#next) return;
    // What could not come on air is closed, and its reason stays to be read.
    if (running === this.#next && isGivenUp(running)) {
      this.#cancelSwitch();
      void this.#close(running);
    }
    this.#prepareSlate(running);
    this.#tell();
  }

  #prepareSlate(running: Running): void {
    const { title, width, height } = running.state;
    const isShown = running === this.#onAir && running.hasPicture;
    if (isShown && width > 0) this.#slate.prepare(title, width, height);
  }

  #dropNext(): void {
    this.#cancelSwitch();
    const next = this.#next;
    this.#next = null;
    void this.#close(next);
  }

  async #close(running: Running | null): Promise<void> {
    const source = running?.source;
    if (!running || !source) return;
    running.source = null;
    const closed = source.close().catch((cause: unknown) => {
      const { url } = running.state;
      this.#options.logger.warn('A source did not close', { url, reason: String(cause) });
    });
    this.#closing.add(closed);
    await closed;
    this.#closing.delete(closed);
  }

  /** Tells readers that what follows is this source's. */
  #cutTo({ state }: Running): void {
    this.#slate.stop();
    const cut = { url: state.url, fromUs: this.#line.lastPictureUs };
    this.#line.cut();
    this.#desk.cut();
    for (const run of this.#cutListeners) run(cut);
  }

  #promote(running: Running): void {
    const before = this.#onAir;
    this.#cancelSwitch();
    this.#next = null;
    this.#onAir = running;
    this.#cutTo(running);
    void this.#close(before);
  }

  #take(running: Running, frame: CapturedFrame): void {
    if (running === this.#next && running.state.state !== 'failed' && beginsPicture(frame)) {
      this.#promote(running);
    }
    if (running !== this.#onAir) return;
    if (frame.track === 'audio') {
      const isReplaced = this.#systemSound.state()?.isLive;
      if (!isReplaced) this.#desk.take(running.state.url, frame.captureUs, frame.bytes);
      return;
    }
    if (this.#slate.isOn() && !this.#endSlate(running, frame)) return;
    this.#send(frame, frame.isHeld === true);
    if (frame.layer) return;
    running.pictureUs = this.#options.clock.nowUs();
    if (running.hasPicture) return;
    running.hasPicture = true;
    this.#prepareSlate(running);
    this.#tell();
  }

  #send(frame: CapturedFrame, slate: boolean): void {
    const unit = this.#line.take(frame);
    if (!unit) {
      this.#counters.framesDropped++;
      return;
    }
    this.#counters.units++;
    const told = slate ? { ...unit, slate } : unit;
    for (const run of this.#unitListeners) run(told);
  }

  /** Whether this picture is one that the slate can give way to. */
  #endSlate(running: Running, frame: CapturedFrame): boolean {
    if (!beginsPicture(frame)) {
      const nowUs = this.#options.clock.nowUs();
      if (nowUs - running.askedUs < ASK_AGAIN_US) return false;
      running.askedUs = nowUs;
      running.source?.requestKeyFrame();
      return false;
    }
    this.#slate.stop();
    this.#line.cut();
    this.#tell();
    return true;
  }

  #look(): void {
    const nowUs = this.#options.clock.nowUs();
    const wasBusy = nowUs - this.#lookedUs > BUSY_US;
    this.#lookedUs = nowUs;
    const onAir = this.#onAir;
    if (wasBusy || !onAir?.hasPicture || this.#slate.isOn()) return;
    const limitUs = onAir.state.playback?.isPaused ? HOLD_US : STALL_US;
    if (nowUs - onAir.pictureUs <= limitUs) return;
    this.#line.cut();
    this.#slate.start();
    this.#tell();
  }

  #tell(): void {
    const [onAir, next] = [this.#onAir?.state ?? null, this.#next?.state ?? null];
    const systemSound = this.#systemSound.state();
    const state = shownState({ onAir, next, slate: this.#slate, systemSound });
    const before = this.#state;
    if (JSON.stringify(before) === JSON.stringify(state)) return;
    this.#state = state;
    if (before.state !== state.state || before.url !== state.url) {
      const { url, state: name, reason } = state;
      this.#options.logger.info('The source changed its state', { url, state: name, reason });
    }
    for (const run of this.#stateListeners) run(state);
  }
}

/** Whoever waits for OBS goes on waiting: the next publisher may be a better one. */
function isGivenUp({ state, source }: Running): boolean {
  return state.state === 'failed' && !source?.waitsForOthers;
}
