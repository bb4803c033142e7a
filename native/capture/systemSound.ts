// What this computer plays, as the show's sound: on Linux the monitor of PulseAudio's output, which
// PipeWire answers for, too. Browsers hide monitors from pages, so ffmpeg listens. While chosen it
// takes the place of the source's own sound, whatever is on air; where no server answers, it says
// so and asks again.

import type { CancelTimer } from '../../core/base/clock.ts';
import { createNutReader, NutError } from '../../core/media/nut.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { opusDelayUs, soundEncoderArguments } from './encoder.ts';
import { LiveTimes } from './liveTimes.ts';
import type { CapturedFrame, SourceSurroundings } from './source.ts';
import { SourceError } from './sourceError.ts';

/** The server's own name for whatever output is the default one now. */
const MONITOR = '@DEFAULT_MONITOR@';
/** A monitor is silent in packets only when its server is gone or hangs. */
const SILENCE_MS_MAX = 5_000;
const AGAIN_MS = 2_000;

export type SystemSoundState = { isLive: boolean; reason: string };

export type SystemSound = {
  /** Null: it is not chosen. */
  state(): SystemSoundState | null;
  /**
   * Listens from now on, or no more.
   *
   * @throws SourceError where this ffmpeg cannot
   */
  choose(isOn: boolean): void;
  close(): Promise<void>;
};

type Options = Pick<
  SourceSurroundings,
  'clock' | 'timers' | 'logger' | 'ffmpeg' | 'onHelper' | 'onFrame'
> & {
  onChange(): void;
};

/** Makes it; it listens to nothing before it is chosen. */
export function createSystemSound(options: Options): SystemSound {
  return new Monitor(options);
}

class Monitor implements SystemSound {
  readonly #options: Options;
  #state: SystemSoundState | null = null;
  #process: FfmpegProcess | null = null;
  #cancel: CancelTimer = () => {};
  readonly #ending = new Set<Promise<void>>();

  constructor(options: Options) {
    this.#options = options;
  }

  state(): SystemSoundState | null {
    return this.#state;
  }

  choose(isOn: boolean): void {
    if (isOn === (this.#state !== null)) return;
    if (isOn) {
      refuseWithout(this.#options.ffmpeg);
      this.#state = { isLive: false, reason: '' };
      this.#listen();
    } else this.#stop();
    this.#options.onChange();
  }

  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#ending);
  }

  #stop(): void {
    this.#state = null;
    this.#cancel();
    const ended = this.#process?.kill();
    this.#process = null;
    if (!ended) return;
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }

  #listen(): void {
    const { ffmpeg, clock, timers, logger, onHelper } = this.#options;
    if (!hasFfmpeg(ffmpeg)) return;
    const times = new LiveTimes();
    let delayUs = 0;
    const reader = createNutReader({
      onStream: ({ extradata }) => {
        delayUs = opusDelayUs(extradata);
      },
      onFrame: ({ ptsUs, bytes }) => {
        if (this.#process !== child) return;
        this.#tell(true, '');
        const captureUs = times.arrived(ptsUs - delayUs, clock.nowUs());
        const frame: CapturedFrame = { track: 'audio', captureUs, bytes };
        this.#options.onFrame(frame);
      },
    });
    const child = spawnFfmpeg({
      ffmpeg,
      arguments: [
        ...['-f', 'pulse', '-fragment_size', '3840', '-i', MONITOR],
        ...soundEncoderArguments(),
        'pipe:1',
      ],
      outputs: [1],
      ...{ timers, logger, onHelper },
      silenceMsMax: SILENCE_MS_MAX,
      onData: (_output, bytes) => {
        try {
          reader.push(bytes);
        } catch (error) {
          if (!(error instanceof NutError)) throw error;
          void child.kill();
        }
      },
      onEnd: ({ reason }) => {
        if (this.#process !== child) return;
        this.#process = null;
        logger.warn('The sound of this computer ended', { reason });
        this.#tell(false, reasonOf(reason));
        this.#cancel = timers.after(AGAIN_MS, () => this.#listen());
      },
    });
    this.#process = child;
  }

  #tell(isLive: boolean, reason: string): void {
    if (!this.#state) return;
    if (this.#state.isLive === isLive && this.#state.reason === reason) return;
    this.#state = { isLive, reason };
    this.#options.onChange();
  }
}

function refuseWithout(ffmpeg: FfmpegChoice): void {
  if (!hasFfmpeg(ffmpeg)) throw new SourceError('needs-ffmpeg', ffmpeg.reason);
  if (ffmpeg.demuxers.has('pulse')) return;
  throw new SourceError(
    'needs-ffmpeg',
    'The sound of this computer needs PulseAudio or PipeWire (Linux), and an ffmpeg that hears: ' +
      `${ffmpeg.path} has no pulse. Install one that lists "pulse" in ffmpeg -devices and set ` +
      'MORPHINE_FFMPEG to its path, or share a screen with its sound instead',
  );
}

/** ffmpeg says "No such process" and the like for a server that is not there. */
function reasonOf(said: string): string {
  const isAbsent = /@DEFAULT_MONITOR@|Connection refused|No such (process|file)/.test(said);
  if (!isAbsent) return `The sound of this computer stopped: ${said}`;
  return 'No PulseAudio or PipeWire answers; start one (pulseaudio --start), it is asked again';
}
