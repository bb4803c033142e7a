// file:, playlist:, test: and streams that are fetched: played for ever, by sessions. Going to
// another place starts a second session beside the one on air, which stays there until the new one
// has a picture; a pause ends what plays and holds its last picture. A killed or hung ffmpeg is
// started again; what it played then begins anew.

import type { CancelTimer } from '../../core/base/clock.ts';
import type { Playback } from '../../core/contract/playback.ts';
import { isKeyFrame, splitAnnexB } from '../../core/media/h264.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import { hasFfmpeg } from '../ffmpeg/resolve.ts';
import { createBackOff } from './backOff.ts';
import { createHeldPicture, type HeldPicture } from './heldPicture.ts';
import { type Place, PlayedSession, type Shown } from './playedSession.ts';
import type { Programme } from './programme.ts';
import {
  type CapturedFrame,
  type PlaybackControls,
  pictureOf,
  type Source,
  type SourceSurroundings,
} from './source.ts';
import { SourceError } from './sourceError.ts';

/** A page counts on by itself; it is told again when it would be wrong by more than this. */
const DRIFT_US_MAX = 300_000;
/** Nobody needs more than a second of pictures to make the last one of them. */
const PICTURES_MAX = 300;

/** What to do about a file or stream that is not what it says it is. */
const NO_PICTURE = 'it is damaged, or not what it says it is. Choose another, or export it anew.';

/** Starts playing what checkSource has seen. */
export function openPlayedSource(programme: Programme, around: SourceSurroundings): Source {
  const source = new PlayedSource(programme, around);
  source.start();
  return source;
}

class PlayedSource implements Source {
  readonly playback?: PlaybackControls;
  readonly #programme: Programme;
  readonly #around: SourceSurroundings;
  readonly #held: HeldPicture;
  readonly #backOff = createBackOff();
  #onAir: PlayedSession | null = null;
  #coming: PlayedSession | null = null;
  readonly #closing = new Set<Promise<void>>();
  #cancelRestart: CancelTimer = () => {};
  #isClosed = false;
  #isPaused = false;
  /** Pictures since the last key frame: the last of them can be held. */
  #pictures: Uint8Array[] = [];
  /** Of the last picture, when it was shown. */
  #last: { shown: Shown; atUs: number } | null = null;
  #told: { entry: number; positionUs: number; atUs: number } | null = null;
  #startedMs = 0;
  #picture: PictureTarget;

  constructor(programme: Programme, around: SourceSurroundings) {
    this.#programme = programme;
    this.#around = around;
    this.#picture = pictureOf(around);
    this.#held = createHeldPicture(around);
    if (!programme.isSeekable) return;
    this.playback = {
      setPaused: (isPaused) => this.#setPaused(isPaused),
      seek: (positionMs) => this.#seek(positionMs * 1000),
      skip: (to) => this.#skip(to === 'next' ? 1 : -1),
    };
  }

  start(): void {
    this.#play({ entry: 0, positionUs: 0 });
  }

  requestKeyFrame(): boolean {
    return false;
  }

  /** Takes effect at a key frame, after what is held ahead. False: this file is encoded in one. */
  setBitrate(bitsPerSecond: number): boolean {
    const { lowerLayers = [], isElastic } = this.#around;
    if (lowerLayers.length === 0 && isElastic !== true) return false;
    this.#picture = { ...this.#picture, bitsPerSecond };
    this.#onAir?.setBitrate(bitsPerSecond);
    this.#coming?.setBitrate(bitsPerSecond);
    return true;
  }

