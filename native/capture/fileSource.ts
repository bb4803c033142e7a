// file: any file that ffmpeg reads, looped, with its sound or with silence. One ffmpeg decodes and
// encodes both tracks on one clock; we let its frames go at their time. A killed or hung ffmpeg is
// started again; the file then plays from its beginning.

import { basename } from 'node:path';
import type { CancelTimer } from '../../core/base/clock.ts';
import { createNutReader, NutError, type NutReader } from '../../core/media/nut.ts';
import { type Ffmpeg, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegEnd, type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { createBackOff } from './backOff.ts';
import { FILE_PROTOCOLS, type MediaFacts } from './checkSource.ts';
import { opusDelayUs, soundEncoderArguments, videoEncoderArguments } from './encoder.ts';
import { createPacer, type Pacer } from './pacer.ts';
import { PICTURE_MAX, type Source, type SourceSurroundings } from './source.ts';

const VIDEO_PIPE = 1;
const AUDIO_PIPE = 3;
/** ffmpeg answers within a frame once it runs; slow disks and large key frames included. */
const SILENCE_MS_MAX = 4_000;

/** Starts playing a file that checkSource has seen. */
export function openFileSource(
  path: string,
  media: MediaFacts,
  surroundings: SourceSurroundings,
): Source {
  const source = new FileSource(path, media, surroundings);
  source.start();
  return source;
}

class FileSource implements Source {
  #path: string;
  #media: MediaFacts;
  #around: SourceSurroundings;
  #process: FfmpegProcess | null = null;
  #pacer: Pacer | null = null;
  #backOff = createBackOff();
  #cancelRestart: CancelTimer = () => {};
  #isClosed = false;
  #isLive = false;
  #startedMs = 0;
  #audioDelayUs = 0;

  constructor(path: string, media: MediaFacts, surroundings: SourceSurroundings) {
    this.#path = path;
    this.#media = media;
    this.#around = surroundings;
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
      },
      onPause: (track, isPaused) => {
        child.setPaused(track === 'video' ? VIDEO_PIPE : AUDIO_PIPE, isPaused);
      },
    });
    const readers = new Map<number, NutReader>([
      [VIDEO_PIPE, this.#videoReader(pacer)],
      [AUDIO_PIPE, this.#audioReader(pacer)],
    ]);
    const child = spawnFfmpeg({
      ffmpeg,
      arguments: fileArguments(this.#path, this.#media, ffmpeg),
      outputs: [VIDEO_PIPE, AUDIO_PIPE],
      timers,
      logger,
      onHelper: this.#around.onHelper,
      silenceMsMax: SILENCE_MS_MAX,
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
      onEnd: (end) => this.#ended(end),
    });
    this.#pacer = pacer;
    this.#process = child;
  }

  requestKeyFrame(): boolean {
    return false;
  }

  setBitrate(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRestart();
    this.#pacer?.close();
    await this.#process?.kill();
  }

  #becomeLive(): void {
    this.#isLive = true;
    const framesPerSecond = Math.min(PICTURE_MAX.framesPerSecond, this.#media.framesPerSecond);
    this.#around.onState({
      state: 'live',
      reason: '',
      hasSound: this.#media.hasSound,
      framesPerSecond,
    });
  }

  #ended(end: FfmpegEnd): void {
    this.#pacer?.close();
    this.#pacer = null;
    this.#process = null;
    if (this.#isClosed) return;
    const waitMs = this.#backOff.nextMs(performance.now() - this.#startedMs);
    this.#around.logger.warn('The file stopped playing', { reason: end.reason, waitMs });
    this.#around.onState({
      state: 'reconnecting',
      reason: `${basename(this.#path)} stopped: ${end.reason}`,
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

/** What ffmpeg is asked: both tracks of a file for ever, pictures on pipe:1, sound on pipe:3. */
export function fileArguments(path: string, media: MediaFacts, ffmpeg: Ffmpeg): string[] {
  const { videoStream, framesPerSecond, hasSound } = media;
  const rate = framesPerSecond > PICTURE_MAX.framesPerSecond + 0.5 ? ['fps=30'] : [];
  const filters = [...rate, scaleToFit(), 'setsar=1', 'format=yuv420p'].join(',');
  const silence = ['-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=stereo'];
  return [
    ...FILE_PROTOCOLS,
    ...['-stream_loop', '-1', '-i', `file:${path}`],
    ...(hasSound ? [] : silence),
    ...['-map', `0:${videoStream}`, '-vf', filters, ...ffmpeg.passthrough],
    ...fineTimes(ffmpeg),
    ...videoEncoderArguments(['-g', '300', '-force_key_frames', 'expr:gte(t,n_forced)']),
    'pipe:1',
    ...['-map', hasSound ? '0:a:0' : '1:a:0'],
    // Fills the hole at the end of a loop whose sound is shorter than its picture.
    ...['-af', 'aresample=48000:async=1000:min_hard_comp=0.05:first_pts=0'],
    ...soundEncoderArguments(),
    'pipe:3',
  ];
}

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
