// WebCodecs: H.264 constrained baseline and Opus of a device or a scene. Pictures are encoded as
// they come and never queued; one that finds the encoder busy is dropped and counted.

import type { PageFrame } from '../../core/media/capturePort.ts';
import { LOWER_LAYERS, type LowerLayer } from '../../core/media/feed.ts';
import {
  copyBitsPerSecond,
  FIRST_PICTURE_TARGET,
  levelOf,
  type PictureTarget,
  sizeInside,
} from '../../core/media/pictureTarget.ts';
import { type ArrivalClock, createArrivalClock } from './arrivalClock.ts';

/** Most that a picture may be. */
export type PictureLimits = Pick<PictureTarget, 'width' | 'height' | 'framesPerSecond'>;
/** Until the engine says otherwise. */
export const FIRST_LIMITS: PictureLimits = FIRST_PICTURE_TARGET;
/** A picture that comes sooner after the last one than this part of a period is left out. */
const PERIOD_SHARE_MIN = 0.7;
/** The relay holds pictures since the last key frame for joiners; two seconds stay small. */
const KEY_FRAME_PERIOD_US = 2_000_000;
/** While the line is blocked, a key frame is tried this often and not with each picture. */
const KEY_FRAME_GAP_US = 250_000;
/** More waiting frames than this would be delay. */
const ENCODE_QUEUE_MAX = 2;

/** In Chromium and Electron; not in the DOM library yet (W3C mediacapture-transform). */
type TrackProcessor<Frame> = { readable: ReadableStream<Frame> };
type TrackProcessorMaker = new <Frame>(init: {
  track: MediaStreamTrack;
  maxBufferSize?: number;
}) => TrackProcessor<Frame>;

export type Encoder = {
  /** The next picture is a key frame. */
  requestKeyFrame(): void;
  setBitrate(bitsPerSecond: number): void;
  stop(): void;
};

/** What an encoder makes; whose it is the program adds. */
export type EncodedFrame = Omit<PageFrame, 'program'>;

export type EncoderOptions<Frame> = {
  frames: ReadableStreamDefaultReader<Frame>;
  /** False: frames are taken and let go, nothing is encoded. */
  isWanted(): boolean;
  /** Smaller copies of the picture that are wanted now; default none. */
  layers?(): readonly LowerLayer[];
  /** Most that the picture may be now; default FIRST_LIMITS. */
  limits?(): PictureLimits;
  needsKeyFrame?(): boolean;
  onFrame(frame: EncodedFrame): void;
  onSize?(width: number, height: number): void;
  onDropped(): void;
  /** The encoder gave up; the reason is the browser's. */
  onFailure(reason: string): void;
};

/** What this browser lacks, as a key of the capture texts; null when nothing is missing. */
export async function missingFeature(): Promise<
  'capture.noDevices' | 'capture.noProcessor' | 'capture.noH264' | null
> {
  if (!navigator.mediaDevices?.getUserMedia) return 'capture.noDevices';
  if (!('VideoEncoder' in globalThis)) return 'capture.noH264';
  if (!('MediaStreamTrackProcessor' in globalThis)) return 'capture.noProcessor';
  const { supported } = await VideoEncoder.isConfigSupported(
    pictureConfig(FIRST_LIMITS, FIRST_PICTURE_TARGET.bitsPerSecond),
  );
  return supported ? null : 'capture.noH264';
}

function pictureConfig(limits: PictureLimits, bitrate: number): VideoEncoderConfig {
  const { width, height, framesPerSecond: framerate } = limits;
  return {
    // Constrained baseline of the level that this picture needs.
    codec: `avc1.42E0${levelOf(limits).code}`,
    ...{ width, height, bitrate, framerate },
    latencyMode: 'realtime',
    bitrateMode: 'constant',
    avc: { format: 'annexb' },
  };
}

/** The frames of a track as they come; the oldest is dropped when nobody takes it. */
export function framesOf<Frame>(track: MediaStreamTrack): ReadableStreamDefaultReader<Frame> {
  const maker = (globalThis as { MediaStreamTrackProcessor?: TrackProcessorMaker })
    .MediaStreamTrackProcessor;
  if (!maker) throw new Error('MediaStreamTrackProcessor is missing');
  return new maker<Frame>({ track, maxBufferSize: 2 }).readable.getReader();
}

