// rtmp: what OBS, or any other RTMP encoder, sends to the listener. H.264 goes through untouched
// where viewers can show it; else it is encoded anew and the reason names the setting to change.
// The encoder may come, go and come back at any time: the source then says that it waits.

import type { CancelTimer, MediaTimeUs } from '../../../core/base/clock.ts';
import type { TrackKind } from '../../../core/media/feed.ts';
import {
  H264Error,
  isKeyFrame,
  joinAnnexB,
  NAL_SPS,
  nalTypeOf,
  parseAvcDescription,
  parseSps,
  splitAnnexB,
  splitAvcc,
} from '../../../core/media/h264.ts';
import type { PictureTarget } from '../../../core/media/pictureTarget.ts';
import type { AmfObject } from '../../../core/media/rtmp/amf0.ts';
import { readAudioTag, readVideoTag, type VideoTag } from '../../../core/media/rtmp/mediaTags.ts';
import {
  MISFIT_SENTENCES,
  type Misfit,
  PassthroughJudge,
} from '../../../core/media/rtmp/passthrough.ts';
import { SenderClock } from '../../../core/media/rtmp/senderClock.ts';
import { pictureOf, type Source, type SourceSurroundings } from '../source.ts';
import { RecentRate, weakUplinkSentence } from './recentRate.ts';
import { createReencoder, type Reencoder } from './reencoder.ts';
import type { RtmpListener } from './rtmpListener.ts';
import type { RtmpMedia } from './rtmpSession.ts';
import { createSoundTranscoder, type SoundTranscoder } from './soundTranscoder.ts';

/** A second without a picture is seen by viewers as a frozen one. */
const STALL_MS = 1_000;
/** Between two pictures of one RTP clock at least, microseconds. */
const STEP_US = 500;
/** Our encoder's key frames, and what whole milliseconds do to their times. */
const OWN_KEY_FRAME_US = 1_000_000;
const ROUNDING_US = 5_000;
const NOTHING_GIVEN: Record<TrackKind, number> = {
  video: Number.NEGATIVE_INFINITY,
  audio: Number.NEGATIVE_INFINITY,
};
const WAITING = 'Waiting for OBS; give it the server and the stream key of this studio';

/** Takes what an encoder sends, now or later. */
export function openRtmpSource(listener: RtmpListener, around: SourceSurroundings): Source {
  const source = new RtmpSource(listener, around);
  source.start();
  return source;
}

type Configuration = { lengthBytes: number; parameterSets: Uint8Array[]; record: Uint8Array };
type Picture = Extract<VideoTag, { kind: 'picture' }>;

class RtmpSource implements Source {
  readonly waitsForOthers = true;
  readonly #listener: RtmpListener;
  readonly #around: SourceSurroundings;
  readonly #sound: SoundTranscoder;
  readonly #reencoder: Reencoder;
  #stopReceiving = () => {};
  #cancelStall: CancelTimer = () => {};
  #clock = new SenderClock();
  #judge = new PassthroughJudge();
  #configuration: Configuration | null = null;
  #needsKeyFrame = true;
  #isPublishing = false;
  #misfit: Misfit | null = null;
  /** What comes goes out as it is, since a key frame of its own. */
  #isPassing = true;
  /** What goes out is what was encoded here, since a key frame of ours. */
  #isAnew = false;
  #passUntilUs = Number.POSITIVE_INFINITY;
  #hasSound = false;
  #framesPerSecond = 0;
  #trouble = '';
  #picture: PictureTarget;
  /** Null: all that our own encoders would send. */
  #uplinkBitsPerSecond: number | null = null;
  #rate = new RecentRate();
  #lastUs: Record<TrackKind, MediaTimeUs> = { video: -1, audio: -1 };
  /** Of this encoder's own time: what was given out already must not come again. */
  #lastGivenUs = NOTHING_GIVEN;

