// file: any file that ffmpeg reads, looped, with its sound or with silence. One ffmpeg decodes and
// encodes both tracks on one clock; we let its frames go at their time. Where smaller copies are
// wanted or the bitrate may have to change it only decodes the picture (filePictures.ts). A killed
// or hung ffmpeg is started again; the file then plays from its beginning.

import { basename } from 'node:path';
import type { CancelTimer } from '../../core/base/clock.ts';
import { createNutReader, NutError, type NutReader } from '../../core/media/nut.ts';
import { type Ffmpeg, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegEnd, type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { createBackOff } from './backOff.ts';
import { FILE_PROTOCOLS, type MediaFacts } from './checkSource.ts';
import {
  NUT_OUTPUT,
  opusDelayUs,
  soundEncoderArguments,
  videoEncoderArguments,
} from './encoder.ts';
import { createFilePictures, type FilePictures } from './filePictures.ts';
import { createPacer, type Pacer } from './pacer.ts';
import {
  PICTURE_MAX,
  type Source,
  type SourceSurroundings,
  VIDEO_BITS_PER_SECOND,
} from './source.ts';

const VIDEO_PIPE = 1;
const AUDIO_PIPE = 3;
/** ffmpeg answers within a frame once it runs; slow disks and large key frames included. */
const SILENCE_MS_MAX = 4_000;

/** What is played: anything that ffmpeg gives as fast as it is taken. */
export type Played = {
  /** As a person knows it. */
  name: string;
  input: readonly string[];
  /** For ffmpeg's stdin, where the input is read from there. */
  script?: string;
  /** The stream of the picture, and that of the sound; null: silence is made. */
  picture: string;
  sound: string | null;
  framesPerSecond: number;
  silenceMsMax?: number;
};

/** Starts playing what checkSource has seen. */
export function openPlayedSource(played: Played, surroundings: SourceSurroundings): Source {
  const source = new PlayedSource(played, surroundings);
  source.start();
  return source;
}

class PlayedSource implements Source {
  #played: Played;
  #around: SourceSurroundings;
  #process: FfmpegProcess | null = null;
  #pacer: Pacer | null = null;
  #backOff = createBackOff();
  #cancelRestart: CancelTimer = () => {};
  #isClosed = false;
  #isLive = false;
  #startedMs = 0;
  #audioDelayUs = 0;
  /** Only where the picture is encoded apart from its decoding. */
  #pictures: FilePictures | null = null;
  #bitsPerSecond: number;
  /** Why the raw pictures wait. */
  #holds = new Set<'ahead' | 'encoding'>();

  constructor(played: Played, surroundings: SourceSurroundings) {
    this.#played = played;
    this.#around = surroundings;
    this.#bitsPerSecond = surroundings.bitsPerSecond ?? VIDEO_BITS_PER_SECOND;
  }

  get #isApart(): boolean {
    return (this.#around.lowerLayers?.length ?? 0) > 0 || this.#around.isElastic === true;
  }

  start(): void {
    const { ffmpeg, clock, timers, logger } = this.#around;
    if (this.#isClosed || !hasFfmpeg(ffmpeg)) return;
    this.#startedMs = performance.now();
    this.#isLive = false;
    const pacer = createPacer({
      clock,
      timers,
      onDue: (frame, captureUs) => {
        if (frame.track === 'video' && !this.#isLive) this.#becomeLive();
        this.#around.onFrame({ track: frame.track, captureUs, bytes: frame.bytes });
        if (frame.track === 'video') this.#pictures?.released(frame.ptsUs, captureUs);
      },
      onPause: (track, isPaused) => {
        if (track === 'audio') child.setPaused(AUDIO_PIPE, isPaused);
        else this.#hold(child, 'ahead', isPaused);
      },
      onBroken: (track, gapUs) => {
        logger.warn('The times of a file jumped', { track, gapUs });
        void child.kill();
      },
    });
    this.#holds.clear();
    const pictures = this.#isApart ? this.#encodeApart(ffmpeg, pacer, () => child) : null;
    this.#pictures = pictures;
    const readers = new Map<number, Pick<NutReader, 'push'>>([
      [VIDEO_PIPE, pictures ?? this.#videoReader(pacer)],
      [AUDIO_PIPE, this.#audioReader(pacer)],
    ]);
    const child = spawnFfmpeg({
      ffmpeg,
      arguments: playedArguments(this.#played, ffmpeg, {
        ...{ bitsPerSecond: this.#bitsPerSecond, isRaw: pictures !== null },
      }),
      hasInput: this.#played.script !== undefined,
      outputs: [VIDEO_PIPE, AUDIO_PIPE],
      timers,
      logger,
      onHelper: this.#around.onHelper,
      silenceMsMax: this.#played.silenceMsMax ?? SILENCE_MS_MAX,
      onData: (output, bytes) => {
        try {
          readers.get(output)?.push(bytes);
        } catch (error) {
          if (!(error instanceof NutError)) throw error;
          logger.warn('The output of ffmpeg is damaged', { reason: error.message });
          readers.clear();
          void child.kill();
        }
      },
      onEnd: (end) => this.#ended(end, child.lastLines()),
    });
    const { script } = this.#played;
    if (script !== undefined) child.write(Buffer.from(script), () => child.endInput());
    this.#pacer = pacer;
    this.#process = child;
  }

  requestKeyFrame(): boolean {
    return false;
  }

  /** Takes effect at a key frame, after what is held ahead. False: this file is encoded in one. */
  setBitrate(bitsPerSecond: number): boolean {
    if (!this.#isApart) return false;
    this.#bitsPerSecond = bitsPerSecond;
    this.#pictures?.setBitrate(bitsPerSecond);
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRestart();
    this.#pacer?.close();
    await Promise.all([this.#process?.kill(), this.#pictures?.close()]);
  }

  #encodeApart(ffmpeg: Ffmpeg, pacer: Pacer, child: () => FfmpegProcess): FilePictures {
    const { timers, onHelper, onFrame, logger, lowerLayers = [] } = this.#around;
    return createFilePictures({
      ...{ ffmpeg, timers, onHelper, lowerLayers, bitsPerSecond: this.#bitsPerSecond },
      framesPerSecond: this.#framesPerSecond(),
      onBest: (ptsUs, bytes) => pacer.push({ track: 'video', ptsUs, bytes }),
      onCopy: (layer, captureUs, bytes) => onFrame({ track: 'video', layer, captureUs, bytes }),
      onBusy: (isBusy) => this.#hold(child(), 'encoding', isBusy),
      onEnd: (reason) => {
        logger.warn('The encoder of a file ended', { reason });
        void child().kill();
      },
    });
  }

  #hold(child: FfmpegProcess, why: 'ahead' | 'encoding', isHeld: boolean): void {
    if (isHeld) this.#holds.add(why);
    else this.#holds.delete(why);
    child.setPaused(VIDEO_PIPE, this.#holds.size > 0);
  }

  #framesPerSecond(): number {
    return Math.min(PICTURE_MAX.framesPerSecond, this.#played.framesPerSecond);
  }

  #becomeLive(): void {
    this.#isLive = true;
    const framesPerSecond = this.#framesPerSecond();
    const hasSound = this.#played.sound !== null;
    this.#around.onState({ state: 'live', reason: '', hasSound, framesPerSecond });
  }

  #ended(end: FfmpegEnd, lines: readonly string[]): void {
    this.#pacer?.close();
    this.#pacer = null;
    this.#process = null;
    void this.#pictures?.close();
    this.#pictures = null;
    if (this.#isClosed) return;
    // Whether a network stream has sound is seen only by trying.
    if (this.#played.sound && lines.some((line) => /matches no streams/.test(line))) {
      this.#played = { ...this.#played, sound: null };
      this.start();
      return;
    }
    const waitMs = this.#backOff.nextMs(performance.now() - this.#startedMs);
    this.#around.logger.warn('The file stopped playing', { reason: end.reason, waitMs });
    this.#around.onState({
      state: 'reconnecting',
      reason: `${this.#played.name} stopped: ${end.reason}`,
    });
    this.#cancelRestart = this.#around.timers.after(waitMs, () => this.start());
  }

  #videoReader(pacer: Pacer): NutReader {
    return createNutReader({
      onFrame: ({ ptsUs, bytes }) => pacer.push({ track: 'video', ptsUs, bytes }),
    });
  }

  #audioReader(pacer: Pacer): NutReader {
    return createNutReader({
      onStream: (stream) => {
        this.#audioDelayUs = opusDelayUs(stream.extradata);
      },
      onFrame: ({ ptsUs, bytes }) => {
        pacer.push({ track: 'audio', ptsUs: ptsUs - this.#audioDelayUs, bytes });
      },
    });
  }
}

/** A file, for ever. */
export function fileInput(path: string, media: MediaFacts): Played {
  const { videoStream, framesPerSecond, hasSound } = media;
  return {
    name: basename(path),
    input: [...FILE_PROTOCOLS, '-stream_loop', '-1', '-i', `file:${path}`],
    picture: `0:${videoStream}`,
    sound: hasSound ? '0:a:0' : null,
    framesPerSecond,
  };
}

/**
 * What ffmpeg is asked: pictures on pipe:1, sound on pipe:3.
 *
 * @param picture `isRaw`: as they were decoded, for encoders of their own
 */
export function playedArguments(
  played: Played,
  ffmpeg: Ffmpeg,
  picture = { bitsPerSecond: VIDEO_BITS_PER_SECOND, isRaw: false },
): string[] {
  const { input, sound, framesPerSecond } = played;
  const silence = ['-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=stereo'];
  return [
    ...input,
    ...(sound ? [] : silence),
    ...['-map', played.picture, ...shownPicture(framesPerSecond, ffmpeg)],
    ...(picture.isRaw ? RAW_PICTURES : videoEncoderArguments(KEY_FRAMES, picture.bitsPerSecond)),
    'pipe:1',
    ...['-map', sound ?? '1:a:0'],
    // Fills the hole at the end of a loop whose sound is shorter than its picture.
    ...['-af', 'aresample=48000:async=1000:min_hard_comp=0.05:first_pts=0'],
    ...soundEncoderArguments(),
    'pipe:3',
  ];
}

/** Our own picture of whatever comes: small enough, upright, square pixels. */
function shownPicture(framesPerSecond: number, ffmpeg: Ffmpeg): string[] {
  const rate = framesPerSecond > PICTURE_MAX.framesPerSecond + 0.5 ? ['fps=30'] : [];
  const filters = [...rate, scaleToFit(), 'setsar=1', 'format=yuv420p'].join(',');
  return ['-vf', filters, ...ffmpeg.passthrough, ...fineTimes(ffmpeg)];
}

/** The same, encoded. */
export function encodedPicture(framesPerSecond: number, ffmpeg: Ffmpeg): string[] {
  return [...shownPicture(framesPerSecond, ffmpeg), ...videoEncoderArguments(KEY_FRAMES)];
}

const KEY_FRAMES = ['-g', '300', '-force_key_frames', 'expr:gte(t,n_forced)'];
const RAW_PICTURES = ['-c:v', 'rawvideo', ...NUT_OUTPUT];

/**
 * A fine time base keeps the times of files with a varying frame rate. Builds that are older than
 * -fps_mode take it for the frame rate and starve the encoder of bits.
 */
function fineTimes(ffmpeg: Ffmpeg): string[] {
  return ffmpeg.passthrough.includes('-fps_mode') ? ['-enc_time_base', '1:90000'] : [];
}

/** Down to fit, never up, square pixels, even sides. */
function scaleToFit(): string {
  const { width, height } = PICTURE_MAX;
  const factor = `min(1\\,min(${width}/(iw*sar)\\,${height}/ih))`;
  return `scale=w=trunc(iw*sar*${factor}/2)*2:h=trunc(ih*${factor}/2)*2`;
}