/** Hands each frame to `take`, which closes it, until there are no more. */
export async function pump<Frame>(
  reader: ReadableStreamDefaultReader<Frame>,
  take: (frame: Frame) => void,
): Promise<void> {
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    take(value);
  }
}

/** A smaller copy of each picture, by an encoder that scales it itself. */
type CopyEncoder = {
  /** @param best what the picture itself is encoded as */
  encode(frame: VideoFrame, keyFrame: boolean, best: BestPicture): void;
  stop(): void;
};
type BestPicture = PictureLimits & { bitrate: number };

function encodeCopy(
  layer: LowerLayer,
  clock: ArrivalClock,
  options: EncoderOptions<VideoFrame>,
): CopyEncoder {
  const most = LOWER_LAYERS[layer];
  let size = '';
  let description = new Uint8Array(0);
  const encoder = new VideoEncoder({
    output(chunk, metadata) {
      const record = metadata?.decoderConfig?.description;
      if (record) description = copyOf(record);
      const pageUs = clock.toPageUs(chunk.timestamp);
      if (pageUs === null) return;
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      const keyFrame = chunk.type === 'key';
      options.onFrame({ track: 'video', layer, keyFrame, pageUs, description, bytes });
    },
    // The picture itself goes on without its copy.
    error: () => {},
  });
  return {
    encode(frame, keyFrame, best) {
      // A copy no smaller than the picture itself is none.
      if (encoder.state === 'closed' || best.height <= most.height) return;
      if (encoder.encodeQueueSize > ENCODE_QUEUE_MAX) return;
      const bitrate = copyBitsPerSecond(best.bitrate, layer);
      const config = pictureConfig({ ...best, ...sizeInside(best, most) }, bitrate);
      const nextSize = JSON.stringify(config);
      const isNew = nextSize !== size;
      if (isNew) encoder.configure(config);
      size = nextSize;
      encoder.encode(frame, { keyFrame: keyFrame || isNew });
    },
    stop() {
      if (encoder.state !== 'closed') encoder.close();
    },
  };
}

/** The copies that are wanted now, each by its encoder. */
function encodeCopies(clock: ArrivalClock, options: EncoderOptions<VideoFrame>): CopyEncoder {
  const copies = new Map<LowerLayer, CopyEncoder>();
  return {
    encode(frame, keyFrame, best) {
      const wanted = options.layers?.() ?? [];
      for (const [layer, copy] of copies) {
        if (wanted.includes(layer)) continue;
        copy.stop();
        copies.delete(layer);
      }
      for (const layer of wanted) {
        const copy = copies.get(layer) ?? encodeCopy(layer, clock, options);
        copies.set(layer, copy);
        copy.encode(frame, keyFrame, best);
      }
    },
    stop() {
      for (const copy of copies.values()) copy.stop();
    },
  };
}

