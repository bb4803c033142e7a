// The one place where a picture enters the studio: picks the source by scheme, puts its frames on
// the feed with strictly rising capture times and fixed RTP times, and tells its state. Readers
// are told of units and must never be waited for.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { SourceState } from '../../core/contract/state.ts';
import type { TrackKind, Unit } from '../../core/media/feed.ts';
import type { CapturedFrame, CapturePagePort, Source, SourceSurroundings } from './source.ts';

export type CaptureOptions = Omit<SourceSurroundings, 'onFrame' | 'onState' | 'onDropped'> & {
  /** RTP offset of the channel's video, unsigned 32 bit. */
  videoClockOffset: number;
  audioClockOffset: number;
};

export type CaptureCounters = {
  units: number;
  /** Frames skipped by a late source, or refused because their time went back. */
  framesDropped: number;
};

export type Capture = {
  /**
   * Switches to a source. Resolves when it is chosen (not when it delivers: see onState).
   *
   * @throws SourceError when the URL cannot be used; the running source stays.
   */
  select(url: string): Promise<void>;
  onUnit(run: (unit: Unit) => void): void;
  onState(run: (state: SourceState) => void): void;
  state(): SourceState;
  counters(): CaptureCounters;
  requestKeyFrame(): boolean;
  setBitrate(bitsPerSecond: number): boolean;
  /** Hands over a capture page's connection, also before camera: is selected. */
  attachCapturePage(port: CapturePagePort): void;
  close(): Promise<void>;
};
export type { CapturedFrame, CapturePagePort, MediaTimeUs, Source, TrackKind };
