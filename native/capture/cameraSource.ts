// camera:, screen: and window: frames that a capture page encoded. The page may come, go and come
// back at any time; the source then says that it waits. Times are the page's, mapped onto the media
// clock, and never in the future, because markets lock on them.

import type { CancelTimer, MediaTimeUs } from '../../core/base/clock.ts';
import type { CaptureProgram, PageFrame } from '../../core/media/capturePort.ts';
import type { LowerLayer } from '../../core/media/feed.ts';
import {
  H264Error,
  isKeyFrame,
  joinAnnexB,
  parseAvcDescription,
  splitAnnexB,
  splitAvcc,
} from '../../core/media/h264.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import type { CapturePages, PageState } from './capturePages.ts';
import { pictureOf, type Source, type SourceSurroundings } from './source.ts';

/** What a person reads while nothing is known of the device. */
export const PROGRAM_TITLES: Record<CaptureProgram, string> = {
  camera: 'Camera',
  screen: 'Screen',
  window: 'Window',
};
const WAITING = 'Waiting for a capture page; open one under Sources';
/** A second without a picture is seen by viewers as a frozen one. */
const STALL_MS = 1_000;
/** The page encodes Opus in packets of 20 ms. */
const PACKET_US = 20_000;
/** Sound whose time is within this of the steady clock follows the steady clock. */
const SOUND_SLIP_US_MAX = 20_000;

/** Takes frames from whatever capture page is open, now or later. */
export function openCameraSource(
  program: CaptureProgram,
  pages: CapturePages,
  surroundings: SourceSurroundings,
): Source {
  const source = new CameraSource(program, pages, surroundings);
  source.start();
  return source;
}

class CameraSource implements Source {
  readonly waitsForOthers = true;
  readonly #program: CaptureProgram;
  #pages: CapturePages;
  #endReceiving = () => {};
  #around: SourceSurroundings;
  #cancelStall: CancelTimer = () => {};
  #pageState: PageState | null = null;
  #needsKeyFrame = true;
  #lastSoundUs = -1;
  #picture: PictureTarget;

  constructor(program: CaptureProgram, pages: CapturePages, surroundings: SourceSurroundings) {
    this.#program = program;
    this.#pages = pages;
    this.#around = surroundings;
    this.#picture = pictureOf(surroundings);
  }

  start(): void {
    this.#endReceiving = this.#pages.receive(this.#program, {
      onFrame: (frame, captureUs) => this.#take(frame, captureUs),
      onState: (state) => this.#pageChanged(state),
      onDropped: (count) => this.#around.onDropped(count),
    });
  }

  requestKeyFrame(): boolean {
    return this.#pages.requestKeyFrame();
  }

  setBitrate(bitsPerSecond: number): boolean {
    this.#picture = { ...this.#picture, bitsPerSecond };
    return this.#pages.setBitrate(bitsPerSecond);
  }

  /** The page's encoders are told anew while they run. */
  setPicture(picture: PictureTarget): boolean {
    this.#picture = picture;
    this.#pages.setPicture(picture);
    return true;
  }

  async close(): Promise<void> {
    this.#cancelStall();
    this.#endReceiving();
  }

  #pageChanged(state: PageState | null): void {
    const own = PROGRAM_TITLES[this.#program];
    const isNewPage = state !== null && this.#pageState === null;
    this.#pageState = state;
    this.#cancelStall();
    if (isNewPage) {
      this.#pages.setPicture(this.#picture);
      this.#pages.setLayers(this.#around.lowerLayers ?? []);
    }
    if (!state) {
      this.#needsKeyFrame = true;
      this.#around.onState({ state: 'connecting', reason: WAITING, title: own });
      return;
    }
    const { framesPerSecond, hasSound } = state;
    const title = state.title || own;
    if (state.state === 'failed') {
      this.#around.onState({ state: 'failed', reason: state.reason, title });
    } else if (state.state === 'starting') {
      this.#around.onState({ state: 'connecting', reason: state.reason, title });
    } else this.#around.onState({ title, framesPerSecond, hasSound });
  }

  #take(frame: PageFrame, mappedUs: MediaTimeUs): void {
    const captureUs = Math.min(mappedUs, this.#around.clock.nowUs());
    if (frame.track === 'audio') this.#takeSound(frame.bytes, captureUs);
    else if (frame.layer) this.#takeCopy(frame, frame.layer, captureUs);
    else this.#takePicture(frame, captureUs);
  }

  #takeSound(bytes: Uint8Array, captureUs: MediaTimeUs): void {
    const steadyUs = this.#lastSoundUs + PACKET_US;
    const isSteady = Math.abs(captureUs - steadyUs) < SOUND_SLIP_US_MAX;
    this.#lastSoundUs = isSteady ? steadyUs : captureUs;
    this.#around.onFrame({ track: 'audio', captureUs: this.#lastSoundUs, bytes });
  }

  /** A copy is nothing that the show's state speaks of; who reads it begins at its key frame. */
  #takeCopy(frame: PageFrame, layer: LowerLayer, captureUs: MediaTimeUs): void {
    try {
      const bytes = joinAnnexB(wholeUnits(frame));
      this.#around.onFrame({ track: 'video', layer, captureUs, bytes });
    } catch (error) {
      if (!(error instanceof H264Error)) throw error;
      this.#around.onDropped(1);
    }
  }

  #takePicture(frame: PageFrame, captureUs: MediaTimeUs): void {
    let units: Uint8Array[];
    try {
      units = wholeUnits(frame);
    } catch (error) {
      if (!(error instanceof H264Error)) throw error;
      this.#around.onDropped(1);
      return;
    }
    if (this.#needsKeyFrame && !isKeyFrame(units)) {
      this.#around.onDropped(1);
      this.#pages.requestKeyFrame();
      return;
    }
    this.#needsKeyFrame = false;
    this.#watch();
    this.#around.onFrame({ track: 'video', captureUs, bytes: joinAnnexB(units) });
  }

  #watch(): void {
    this.#cancelStall();
    const { framesPerSecond = 0, hasSound = false } = this.#pageState ?? {};
    const live = { state: 'live', reason: '', framesPerSecond, hasSound } as const;
    this.#around.onState({ ...live, madeBy: 'page' });
    this.#cancelStall = this.#around.timers.after(STALL_MS, () => {
      this.#around.onState({ state: 'stalled', reason: 'The capture page sends no picture' });
    });
  }
}

/** NAL units of a frame; where the browser sent an avcC record, with its parameter sets. */
function wholeUnits(frame: PageFrame): Uint8Array[] {
  if (frame.description.length === 0) return splitAnnexB(frame.bytes);
  const { lengthBytes, parameterSets } = parseAvcDescription(frame.description);
  const units = splitAvcc(frame.bytes, lengthBytes);
  return frame.keyFrame && !isKeyFrame(units) ? [...parameterSets, ...units] : units;
}