/** Encodes pictures. */
export function encodePicture(options: EncoderOptions<VideoFrame>): Encoder {
  const clock = createArrivalClock();
  const copies = encodeCopies(clock, options);
  let bitrate = FIRST_PICTURE_TARGET.bitsPerSecond;
  /** What is encoded now; null before the first picture. */
  let encoded: PictureLimits | null = null;
  let lastUs = Number.NEGATIVE_INFINITY;
  let isKeyFrameDue = true;
  let lastKeyFrameUs = Number.NEGATIVE_INFINITY;
  let description = new Uint8Array(0);
  const encoder = new VideoEncoder({
    output(chunk, metadata) {
      const record = metadata?.decoderConfig?.description;
      if (record) description = copyOf(record);
      const pageUs = clock.toPageUs(chunk.timestamp);
      if (pageUs === null) return;
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      const keyFrame = chunk.type === 'key';
      options.onFrame({ track: 'video', keyFrame, pageUs, description, bytes });
    },
    error: (error) => options.onFailure(error.message),
  });

  function take(frame: VideoFrame): void {
    try {
      clock.observe(frame.timestamp, performance.now() * 1000);
      if (encoder.state === 'closed' || !options.isWanted()) return;
      const limits = options.limits?.() ?? FIRST_LIMITS;
      const periodUs = 1_000_000 / limits.framesPerSecond;
      if (frame.timestamp - lastUs < periodUs * PERIOD_SHARE_MIN) return;
      const best = fitted(frame, limits);
      if (JSON.stringify(best) !== JSON.stringify(encoded)) {
        encoder.configure(pictureConfig(best, bitrate));
        encoded = best;
        isKeyFrameDue = true;
        options.onSize?.(best.width, best.height);
      }
      if (encoder.encodeQueueSize > ENCODE_QUEUE_MAX) {
        options.onDropped();
        return;
      }
      const sinceUs = frame.timestamp - lastKeyFrameUs;
      const isNeeded = sinceUs >= KEY_FRAME_GAP_US && (options.needsKeyFrame?.() ?? false);
      const keyFrame = isKeyFrameDue || isNeeded || sinceUs >= KEY_FRAME_PERIOD_US;
      encoder.encode(frame, { keyFrame });
      copies.encode(frame, keyFrame, { ...best, bitrate });
      lastUs = frame.timestamp;
      if (keyFrame) lastKeyFrameUs = frame.timestamp;
      isKeyFrameDue = false;
    } finally {
      frame.close();
    }
  }

  pump(options.frames, take).catch((error: unknown) => options.onFailure(String(error)));
  return {
    requestKeyFrame() {
      isKeyFrameDue = true;
    },
    setBitrate(bitsPerSecond) {
      bitrate = bitsPerSecond;
      if (encoder.state === 'configured' && encoded) {
        encoder.configure(pictureConfig(encoded, bitrate));
      }
    },
    stop() {
      copies.stop();
      options.frames.cancel().catch(() => {});
      if (encoder.state !== 'closed') encoder.close();
    },
  };
}

/** The size that the encoder scales a frame to: inside of what is allowed, even sides. */
function fitted(frame: VideoFrame, limits: PictureLimits): PictureLimits {
  const { displayWidth, displayHeight } = frame;
  const size = sizeInside({ width: displayWidth, height: displayHeight }, limits);
  return { ...size, framesPerSecond: limits.framesPerSecond };
}

/** Encodes sound as Opus packets of 20 ms. */
export function encodeSound(options: EncoderOptions<AudioData>): Encoder {
  const clock = createArrivalClock();
  let form = '';
  const encoder = new AudioEncoder({
    output(chunk) {
      const pageUs = clock.toPageUs(chunk.timestamp);
      if (pageUs === null) return;
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      const description = new Uint8Array(0);
      options.onFrame({ track: 'audio', keyFrame: true, pageUs, description, bytes });
    },
    error: (error) => options.onFailure(error.message),
  });

  function take(data: AudioData): void {
    try {
      // A block arrives when its last sample was heard.
      clock.observe(data.timestamp + data.duration, performance.now() * 1000);
      if (encoder.state === 'closed' || !options.isWanted()) return;
      const nextForm = `${data.sampleRate}/${data.numberOfChannels}`;
      if (nextForm !== form) encoder.configure(soundConfig(data));
      form = nextForm;
      encoder.encode(data);
    } finally {
      data.close();
    }
  }

  pump(options.frames, take).catch((error: unknown) => options.onFailure(String(error)));
  return {
    requestKeyFrame() {},
    setBitrate() {},
    stop() {
      options.frames.cancel().catch(() => {});
      if (encoder.state !== 'closed') encoder.close();
    },
  };
}

function soundConfig(data: AudioData): AudioEncoderConfig {
  return {
    codec: 'opus',
    sampleRate: data.sampleRate,
    numberOfChannels: Math.min(2, data.numberOfChannels),
    bitrate: 96_000,
    opus: { frameDuration: 20_000 },
  };
}

function copyOf(source: AllowSharedBufferSource): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return new Uint8Array(view);
}
