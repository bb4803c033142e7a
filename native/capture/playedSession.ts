// One uninterrupted playing of a programme, from one place on: the entries' ffmpegs run one after
// the other, each started before the one before has ended, and one pacer lets their frames go at
// their time, so that no gap shows where one entry ends and the next begins. It knows at every
// picture where that is in the programme. It ends when an ffmpeg fails; to begin again is not its.

import type { TrackKind } from '../../core/media/feed.ts';
import { createNutReader, NutError, type NutReader } from '../../core/media/nut.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import { type Ffmpeg, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegEnd, type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { isEncoderFault, opusDelayUs } from './encoder.ts';
import { createFilePictures, type FilePictures } from './filePictures.ts';
import { type Played, playedArguments } from './fileSource.ts';
import { createPacer, type PacedFrame, type Pacer } from './pacer.ts';
import type { Entry, Opened, Programme } from './programme.ts';
import type { CapturedFrame, SourceSurroundings } from './source.ts';

const VIDEO_PIPE = 1;
const AUDIO_PIPE = 3;
/** ffmpeg answers within a frame once it runs; slow disks and large key frames included. */
const SILENCE_MS_MAX = 4_000;
const PACKET_US = 20_000;
const SOUND_CUT_US_MAX = 100_000;
/** So long before its end the next ffmpeg is started, and waits: a busy machine takes its time. */
const AHEAD_US = 3_000_000;

/** A place in a programme. */
export type Place = { entry: number; positionUs: number };

/** What a picture belongs to. */
export type Shown = Place & {
  entryTitle: string;
  lengthUs: number | null;
  framesPerSecond: number;
  hasSound: boolean;
};

export type SessionOptions = {
  programme: Programme;
  from: Place;
  picture: PictureTarget;
  around: SourceSurroundings;
  /** Every frame at its time; of the best picture with its place. */
  onFrame(frame: CapturedFrame, shown: Shown | null): void;
  /** It is over, for this reason; a session that is closed says nothing. */
  onOver(reason: string, isEncoderFault: boolean): void;
};

/** One ffmpeg on one entry. */
type Run = {
  opened: Opened;
  entry: number;
  title: string;
  fromUs: number;
  /** Its zero, and the ends of what it gave so far, in the pacer's time. */
  baseUs: number;
  endUs: number;
  soundEndUs: number;
  child: FfmpegProcess | null;
  /** Only where the picture is encoded apart from its decoding. */
  pictures: FilePictures | null;
  /** Why the raw pictures wait. */
  holds: Set<'ahead' | 'encoding'>;
};

