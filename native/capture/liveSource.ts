// rtsp:, udp: and srt: pictures that come over a network when they like. One ffmpeg reads them; the
// H.264 of a camera passes through untouched where browsers can show it, anything else is encoded
// anew. ffmpeg may stay alive for hours without a packet, so the packets are watched, not the
// process: a silent one is replaced, soon and for ever, because a camera that can send again must
// be back within seconds.

import type { CancelTimer } from '../../core/base/clock.ts';
import { isKeyFrame, NAL_SPS, nalTypeOf, parseSps, splitAnnexB } from '../../core/media/h264.ts';
import { createNutReader, NutError, type NutFrame } from '../../core/media/nut.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import { type Misfit, PassthroughJudge } from '../../core/media/rtmp/passthrough.ts';
import { type Ffmpeg, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegEnd, type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { isEncoderFault, NUT_OUTPUT, opusDelayUs, soundEncoderArguments } from './encoder.ts';
import { encodedPicture } from './fileSource.ts';
import { inputScript, SCRIPT_INPUT } from './inputScript.ts';
import { LiveTimes } from './liveTimes.ts';
import { pictureOf, type Source, type SourceSurroundings } from './source.ts';

const VIDEO_PIPE = 1;
const AUDIO_PIPE = 3;
/** Without a picture for this long a connection is given up. */
const SILENCE_MS_MAX = 3_000;
/** Connecting may take longer: a lost first packet of TCP comes again within the short one. */
const CONNECT_MS_MAX = 6_000;
/** Every third attempt, for cameras that take their time. */
const CONNECT_MS_LONG = 12_000;
const LOOK_PERIOD_MS = 100;
/** Waits between attempts, the last for ever: back within 4 s of when the camera can send. */
const WAITS_MS = [200, 500, 1_000, 1_500];

export type LiveInput = {
  title: string;
  /** Whole, with its password. */
  url: string;
  /** It waits for somebody to call (SRT listener). */
  isListener: boolean;
};

/** Why the picture is encoded anew, as a note beside a picture that is live. */
const NOTES: Record<Misfit | 'codec', string> = {
  codec: 'its picture is not H.264',
  profile: 'its H.264 profile is one that browsers do not show',
  size: 'it is larger than 1920×1080 at 60 frames',
  bFrames: 'it has B-frames',
  keyFrames: 'its key frames are more than 2 s apart',
};

/** Reads a network source from now on. */
export function openLiveSource(input: LiveInput, around: SourceSurroundings): Source {
  const source = new LiveSource(input, around);
  source.start();
  return source;
}

class LiveSource implements Source {
  readonly waitsForOthers: boolean;
  readonly #input: LiveInput;
  readonly #around: SourceSurroundings;
  #process: FfmpegProcess | null = null;
  #times = new LiveTimes();
  #judge = new PassthroughJudge();
  /** Empty: the picture passes through. */
  #note = '';
  #picture: PictureTarget;
  #hasSound = true;
  #transport: 'tcp' | 'udp' = 'tcp';
  #attempts = 0;
  #isLive = false;
  #wasLive = false;
  #isClosed = false;
  #endReason = '';
  #lastPictureMs = 0;
  #audioDelayUs = 0;
  #rate = { sinceUs: 0, pictures: 0 };
  #cancelWatch: CancelTimer = () => {};
  #cancelRestart: CancelTimer = () => {};

  constructor(input: LiveInput, around: SourceSurroundings) {
    this.#input = input;
    this.#around = around;
    this.#picture = pictureOf(around);
    this.waitsForOthers = input.isListener;
  }

  start(): void {
    const { ffmpeg, timers, logger, onHelper } = this.#around;
    if (this.#isClosed || !hasFfmpeg(ffmpeg)) return;
    this.#isLive = false;
    this.#times = new LiveTimes();
    this.#judge = new PassthroughJudge();
    this.#endReason = '';
    this.#rate = { sinceUs: 0, pictures: 0 };
    this.#lastPictureMs = performance.now();
    const readers = this.#readers();
    const child = spawnFfmpeg({
      ffmpeg,
      arguments: this.#arguments(ffmpeg),
      hasInput: true,
      outputs: this.#hasSound ? [VIDEO_PIPE, AUDIO_PIPE] : [VIDEO_PIPE],
      ...{ timers, logger, onHelper },
      silenceMsMax: 0,
      onData: (output, bytes) => {
        if (this.#process !== child) return;
        try {
          readers.get(output)?.push(bytes);
        } catch (error) {
          if (!(error instanceof NutError)) throw error;
          this.#giveUp(`what ffmpeg made of it is damaged (${error.message})`);
        }
      },
      onEnd: (end) => this.#ended(end, child),
    });
    this.#process = child;
    const { url } = this.#input;
    child.write(Buffer.from(inputScript(url, this.#transport, ffmpeg)), () => child.endInput());
    this.#cancelWatch = timers.every(LOOK_PERIOD_MS, () => this.#look());
  }

  requestKeyFrame(): boolean {
    return false;
  }

  setBitrate(): boolean {
    return false;
  }

  /** What passes through is as it is made; a port that waits cannot be opened twice. */
  setPicture(picture: PictureTarget): boolean {
    if (JSON.stringify(picture) === JSON.stringify(this.#picture)) return true;
    if (this.#note !== '' && !this.#input.isListener) return false;
    this.#picture = picture;
    if (this.#note === '') return true;
    this.#attempts = 0;
    this.#giveUp('it is connected again for another picture');
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRestart();
    this.#cancelWatch();
    await this.#process?.kill();
  }

  #arguments(ffmpeg: Ffmpeg): string[] {
    const copied = ['-c:v', 'copy', '-bsf:v', 'dump_extra=freq=keyframe', ...NUT_OUTPUT];
    const picture = this.#note === '' ? copied : encodedPicture(this.#picture, ffmpeg);
    const sound = ['-map', '0:a:0', '-af', 'aresample=48000:async=1000:first_pts=0'];
    return [
      ...SCRIPT_INPUT,
      ...['-map', '0:v:0', ...picture, 'pipe:1'],
      ...(this.#hasSound ? [...sound, ...soundEncoderArguments(), 'pipe:3'] : []),
    ];
  }

  #readers() {
    const picture = createNutReader({
      onStream: ({ fourcc }) => {
        if (this.#note === '' && fourcc !== 'H264') this.#encodeAnew('codec');
      },
      onFrame: (frame) => this.#takePicture(frame),
    });
    const sound = createNutReader({
      onStream: ({ extradata }) => {
        this.#audioDelayUs = opusDelayUs(extradata);
      },
      onFrame: ({ ptsUs, bytes }) => {
        if (!this.#times.isKnown) return;
        const nowUs = this.#around.clock.nowUs();
        const captureUs = this.#times.captureUs(ptsUs - this.#audioDelayUs, nowUs);
        this.#around.onFrame({ track: 'audio', captureUs, bytes });
      },
    });
    return new Map([
      [VIDEO_PIPE, picture],
      [AUDIO_PIPE, sound],
    ]);
  }

  #takePicture({ ptsUs, bytes }: NutFrame): void {
    const units = splitAnnexB(bytes);
    const isKey = isKeyFrame(units);
    this.#lastPictureMs = performance.now();
    // A camera begins in the middle; nothing can be shown, or judged, before a key frame.
    if (!this.#isLive && !isKey) return;
    if (this.#note === '') {
      const sps = isKey ? units.find((unit) => nalTypeOf(unit) === NAL_SPS) : undefined;
      if (sps && !this.#isLive) this.#judge.begin(parseSps(sps));
      const misfit = this.#judge.look({ presentationMs: ptsUs / 1000, isKey, units });
      if (misfit) {
        this.#encodeAnew(misfit);
        return;
      }
    }
    const captureUs = this.#times.arrived(ptsUs, this.#around.clock.nowUs());
    if (!this.#isLive) this.#becomeLive();
    this.#countPicture(captureUs);
    this.#around.onFrame({ track: 'video', captureUs, bytes });
  }

  #becomeLive(): void {
    this.#isLive = true;
    this.#wasLive = true;
    this.#attempts = 0;
    const note = this.#note === '' ? '' : `Encoded anew, because ${this.#note}`;
    const madeBy = this.#note === '' ? 'sender' : this.#picture.encoder;
    this.#around.onState({ state: 'live', reason: note, hasSound: this.#hasSound, madeBy });
  }

  #countPicture(captureUs: number): void {
    if (this.#rate.pictures === 0) this.#rate.sinceUs = captureUs;
    this.#rate.pictures++;
    if (this.#rate.pictures <= 30) return;
    const seconds = (captureUs - this.#rate.sinceUs) / 1_000_000;
    const framesPerSecond = Math.round((this.#rate.pictures - 1) / seconds);
    this.#rate = { sinceUs: captureUs, pictures: 1 };
    if (Number.isFinite(framesPerSecond)) this.#around.onState({ framesPerSecond });
  }

  /** From the next connection on, which is made at once. */
  #encodeAnew(misfit: Misfit | 'codec'): void {
    this.#note = NOTES[misfit];
    this.#attempts = 0;
    this.#giveUp(`it is encoded anew, because ${this.#note}`);
  }

  #look(): void {
    const silentMs = performance.now() - this.#lastPictureMs;
    if (this.#isLive && silentMs > SILENCE_MS_MAX) {
      this.#giveUp(`it sent no picture for ${SILENCE_MS_MAX / 1000} s`);
    }
    const connectMsMax = this.#attempts % 3 === 2 ? CONNECT_MS_LONG : CONNECT_MS_MAX;
    if (!this.#isLive && silentMs > connectMsMax && !this.#input.isListener) {
      this.#giveUp(`it gave no picture within ${connectMsMax / 1000} s`);
    }
  }

  #giveUp(reason: string): void {
    if (this.#endReason !== '') return;
    this.#endReason = reason;
    this.#cancelWatch();
    void this.#process?.kill();
  }

  #ended(end: FfmpegEnd, child: FfmpegProcess): void {
    if (this.#process !== child) return;
    this.#process = null;
    this.#cancelWatch();
    if (this.#isClosed) return;
    if (isEncoderFault(child.lastLines())) this.#picture = { ...this.#picture, encoder: 'x264' };
    const said = child.lastLines().join('\n');
    const lacksSound = this.#hasSound && /'0:a:0' matches no streams/.test(said);
    if (lacksSound) {
      this.#hasSound = false;
      this.#attempts = 0;
    }
    // Tried after TCP only: over UDP every lost packet is a broken picture.
    if (/461|Unsupported transport/i.test(said)) this.#transport = 'udp';
    const waitMs = lacksSound ? 0 : (WAITS_MS[this.#attempts] ?? WAITS_MS.at(-1) ?? 0);
    this.#attempts++;
    const { title } = this.#input;
    const reason = `${title}: ${this.#endReason || plainReason(end.reason)}`;
    if (!lacksSound) {
      this.#around.logger.warn('A network source is connected again', { reason, waitMs });
      this.#around.onState({ state: this.#wasLive ? 'reconnecting' : 'connecting', reason });
    }
    this.#cancelRestart = this.#around.timers.after(waitMs, () => this.start());
  }
}

/** What ffmpeg says, without the names of its parts. */
function plainReason(line: string): string {
  const said = line.replace(/^\[[^\]]*\] */, '').replace(/^pipe:0: */, '');
  return said === '' || /^ffmpeg ended/.test(said) ? 'it ended its stream' : said;
}