  /** From where it is, by a session of its own; what cannot be sought in is opened anew. */
  setPicture(picture: PictureTarget): boolean {
    if (!this.#programme.isSeekable || !this.#last) return false;
    const { shown } = this.#last;
    this.#picture = picture;
    // A paused one goes on with it.
    if (!this.#isPaused) this.#play(shown);
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRestart();
    this.#end('#onAir');
    this.#end('#coming');
    await Promise.all([...this.#closing, this.#held.close()]);
  }

  #play(from: Place): void {
    if (this.#isClosed || !hasFfmpeg(this.#around.ffmpeg)) return;
    this.#cancelRestart();
    this.#end('#coming');
    this.#startedMs = performance.now();
    const session: PlayedSession = new PlayedSession({
      ...{ programme: this.#programme, from, around: this.#around },
      picture: this.#picture,
      onFrame: (frame, shown) => this.#take(session, frame, shown),
      onOver: (reason, isEncoderFault) => {
        if (isEncoderFault) this.#picture = { ...this.#picture, encoder: 'x264' };
        this.#over(session, reason);
      },
    });
    this.#coming = session;
  }

  #take(session: PlayedSession, frame: CapturedFrame, shown: Shown | null): void {
    if (session === this.#coming && shown) {
      if (this.#isPaused) {
        this.#look(session, frame, shown);
        return;
      }
      this.#putOnAir(session);
    }
    if (session !== this.#onAir) return;
    if (shown) this.#follow(frame, shown);
    this.#around.onFrame(frame);
  }

  /** Somebody seeks while it is paused: the picture there is held, and nothing plays. */
  #look(session: PlayedSession, frame: CapturedFrame, shown: Shown): void {
    if (session === this.#coming) this.#end('#coming');
    this.#pictures = [frame.bytes];
    this.#last = { shown, atUs: frame.captureUs };
    this.#held.hold(this.#pictures);
    this.#tell({});
  }

  #putOnAir(session: PlayedSession): void {
    const isFirst = this.#last === null;
    this.#coming = null;
    this.#end('#onAir');
    this.#onAir = session;
    this.#held.stop();
    this.#told = null;
    if (!isFirst) this.#around.onJump();
  }

  #follow({ captureUs, bytes }: CapturedFrame, shown: Shown): void {
    const before = this.#last?.shown;
    // Another entry is another picture; the next loop of one file is not.
    const isCut = this.#told !== null && before !== undefined && before.entry !== shown.entry;
    if (isCut) this.#around.onJump();
    this.#last = { shown, atUs: captureUs };
    if (this.#programme.isSeekable) {
      if (this.#pictures.length > PICTURES_MAX || isKeyFrame(splitAnnexB(bytes))) {
        this.#pictures = [];
      }
      this.#pictures.push(bytes);
    }
    if (this.#told === null || isCut || this.#hasDrifted(shown, captureUs)) {
      const { hasSound, framesPerSecond } = shown;
      const madeBy = this.#picture.encoder;
      this.#tell({ state: 'live', reason: '', hasSound, framesPerSecond, madeBy });
    }
  }

  #hasDrifted({ positionUs, lengthUs }: Shown, atUs: number): boolean {
    const told = this.#told;
    if (!told || !this.#programme.isSeekable) return false;
    const expectedUs = told.positionUs + atUs - told.atUs;
    const awayUs = Math.abs(expectedUs - positionUs);
    const isNear = (us: number) => us <= DRIFT_US_MAX || (lengthUs ?? 0) - us <= DRIFT_US_MAX;
    return lengthUs && lengthUs > 0 ? !isNear(awayUs % lengthUs) : awayUs > DRIFT_US_MAX;
  }

  #tell(change: Parameters<SourceSurroundings['onState']>[0]): void {
    const last = this.#last;
    if (!last) return;
    const { entry, positionUs } = last.shown;
    this.#told = { entry, positionUs, atUs: last.atUs };
    const playback = this.#programme.isSeekable ? { playback: this.#view(last) } : {};
    this.#around.onState({ ...change, ...playback });
  }

  #view({ shown, atUs }: { shown: Shown; atUs: number }): Playback {
    const { entry, positionUs, lengthUs, entryTitle } = shown;
    return {
      isPaused: this.#isPaused,
      positionMs: Math.round(positionUs / 1000),
      atUs: Math.max(0, Math.round(atUs)),
      lengthMs: lengthUs === null ? null : Math.round(lengthUs / 1000),
      ...{ entry: entry + 1, entries: this.#programme.entries.length, title: entryTitle },
    };
  }

  #setPaused(isPaused: boolean): void {
    const { shown } = this.#known();
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (!isPaused) {
      this.#tell({});
      this.#play(shown);
      return;
    }
    this.#cancelRestart();
    this.#end('#coming');
    this.#end('#onAir');
    this.#held.hold(this.#pictures);
    this.#tell({ state: 'stalled', reason: `${this.#programme.name} is paused` });
  }

  #seek(positionUs: number): void {
    const { entry, lengthUs } = this.#known().shown;
    if (lengthUs === null) {
      throw new SourceError(
        'not-seekable',
        `${this.#programme.name} does not say how long it is, so no place in it can be found; ` +
          'copy it into an MP4 or MKV file to seek in it',
      );
    }
    this.#play({ entry, positionUs: Math.min(positionUs, lengthUs) });
  }

  #skip(by: 1 | -1): void {
    const { entry } = this.#known().shown;
    const { length } = this.#programme.entries;
    this.#play({ entry: (entry + by + length) % length, positionUs: 0 });
  }

  #known(): { shown: Shown } {
    if (this.#last) return this.#last;
    throw new SourceError(
      'not-seekable',
      `${this.#programme.name} has no picture yet; wait until it plays`,
    );
  }

  #over(session: PlayedSession, reason: string): void {
    const wasOnAir = session === this.#onAir;
    if (!wasOnAir && session !== this.#coming) return;
    if (wasOnAir) this.#onAir = null;
    else this.#coming = null;
    const { logger, timers, onState } = this.#around;
    // Where nothing can be shown, what plays or is held goes on.
    if (!wasOnAir && (this.#onAir || this.#isPaused)) {
      logger.warn('There is no picture at that place', { reason });
      return;
    }
    const waitMs = this.#backOff.nextMs(performance.now() - this.#startedMs);
    logger.warn('The file stopped playing', { reason, waitMs });
    const { name } = this.#programme;
    const said = this.#last ? `stopped: ${reason}` : `gives no picture (${reason}): ${NO_PICTURE}`;
    onState({ state: 'reconnecting', reason: `${name} ${said}` });
    const entry = this.#last?.shown.entry ?? 0;
    this.#cancelRestart = timers.after(waitMs, () => this.#play({ entry, positionUs: 0 }));
  }

  #end(which: '#onAir' | '#coming'): void {
    const session = which === '#onAir' ? this.#onAir : this.#coming;
    if (which === '#onAir') this.#onAir = null;
    else this.#coming = null;
    if (!session) return;
    const closed = session.close();
    this.#closing.add(closed);
    void closed.finally(() => this.#closing.delete(closed));
  }
}
