// What the capture room promises to the rooms that take its picture, and what it is given.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { SourceState } from '../../core/contract/state.ts';
import type { MarketCardFacts } from '../../core/media/capturePort.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import type { RtmpListener } from './rtmp/rtmpListener.ts';
import type { SoundDesk } from './sound/soundDesk.ts';
import type { CapturePagePort, PlaybackControls, SourceSurroundings } from './source.ts';
import type { SourceAddresses } from './sourceAddresses.ts';
import type { SrtListener } from './srtListener.ts';
import type { WhipIngest } from './whip/whipIngest.ts';

export type CaptureOptions = Omit<
  SourceSurroundings,
  'onFrame' | 'onState' | 'onDropped' | 'onJump'
> & {
  /** RTP offset of the channel's video, unsigned 32 bit. */
  videoClockOffset: number;
  audioClockOffset: number;
  /** Addresses with their passwords; absent: as long as this runs. */
  addresses?: SourceAddresses;
  /** whip: where publishers come in; absent: nowhere. */
  whip?: WhipIngest;
  /** rtmp: where encoders send to; absent: nowhere. */
  rtmp?: RtmpListener;
  /** srt: where encoders call; absent: a listener of its own while it is on air. */
  srt?: SrtListener;
};

export type CaptureCounters = {
  units: number;
  /** Frames skipped by a late source, or refused because their time went back. */
  framesDropped: number;
};

/** Another source came on air. */
export type Cut = {
  url: string;
  /** Capture time of the last picture before it; negative: there was none. */
  fromUs: MediaTimeUs;
};

export type Capture = {
  /**
   * Switches to a source. Resolves when it is chosen (not when it is on air: see onState, onCut).
   * The one on air, if it ever had a picture, stays there until the new one has one.
   *
   * @throws SourceError when the URL cannot be used; the running source stays.
   */
  select(url: string): Promise<void>;
  onUnit(run: (unit: Unit) => void): void;
  onState(run: (state: SourceState) => void): void;
  /** Runs before the first unit of the source that came on air is handed out. */
  onCut(run: (cut: Cut) => void): void;
  state(): SourceState;
  counters(): CaptureCounters;
  /** False: this source cannot make one on demand; it makes one each second. */
  requestKeyFrame(): boolean;
  /** Video bits per second; kept for the next source too. False: not while this one runs. */
  setBitrate(bitsPerSecond: number): boolean;
  /**
   * What our own encoders make from now on. A source that cannot change while it runs is opened
   * beside itself and takes over, as in any switch; with `isForNext` it stays as it is.
   */
  setPicture(picture: PictureTarget, isForNext?: boolean): void;
  /**
   * What may be asked of the file on air.
   *
   * @throws SourceError when what is on air is no file
   */
  playback(): PlaybackControls;
  /** Where the sound of each source is made louder, quieter, later or silent. */
  readonly sound: SoundDesk;
  /**
   * What this computer plays in place of the sources' own sound, from now on.
   *
   * @throws SourceError where this ffmpeg cannot hear it
   */
  setSystemSound(isOn: boolean): void;
  /** Hands over a capture page's connection, also before camera: is selected. */
  attachCapturePage(port: CapturePagePort): void;
  /** What scenes with a market's card show; null: nothing is asked. */
  showMarket(card: MarketCardFacts | null): void;
  close(): Promise<void>;
};
