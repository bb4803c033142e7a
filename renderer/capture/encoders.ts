// WebCodecs: H.264 constrained baseline and Opus of a device or a scene. Pictures are encoded as
// they come and never queued; one that finds the encoder busy is dropped and counted.

import type { PageFrame } from '../../core/media/capturePort.ts';
import { LOWER_LAYERS, type LowerLayer } from '../../core/media/feed.ts';
import { type ArrivalClock, createArrivalClock } from './arrivalClock.ts';

export const H264_CODEC = 'avc1.42E01F';
export const BITS_PER_SECOND_DEFAULT = 2_500_000;
const FRAMES_PER_SECOND = 30;
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
  const { supported } = await VideoEncoder.isConfigSupported(pictureConfig(1280, 720, 2_500_000));
  return supported ? null : 'capture.noH264';
}

function pictureConfig(width: number, height: number, bitrate: number): VideoEncoderConfig {
  return {
    codec: H264_CODEC,
    width,
    height,
    bitrate,
    framerate: FRAMES_PER_SECOND,
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
type CopyEncoder = { encode(frame: VideoFrame, keyFrame: boolean): void; stop(): void };

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
    encode(frame, keyFrame) {
      const { displayWidth, displayHeight } = frame;
      if (encoder.state === 'closed' || displayHeight <= most.height) return;
      if (encoder.encodeQueueSize > ENCODE_QUEUE_MAX) return;
      const factor = Math.min(most.width / displayWidth, most.height / displayHeight);
      const [width, height] = [displayWidth, displayHeight].map((side) => (side * factor) & ~1);
      const nextSize = `${width}x${height}`;
      const isNew = nextSize !== size;
      if (isNew) encoder.configure(pictureConfig(width ?? 2, height ?? 2, most.bitsPerSecond));
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
    encode(frame, keyFrame) {
      const wanted = options.layers?.() ?? [];
      for (const [layer, copy] of copies) {
        if (wanted.includes(layer)) continue;
        copy.stop();
        copies.delete(layer);
      }
      for (const layer of wanted) {
        const copy = copies.get(layer) ?? encodeCopy(layer, clock, options);
        copies.set(layer, copy);
        copy.encode(frame, keyFrame);
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
  let bitrate = BITS_PER_SECOND_DEFAULT;
  let size = '';
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
      const { displayWidth, displayHeight } = frame;
      const nextSize = `${displayWidth}x${displayHeight}`;
      if (nextSize !== size) {
        encoder.configure(pictureConfig(displayWidth & ~1, displayHeight & ~1, bitrate));
        size = nextSize;
        isKeyFrameDue = true;
        options.onSize?.(displayWidth & ~1, displayHeight & ~1);
      }
      if (encoder.encodeQueueSize > ENCODE_QUEUE_MAX) {
        options.onDropped();
        return;
      }
      const sinceUs = frame.timestamp - lastKeyFrameUs;
      const isNeeded = sinceUs >= KEY_FRAME_GAP_US && (options.needsKeyFrame?.() ?? false);
      const keyFrame = isKeyFrameDue || isNeeded || sinceUs >= KEY_FRAME_PERIOD_US;
      encoder.encode(frame, { keyFrame });
      copies.encode(frame, keyFrame);
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
      const [width, height] = size.split('x').map(Number);
      if (encoder.state !== 'configured' || !width || !height) return;
      encoder.configure(pictureConfig(width & ~1, height & ~1, bitrate));
    },
    stop() {
      copies.stop();
      options.frames.cancel().catch(() => {});
      if (encoder.state !== 'closed') encoder.close();
    },
  };
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
