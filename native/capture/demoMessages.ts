// What the demo's worker thread and its source say to each other. Frames travel with their
// buffers handed over, never copied.

import type { LowerLayer, TrackKind } from '../../core/media/feed.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';

/** A match as a pure function of seed and frame index; drawn in native/capture/demo. */
export type DemoMatch = {
  /** Draws a frame (30 a second) as yuv420p, 1280x720. */
  drawFrame(frameIndex: number, into: Uint8Array): void;
  /** Fills interleaved stereo samples at 48 kHz, beginning with one sample of the match. */
  renderSound(firstSampleIndex: number, into: Int16Array): void;
};

export type DemoWorkerData = {
  seed: number;
  hasBarcode: boolean;
  ffmpeg: Ffmpeg;
  /** When frame 0 was made, microseconds on the media clock. */
  anchorUs: number;
  /** Media clock minus the monotonic clock, microseconds. */
  epochUs: number;
  lowerLayers: readonly LowerLayer[];
  /** Of the best layer; the match is drawn at DEMO_PICTURE and never made larger. */
  picture: PictureTarget;
};

export type FromDemoWorker =
  | {
      type: 'frame';
      track: TrackKind;
      captureUs: number;
      /** When the best picture's encoder got it. */
      encodingUs?: number;
      bytes: Uint8Array;
      layer?: LowerLayer;
    }
  | { type: 'dropped'; count: number }
  | { type: 'helper'; pid: number; alive: boolean }
  /** An encoder ended. `isHardware`: x264 takes its place. */
  | { type: 'trouble'; reason: string; isHardware: boolean }
  | { type: 'closed' };
export type ToDemoWorker = { type: 'close' } | { type: 'bitrate'; bitsPerSecond: number };

export const DEMO_PICTURE = { width: 1280, height: 720, framesPerSecond: 30 } as const;