  constructor(listener: RtmpListener, around: SourceSurroundings) {
    this.#listener = listener;
    this.#around = around;
    this.#picture = pictureOf(around);
    const onDropped = around.onDropped;
    this.#sound = createSoundTranscoder({
      ...{ around, onDropped },
      onPacket: (presentationUs, bytes) => this.#give('audio', presentationUs, bytes),
    });
    this.#reencoder = createReencoder({
      ...{ around, onDropped, picture: this.#picture },
      onPicture: (presentationUs, bytes) => this.#pictureOut(presentationUs, bytes),
    });
  }

  start(): void {
    this.#around.onState({ state: 'ready', reason: WAITING, title: 'OBS (RTMP)' });
    this.#stopReceiving = this.#listener.receive({
      onPublished: (_encoder, connectMs) => this.#published(connectMs),
      onMedia: (media) => this.#take(media),
      onFacts: (facts) => this.#readFacts(facts),
      onEnded: (reason) => this.#ended(reason),
      onRefused: (sentence) => this.#refused(sentence),
    });
  }

  requestKeyFrame(): boolean {
    return false;
  }

  /** What goes through untouched is not ours to make smaller; the reason says what to change. */
  setBitrate(bitsPerSecond: number): boolean {
    const isAll = bitsPerSecond >= this.#picture.bitsPerSecond;
    this.#uplinkBitsPerSecond = isAll ? null : bitsPerSecond;
    this.#reencoder.setPicture({ ...this.#picture, bitsPerSecond });
    return this.#isPublishing && this.#misfit !== null;
  }

  /** What is encoded here follows at a key frame; what passes through is the encoder's own. */
  setPicture(picture: PictureTarget): boolean {
    this.#picture = picture;
    this.#uplinkBitsPerSecond = null;
    this.#reencoder.setPicture(picture);
    return true;
  }

  async close(): Promise<void> {
    this.#stopReceiving();
    this.#cancelStall();
    await Promise.all([this.#sound.close(), this.#reencoder.close()]);
  }

  #published(connectMs: number): void {
    this.#clock = new SenderClock();
    this.#judge = new PassthroughJudge();
    this.#configuration = null;
    this.#needsKeyFrame = true;
    this.#isPublishing = true;
    this.#misfit = null;
    this.#begin();
    this.#hasSound = false;
    this.#framesPerSecond = 0;
    this.#trouble = '';
    this.#lastGivenUs = NOTHING_GIVEN;
    this.#rate = new RecentRate();
    this.#sound.restart();
    this.#reencoder.stop();
    this.#around.onState({
      state: 'connecting',
      reason: `OBS is connected, let in within ${connectMs} ms; its first key frame is awaited`,
    });
    this.#watch();
  }

  #ended(reason: string): void {
    this.#isPublishing = false;
    this.#cancelStall();
    this.#reencoder.stop();
    this.#sound.restart();
    this.#around.onState({
      state: 'reconnecting',
      reason: `${reason}; the studio takes it again as soon as it comes back`,
    });
  }

  #refused(sentence: string): void {
    if (this.#isPublishing) return;
    this.#around.onState({ reason: `An encoder was refused: ${sentence}` });
  }

  #readFacts(facts: AmfObject): void {
    const rate = facts.get('framerate');
    if (typeof rate === 'number' && rate > 0 && rate <= 240) this.#framesPerSecond = rate;
  }

  #take(media: RtmpMedia): void {
    const nowUs = this.#around.clock.nowUs();
    const timeMs = this.#clock.extend(media.timestamp, nowUs);
    if (media.kind === 'audio') this.#takeSound(media.body, timeMs, nowUs);
    else this.#takeVideo(readVideoTag(media.body), timeMs, nowUs);
  }

  #takeSound(body: Uint8Array, timeMs: number, nowUs: MediaTimeUs): void {
    const tag = readAudioTag(body);
    if (tag.kind === 'other') return;
    if (tag.kind === 'unsupported') {
      this.#trouble = `its sound is ${tag.name}; in OBS set the audio encoder to AAC`;
      return;
    }
    if (tag.kind === 'sound') {
      this.#hasSound = true;
      this.#clock.arrived(timeMs, nowUs);
    }
    this.#sound.write(tag.kind, body, timeMs);
  }

  #takeVideo(tag: VideoTag, timeMs: number, nowUs: MediaTimeUs): void {
    if (tag.kind === 'unsupported') this.#fail(codecSentence(tag.name));
    try {
      if (tag.kind === 'configuration') this.#configure(tag.record);
      if (tag.kind === 'picture') this.#takePicture(tag, timeMs, nowUs);
    } catch (error) {
      if (!(error instanceof H264Error)) throw error;
      this.#around.onDropped(1);
      this.#needsKeyFrame = true;
    }
  }

  #configure(record: Uint8Array): void {
    const { lengthBytes, parameterSets } = parseAvcDescription(record);
    const sps = parameterSets.find((unit) => nalTypeOf(unit) === NAL_SPS);
    this.#judge.begin(parseSps(sps ?? new Uint8Array(0)));
    this.#configuration = { lengthBytes, parameterSets, record };
    this.#reencoder.configure(record);
  }

  #takePicture(tag: Picture, timeMs: number, nowUs: MediaTimeUs): void {
    const configuration = this.#configuration;
    if (!configuration) {
      this.#around.onDropped(1);
      return;
    }
    const { lengthBytes, parameterSets } = configuration;
    const presentationMs = timeMs + tag.compositionMs;
    this.#clock.arrived(presentationMs, nowUs);
    const units = splitAvcc(tag.bytes, lengthBytes);
    const whole = tag.isKey && !isKeyFrame(units) ? [...parameterSets, ...units] : units;
    const isKey = isKeyFrame(whole);
    if (this.#needsKeyFrame && !isKey) {
      this.#around.onDropped(1);
      return;
    }
    this.#needsKeyFrame = false;
    this.#watch();
    const misfit = this.#judge.look({ presentationMs, isKey, units });
    // What is kept since the last key frame lets the encoder begin in the midst of it.
    this.#reencoder.remember({ ...tag, isKey }, timeMs);
    if (misfit !== this.#misfit && (misfit !== null || isKey)) this.#change(misfit);
    if (this.#misfit !== null) this.#reencoder.write();
    // Key frames that come seldom are no reason for a hole: they go out until ours take over.
    const isBearable = this.#misfit === 'keyFrames' && presentationMs * 1000 < this.#passUntilUs;
    this.#isPassing &&= this.#misfit === null || isBearable;
    if (this.#isPassing) this.#pictureThrough(presentationMs * 1000, joinAnnexB(whole));
  }

  #change(misfit: Misfit | null): void {
    this.#around.logger.info('How OBS’s picture is taken changed', { misfit: misfit ?? 'none' });
    this.#misfit = misfit;
    if (misfit !== null) return;
    this.#begin();
    this.#reencoder.stop();
  }

  /** From a key frame on, what comes goes out as it is. */
  #begin(): void {
    this.#isPassing = true;
    this.#isAnew = false;
    this.#passUntilUs = Number.POSITIVE_INFINITY;
  }

  #pictureThrough(presentationUs: number, bytes: Uint8Array): void {
    this.#rate.add(bytes.length, presentationUs);
    const weak = weakUplinkSentence(this.#rate.bitsPerSecond, this.#uplinkBitsPerSecond);
    const trouble = this.#trouble === '' ? '' : `OBS’s picture goes out, but ${this.#trouble}`;
    this.#live(weak || trouble);
    this.#give('video', presentationUs, bytes);
  }

  #pictureOut(presentationUs: number, bytes: Uint8Array): void {
    if (this.#misfit === null) return;
    // A child that began in the midst of a group encodes some that went out already: viewers need
    // a key frame of its own. Where one is due next, what passes untouched ends.
    const lastUs = this.#lastGivenUs.video;
    const isKey = !this.#isAnew && isKeyFrame(splitAnnexB(bytes));
    if (presentationUs <= lastUs) {
      this.#isAnew = false;
      const nextKeyUs = presentationUs + OWN_KEY_FRAME_US - ROUNDING_US;
      if (isKey && nextKeyUs > lastUs) this.#passUntilUs = nextKeyUs;
      return;
    }
    if (!this.#isAnew && (!isKey || this.#isPassing)) return;
    this.#isAnew = true;
    this.#live(`Encoded anew here, because ${MISFIT_SENTENCES[this.#misfit]}`);
    this.#give('video', presentationUs, bytes);
  }

  #live(reason: string): void {
    const { onState } = this.#around;
    onState({
      ...{ state: 'live', reason, hasSound: this.#hasSound },
      framesPerSecond: this.#isAnew
        ? Math.min(this.#picture.framesPerSecond, this.#framesPerSecond)
        : this.#framesPerSecond,
      madeBy: this.#isAnew ? this.#reencoder.encoder() : 'sender',
    });
  }

  /** In rising order and never in the future, because markets lock on these times. */
  #give(track: TrackKind, presentationUs: number, bytes: Uint8Array): void {
    // What starts again inside of an encoder's time would show the past.
    if (presentationUs <= this.#lastGivenUs[track]) return;
    this.#lastGivenUs = { ...this.#lastGivenUs, [track]: presentationUs };
    const wantedUs = Math.min(this.#clock.captureUsOf(presentationUs), this.#around.clock.nowUs());
    const captureUs = Math.max(wantedUs, this.#lastUs[track] + STEP_US);
    this.#lastUs[track] = captureUs;
    this.#around.onFrame({ track, captureUs, bytes });
  }

  #fail(reason: string): void {
    this.#cancelStall();
    this.#around.onState({ state: 'failed', reason });
  }

  #watch(): void {
    this.#cancelStall();
    this.#cancelStall = this.#around.timers.after(STALL_MS, () => this.#stalled());
  }

  #stalled(): void {
    if (!this.#isPublishing) return;
    const reason = this.#configuration
      ? 'OBS is connected but sends no picture'
      : 'OBS is connected but sends no video at all; add a picture to its scene';
    this.#around.onState({ state: 'stalled', reason });
  }
}

function codecSentence(name: string): string {
  return (
    `OBS sends ${name}, which this studio cannot show; ` +
    'in OBS set the video encoder to H.264 (x264, NVENC H.264, QuickSync H.264)'
  );
}
