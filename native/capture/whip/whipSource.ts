// whip: frames of whoever publishes to the studio's WHIP endpoint (whipIngest.ts). They are passed
// through untouched; what viewers could not decode is refused with the cure, because decoding and
// encoding it again would cost the delay that WHIP is chosen for.

import type { MediaTimeUs } from '../../../core/base/clock.ts';
import {
  H264Error,
  NAL_SPS,
  nalTypeOf,
  parseSps,
  type SequenceParameters,
  splitAnnexB,
} from '../../../core/media/h264.ts';
import { timestampDistance } from '../../../core/media/rtp.ts';
import type { ReadUnit } from '../../webrtc/unitReader.ts';
import type { Source, SourceSurroundings } from '../source.ts';
import type { PublisherState, WhipIngest } from './whipIngest.ts';

const WAITING = 'Waiting for OBS; give it the address and the token under Sources';
const B_FRAMES =
  'It sends B-frames, which WebRTC cannot show: set B-frames to 0 (x264: bframes=0) and start anew';
/** Constrained Baseline, Main and High with 8 bits and 4:2:0 are what browsers decode. */
const PROFILES = [66, 77, 100];
/** The frame rate is told after this many pictures, and then as often. */
const RATE_PICTURES = 30;

/** Takes frames of whoever publishes, now or later. */
export function openWhipSource(ingest: WhipIngest, surroundings: SourceSurroundings): Source {
  const source = new WhipSource(ingest, surroundings);
  source.start();
  return source;
}

class WhipSource implements Source {
  readonly waitsForOthers = true;
  readonly #ingest: WhipIngest;
  readonly #around: SourceSurroundings;
  #publisher: PublisherState | null = null;
  /** Why the pictures of this publisher are not shown; empty: they are. */
  #refusal = '';
  #isShown = false;
  #lastTimestamp: number | undefined;
  #rate = { sinceUs: 0, pictures: 0 };
  #hasSound = false;
  #letGo = () => {};

  constructor(ingest: WhipIngest, surroundings: SourceSurroundings) {
    this.#ingest = ingest;
    this.#around = surroundings;
  }

  start(): void {
    this.#letGo = this.#ingest.setReceiver({
      onUnit: (unit, captureUs) => this.#take(unit, captureUs),
      onPublisher: (publisher) => this.#publisherChanged(publisher),
      onDropped: (count) => this.#around.onDropped(count),
    });
  }

  requestKeyFrame(): boolean {
    return this.#ingest.requestKeyFrame();
  }

  /** The publisher's encoder is not ours to steer. */
  setBitrate(): boolean {
    return false;
  }

  /** Nor is what it makes. */
  setPicture(): boolean {
    return true;
  }

  async close(): Promise<void> {
    this.#letGo();
  }

  #publisherChanged(publisher: PublisherState | null): void {
    const before = this.#publisher;
    this.#publisher = publisher;
    const title = publisher?.title ?? 'OBS (WHIP)';
    const isAnother = publisher?.state === 'connecting' && before?.state !== 'connecting';
    if (publisher === null || isAnother) this.#begin();
    if (this.#refusal !== '') return;
    switch (publisher?.state) {
      case undefined: {
        const wasShown = before !== null && before.state !== 'connecting';
        const reason = wasShown ? `${before.title} left; it may come back at any time` : WAITING;
        this.#around.onState({ state: wasShown ? 'reconnecting' : 'connecting', reason, title });
        return;
      }
      case 'connecting':
        this.#around.onState({ state: 'connecting', reason: `${title} is connecting`, title });
        return;
      case 'stalled':
        this.#around.onState({ state: 'stalled', reason: `${title} sends no picture`, title });
        this.#isShown = false;
        return;
      default:
        this.#waitForKeyFrame(title);
    }
  }

  #waitForKeyFrame(title: string): void {
    if (this.#isShown) return;
    this.#around.onState({ state: 'connecting', reason: 'Waiting for a key frame', title });
  }

  #begin(): void {
    this.#refusal = '';
    this.#isShown = false;
    this.#lastTimestamp = undefined;
    this.#hasSound = false;
    this.#rate = { sinceUs: 0, pictures: 0 };
  }

  #take(unit: ReadUnit, captureUs: MediaTimeUs): void {
    if (this.#refusal !== '') return;
    const { track, bytes } = unit;
    if (track === 'audio') {
      if (!this.#hasSound) this.#around.onState({ hasSound: true });
      this.#hasSound = true;
      this.#around.onFrame({ track, captureUs, bytes });
      return;
    }
    const refusal = this.#refusalOf(unit);
    if (refusal !== '') {
      this.#refuse(refusal);
      return;
    }
    this.#lastTimestamp = unit.rtpTimestamp;
    this.#around.onFrame({ track, captureUs, bytes });
    this.#countPicture(captureUs);
    if (this.#isShown) return;
    this.#isShown = true;
    const title = this.#publisher?.title ?? 'OBS (WHIP)';
    const live = { state: 'live', reason: '', title, hasSound: this.#hasSound } as const;
    this.#around.onState({ ...live, madeBy: 'sender' });
  }

  #refuse(reason: string): void {
    this.#refusal = `${this.#publisher?.title ?? 'The publisher'}: ${reason}`;
    this.#isShown = false;
    this.#around.onState({ state: 'failed', reason: this.#refusal });
  }

  #refusalOf(unit: ReadUnit): string {
    // Pictures come in decoding order: one whose time is before the last one's was a B-frame.
    const last = this.#lastTimestamp;
    if (last !== undefined && timestampDistance(last, unit.rtpTimestamp) < 0) return B_FRAMES;
    if (!unit.isKeyFrame) return '';
    const sps = splitAnnexB(unit.bytes).find((nal) => nalTypeOf(nal) === NAL_SPS);
    try {
      return sps ? refusalOfParameters(parseSps(sps)) : '';
    } catch (error) {
      if (error instanceof H264Error) return `its picture cannot be read (${error.message})`;
      throw error;
    }
  }

  #countPicture(captureUs: MediaTimeUs): void {
    if (this.#rate.pictures === 0) this.#rate.sinceUs = captureUs;
    this.#rate.pictures++;
    if (this.#rate.pictures <= RATE_PICTURES) return;
    const seconds = (captureUs - this.#rate.sinceUs) / 1_000_000;
    const framesPerSecond = Math.round((this.#rate.pictures - 1) / seconds);
    this.#rate = { sinceUs: captureUs, pictures: 1 };
    if (seconds > 0) this.#around.onState({ framesPerSecond });
  }
}

function refusalOfParameters({ profile, reorderFramesMax, codec }: SequenceParameters): string {
  if (!PROFILES.includes(profile)) {
    return `its H.264 profile (${codec}) is unknown to browsers: choose baseline, main or high`;
  }
  return reorderFramesMax !== null && reorderFramesMax > 0 ? B_FRAMES : '';
}
