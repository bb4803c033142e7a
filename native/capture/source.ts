// What every scheme implements and what a source is given. A source turns its scheme into units on
// the media clock and reports its state; it never decides when the show goes on or which source
// is shown, and it may run for a while beside the one on air. A later scheme is one file here, one
// case in checkSource.ts and one in openSource.ts.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { SourceState } from '../../core/contract/state.ts';
import type { LowerLayer, TrackKind } from '../../core/media/feed.ts';
import { FIRST_PICTURE_TARGET, type PictureTarget } from '../../core/media/pictureTarget.ts';
import type { FfmpegChoice } from '../ffmpeg/resolve.ts';

/** A frame or packet of a source; capture.ts makes the Unit of it. */
export type CapturedFrame = {
  track: TrackKind;
  captureUs: MediaTimeUs;
  /** When an encoder of ours got it, where that is known. */
  encodingUs?: MediaTimeUs;
  /** Annex B access unit or one Opus packet. */
  bytes: Uint8Array;
  layer?: LowerLayer;
  /** A picture of before that is shown again, because the source is paused. */
  isHeld?: boolean;
};

/** The binary connection of a capture page, whatever carries it. */
export type CapturePagePort = {
  send(bytes: Uint8Array): unknown;
  onMessage(run: (bytes: Uint8Array) => void): void;
  onClose(run: () => void): void;
  close(): void;
};

export type SourceSurroundings = {
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
  ffmpeg: FfmpegChoice;
  onHelper: (pid: number, alive: boolean) => void;
  /** Relative paths of file: start here. */
  callerFolder: string;
  /** Smaller copies that are made beside the picture, where the source can. */
  lowerLayers?: readonly LowerLayer[];
  /** What our own encoders make of it; default FIRST_PICTURE_TARGET. */
  picture?: PictureTarget;
  /** The bitrate may have to change while the show goes on: the relay is not on this machine. */
  isElastic?: boolean;
  /** demo: the match. */
  seed: number;
  /** demo: when frame 0 was made, kept over restarts of the engine. */
  demoAnchorUs: MediaTimeUs;
  /** demo: the worker that draws and encodes. */
  demoWorkerUrl: URL;
  onFrame(frame: CapturedFrame): void;
  onState(change: Partial<SourceState>): void;
  /** The next picture is no successor of the last one: it is from elsewhere in the file. */
  onJump(): void;
  /** Frames that were never made or were thrown away. */
  onDropped(count: number): void;
};

/**
 * A running source. Its first picture must be a key frame, as must the first after it said that it
 * is `reconnecting`. It says `live` (onState) before or with its first picture, and `failed` only
 * when it will not try again.
 */
export type Source = {
  /**
   * True: it waits for somebody else to begin (a capture page, OBS), so a switch to it waits, too,
   * until another source is chosen. Otherwise a switch without a picture is given up.
   */
  readonly waitsForOthers?: boolean;
  /** Asks for a key frame soon. False: the source cannot; it makes one each second anyway. */
  requestKeyFrame(): boolean;
  /** Video bits per second. False: not while this source runs. */
  setBitrate(bitsPerSecond: number): boolean;
  /**
   * Another picture from now on. True: it follows by itself, or has nothing to encode. False: it
   * has to be opened anew.
   */
  setPicture(picture: PictureTarget): boolean;
  /** Only of what can be paused and sought in. */
  readonly playback?: PlaybackControls;
  close(): Promise<void>;
};

/** What a person may ask of a file. Each throws SourceError when it cannot be done. */
export type PlaybackControls = {
  setPaused(isPaused: boolean): void;
  seek(positionMs: number): void;
  skip(to: 'next' | 'previous'): void;
};

/** What a source is to make. */
export function pictureOf({ picture }: Pick<SourceSurroundings, 'picture'>): PictureTarget {
  return picture ?? FIRST_PICTURE_TARGET;
}