export class PlayedSession {
  readonly #options: SessionOptions;
  readonly #pacer: Pacer;
  /** What is being shown, and behind it what is being read. */
  #runs: Run[] = [];
  #picture: PictureTarget;
  /** Started, and not read from yet. */
  #prepared: { entry: number; run: Promise<Run | null> } | null = null;
  #isAhead: Record<TrackKind, boolean> = { video: false, audio: false };
  /** Entries in a row that gave no picture. */
  #empty = 0;
  #isClosed = false;
  readonly #ending = new Set<Promise<unknown>>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#picture = options.picture;
    const { clock, timers, logger } = options.around;
    this.#pacer = createPacer({
      clock,
      timers,
      onDue: (frame, captureUs) => this.#due(frame, captureUs),
      onPause: (track, isPaused) => {
        this.#isAhead[track] = isPaused;
        this.#holdAhead();
      },
      onBroken: (track, gapUs) => {
        logger.warn('The times of a file jumped', { track, gapUs });
        this.#over('its times jumped');
      },
    });
    void this.#begin(options.from, 0);
  }

  get isApart(): boolean {
    const { lowerLayers = [], isElastic } = this.#options.around;
    return lowerLayers.length > 0 || isElastic === true;
  }

  setBitrate(bitsPerSecond: number): void {
    this.#picture = { ...this.#picture, bitsPerSecond };
    for (const { pictures } of this.#runs) pictures?.setBitrate(bitsPerSecond);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pacer.close();
    const runs = this.#runs.splice(0);
    const prepared = await this.#prepared?.run;
    if (prepared) runs.push(prepared);
    const ends = runs.flatMap(({ child, pictures }) => [child?.kill(), pictures?.close()]);
    await Promise.all([...ends, ...this.#ending]);
  }

  async #begin(place: Place, baseUs: number): Promise<void> {
    const { entry } = place;
    const prepared = this.#prepared;
    this.#prepared = null;
    const isReady = prepared?.entry === entry && place.positionUs === 0;
    const run = (isReady && (await prepared.run)) || (await this.#open(place));
    if (typeof run === 'string') {
      if (!this.#isClosed) this.#goOn(entry, baseUs, false, run);
      return;
    }
    if (!run || this.#isClosed) {
      void run?.child?.kill();
      return;
    }
    run.baseUs = baseUs;
    run.endUs = baseUs;
    run.soundEndUs = baseUs;
    this.#runs.push(run);
    this.#holdAhead();
  }

  /** While its outputs wait it gives nothing, so its base may come later. */
  #prepare({ entry, opened, baseUs, fromUs, endUs }: Run): void {
    const { lengthUs, isEndless } = opened;
    if (this.#prepared || isEndless || lengthUs === null) return;
    if (fromUs + endUs - baseUs < lengthUs - AHEAD_US) return;
    const next = this.#after(entry);
    const run = this.#open({ entry: next, positionUs: 0 }).then((made) =>
      typeof made === 'string' ? null : made,
    );
    this.#prepared = { entry: next, run };
  }

  /** A run that waits to be read from, or why there is none; null: nobody wants it any more. */
  async #open({ entry, positionUs }: Place): Promise<Run | string | null> {
    const { programme, around } = this.#options;
    const known = programme.entries[entry];
    if (!known || !hasFfmpeg(around.ffmpeg)) return null;
    try {
      const opened = await known.open(positionUs);
      if (this.#isClosed) return null;
      return this.#start({ opened, entry, fromUs: positionUs }, known, around.ffmpeg);
    } catch (cause) {
      around.logger.warn('An entry is left out', { title: known.title, reason: String(cause) });
      return cause instanceof Error ? cause.message : String(cause);
    }
  }

  #start(place: Pick<Run, 'opened' | 'entry' | 'fromUs'>, known: Entry, ffmpeg: Ffmpeg): Run {
    const { played } = place.opened;
    const run: Run = {
      ...{ ...place, baseUs: 0, endUs: 0, soundEndUs: 0, title: known.title },
      ...{ child: null, pictures: null, holds: new Set() },
    };
    if (this.isApart) run.pictures = this.#encodeApart(run, ffmpeg);
    const readers = this.#readersOf(run);
    const { timers, logger, onHelper } = this.#options.around;
    const child = spawnFfmpeg({
      ffmpeg,
      arguments: playedArguments(played, ffmpeg, this.#pictureOf(played), run.pictures !== null),
      hasInput: played.script !== undefined,
      outputs: [VIDEO_PIPE, AUDIO_PIPE],
      ...{ timers, logger, onHelper },
      silenceMsMax: played.silenceMsMax ?? SILENCE_MS_MAX,
      onData: (output, bytes) => {
        if (this.#isClosed) return;
        try {
          readers.get(output)?.push(bytes);
        } catch (error) {
          if (!(error instanceof NutError)) throw error;
          this.#over(`what ffmpeg made of it is damaged (${error.message})`);
        }
      },
      onEnd: (end) => this.#ended(run, end, child.lastLines()),
    });
    run.child = child;
    child.setPaused(AUDIO_PIPE, true);
    child.setPaused(VIDEO_PIPE, true);
    const { script } = played;
    if (script !== undefined) child.write(Buffer.from(script), () => child.endInput());
    return run;
  }

  /** Only the last one reads; what the others gave is on its way out. */
  #holdAhead(): void {
    const run = this.#runs.at(-1);
    if (!run) return;
    run.child?.setPaused(AUDIO_PIPE, this.#isAhead.audio);
    hold(run, 'ahead', this.#isAhead.video);
  }

  #readersOf(run: Run): Map<number, Pick<NutReader, 'push'>> {
    let soundDelayUs = 0;
    const picture = createNutReader({
      onFrame: ({ ptsUs, bytes }) => this.#pushPicture(run, ptsUs, bytes),
    });
    const sound = createNutReader({
      onStream: (stream) => {
        soundDelayUs = opusDelayUs(stream.extradata);
      },
      onFrame: ({ ptsUs, bytes }) => {
        const atUs = run.baseUs + ptsUs - soundDelayUs;
        run.soundEndUs = Math.max(run.soundEndUs, atUs + PACKET_US);
        this.#pacer.push({ track: 'audio', ptsUs: atUs, bytes });
      },
    });
    return new Map<number, Pick<NutReader, 'push'>>([
      [VIDEO_PIPE, run.pictures ?? picture],
      [AUDIO_PIPE, sound],
    ]);
  }

  #pushPicture(run: Run, ptsUs: number, bytes: Uint8Array): void {
    const atUs = run.baseUs + ptsUs;
    run.endUs = Math.max(
      run.endUs,
      atUs + 1_000_000 / this.#pictureOf(run.opened.played).framesPerSecond,
    );
    this.#empty = 0;
    this.#prepare(run);
    this.#pacer.push({ track: 'video', ptsUs: atUs, bytes });
  }

  #encodeApart(run: Run, ffmpeg: Ffmpeg): FilePictures {
    const { timers, onHelper, lowerLayers = [] } = this.#options.around;
    return createFilePictures({
      ...{ ffmpeg, timers, onHelper, lowerLayers, picture: this.#pictureOf(run.opened.played) },
      onBest: (ptsUs, bytes) => this.#pushPicture(run, ptsUs, bytes),
      onCopy: (layer, captureUs, bytes) => {
        this.#options.onFrame({ track: 'video', layer, captureUs, bytes }, null);
      },
      onBusy: (isBusy) => hold(run, 'encoding', isBusy),
      onEnd: (reason) => this.#over(reason, this.#picture.encoder !== 'x264'),
    });
  }

  /** Of an entry: never more often than it comes. */
  #pictureOf({ framesPerSecond }: Played): PictureTarget {
    const most = this.#picture.framesPerSecond;
    return { ...this.#picture, framesPerSecond: Math.min(most, framesPerSecond) };
  }

  #due(frame: PacedFrame, captureUs: number): void {
    const { track, bytes, ptsUs } = frame;
    if (track === 'audio') {
      this.#options.onFrame({ track, captureUs, bytes }, null);
      return;
    }
    while (ptsUs >= (this.#runs[1]?.baseUs ?? Number.POSITIVE_INFINITY)) {
      const before = this.#runs.shift();
      const closed = before?.pictures?.close() ?? Promise.resolve();
      this.#ending.add(closed);
      void closed.finally(() => this.#ending.delete(closed));
    }
    const run = this.#runs[0];
    if (!run) return;
    this.#options.onFrame(
      { track, captureUs, bytes },
      shownOf(run, ptsUs, this.#pictureOf(run.opened.played).framesPerSecond),
    );
    if (!this.#isClosed) run.pictures?.released(ptsUs - run.baseUs, captureUs);
  }

  #ended(run: Run, end: FfmpegEnd, lines: readonly string[]): void {
    run.child = null;
    if (this.#isClosed) return;
    // One that was only prepared is started anew when its turn comes.
    if (!this.#runs.includes(run)) {
      this.#prepared = null;
      return;
    }
    const known = this.#options.programme.entries[run.entry];
    // Whether a network stream has sound is seen only by trying.
    if (run.opened.played.sound && lines.some((line) => /matches no streams/.test(line))) {
      known?.lacksSound?.();
      this.#runs.splice(this.#runs.indexOf(run), 1);
      void run.pictures?.close();
      void this.#begin({ entry: run.entry, positionUs: run.fromUs }, run.baseUs);
      return;
    }
    const hasFinished = end.code === 0 && !end.wasKilled && !run.opened.isEndless;
    if (!hasFinished) this.#over(end.reason, isEncoderFault(lines));
    else if (!run.pictures) this.#goOn(run.entry, nextBaseUs(run), true, end.reason);
    else {
      const whole = run.pictures.finish();
      this.#ending.add(whole);
      void whole.then(() => {
        this.#ending.delete(whole);
        if (!this.#isClosed) this.#goOn(run.entry, nextBaseUs(run), true, end.reason);
      });
    }
  }

  /** To what comes after this entry; not for ever when none of them has a picture. */
  #goOn(entry: number, baseUs: number, hasRun: boolean, reason: string): void {
    const { entries } = this.#options.programme;
    this.#empty++;
    // An entry that is entered at its very end gives nothing, and that says nothing of it.
    if (this.#empty > entries.length + (hasRun ? 1 : 0)) this.#over(reason);
    else void this.#begin({ entry: this.#after(entry), positionUs: 0 }, baseUs);
  }

  #after(entry: number): number {
    return (entry + 1) % this.#options.programme.entries.length;
  }

  #over(reason: string, isFault = false): void {
    if (this.#isClosed) return;
    void this.close();
    this.#options.onOver(reason, isFault);
  }
}

/** A sound that ends a moment after its picture loses that moment; a longer one is heard out. */
function nextBaseUs({ endUs, soundEndUs }: Run): number {
  return soundEndUs - endUs < SOUND_CUT_US_MAX ? endUs : soundEndUs;
}

function shownOf(run: Run, ptsUs: number, framesPerSecond: number): Shown {
  const { opened, entry, title } = run;
  const { lengthUs, played, isEndless } = opened;
  const playedUs = run.fromUs + ptsUs - run.baseUs;
  const loops = isEndless && lengthUs !== null && lengthUs > 0;
  return {
    ...{ entry, entryTitle: title, lengthUs },
    positionUs: Math.max(0, loops ? playedUs % lengthUs : playedUs),
    framesPerSecond,
    hasSound: played.sound !== null,
  };
}

function hold({ holds, child }: Run, why: 'ahead' | 'encoding', isHeld: boolean): void {
  if (isHeld) holds.add(why);
  else holds.delete(why);
  child?.setPaused(VIDEO_PIPE, holds.size > 0);
}
