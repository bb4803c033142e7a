// The mixer as pages see it: which sounds there are, how each is set, how high each is. Settings
// are kept per source in mixer.json of the data folder. Levels go only to whoever asks for newer
// ones, and nobody asks while no meter is shown.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import {
  type MixerState,
  type SoundLevelReading,
  type SoundSettings,
  type SoundStrip,
  SYSTEM_SOUND_KEY,
} from '../../core/contract/mixer.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { SourceState } from '../../core/contract/state.ts';
import type { Capture } from '../capture/capture.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { openKeptMixer } from './keptMixer.ts';

/** Levels that are remembered for a page that asks seldom: half a second at 20 a second. */
const LEVELS_KEPT = 10;
/** A question for newer levels is answered by then, with none: there is no sound, ms. */
const ANSWER_MS_MAX = 1_000;
/** Questions that wait at once; more are answered at once. */
const QUESTIONS_MAX = 64;

type Numbered = SoundLevelReading & { number: number };
type Answer = { number: number; levels: SoundLevelReading[] };

export type MixerRoom = {
  handlers: Handlers['mixer'];
  close(): void;
};

/** Reads what is kept and gives it to the sound. */
export async function openMixerRoom(options: {
  configuration: { dataFolder: string };
  around: { ffmpeg: FfmpegChoice; timers: Timers; logger: Logger };
  capture: Pick<Capture, 'sound' | 'state' | 'onState'>;
  onChange(mixer: MixerState): void;
}): Promise<MixerRoom> {
  const { capture, around } = options;
  const kept = await openKeptMixer(options.configuration.dataFolder, around.logger);
  for (const [key, settings] of kept.all()) capture.sound.set(key, settings);
  const troubles = new Map<string, string>();
  let told = '';
  const tell = () => {
    const reasonOf = (key: string) => troubles.get(key) ?? '';
    const strips = stripsOf(capture.state(), kept.settingsOf, around.ffmpeg, reasonOf);
    const text = JSON.stringify(strips);
    if (text === told) return;
    told = text;
    options.onChange({ strips });
  };
  capture.onState(tell);
  capture.sound.onTrouble((key, reason) => {
    if (reason === '') troubles.delete(key);
    else troubles.set(key, reason);
    tell();
  });
  const levels = createLevelDesk(around.timers);
  capture.sound.onLevel((key, level) => levels.take({ key, ...level }));
  tell();
  return {
    handlers: {
      async set({ key, settings }) {
        await kept.keep(key, settings);
        capture.sound.set(key, settings);
        tell();
      },
      levels: ({ after }) => levels.newerThan(after),
    },
    close: levels.close,
  };
}

/** The sounds of what is on air: its own, and what this computer plays in its place. */
function stripsOf(
  source: SourceState,
  settingsOf: (key: string) => SoundSettings,
  ffmpeg: FfmpegChoice,
  reasonOf: (key: string) => string,
): SoundStrip[] {
  const isPacketsOnly = !hasFfmpeg(ffmpeg);
  const lacks = hasFfmpeg(ffmpeg) ? '' : ffmpeg.reason;
  const strip = (key: string, title: string, isHeard: boolean): SoundStrip => ({
    ...{ key, title, isHeard, isPacketsOnly },
    settings: settingsOf(key),
    reason: lacks || reasonOf(key),
  });
  const { systemSound, hasSound, url, title } = source;
  return [
    ...(hasSound && url !== '' ? [strip(url, title, systemSound?.isLive !== true)] : []),
    ...(systemSound ? [strip(SYSTEM_SOUND_KEY, '', systemSound.isLive)] : []),
  ];
}

/** Levels of the last half second, and the questions that wait for the next ones. */
function createLevelDesk(timers: Timers) {
  let number = 0;
  let recent: Numbered[] = [];
  const waiting = new Set<() => void>();
  const answer = (after: number): Answer => ({ number, levels: highestSince(recent, after) });
  return {
    take(level: SoundLevelReading): void {
      number++;
      recent = [...recent, { ...level, number }].slice(-LEVELS_KEPT);
      for (const run of [...waiting]) run();
    },
    newerThan(after: number): Promise<Answer> {
      // Another engine counted further: its page begins anew with this one's.
      if (after !== number || waiting.size >= QUESTIONS_MAX) {
        return Promise.resolve(answer(after > number ? 0 : after));
      }
      return new Promise((done) => {
        let cancel: CancelTimer = () => {};
        const run = () => {
          waiting.delete(run);
          cancel();
          done(answer(after));
        };
        cancel = timers.after(ANSWER_MS_MAX, run);
        waiting.add(run);
      });
    },
    close(): void {
      for (const run of [...waiting]) run();
    },
  };
}

/** One for each sound: the highest peaks, the newest mean. */
function highestSince(recent: readonly Numbered[], after: number): SoundLevelReading[] {
  const found = new Map<string, SoundLevelReading>();
  for (const { number, key, peakDb, rmsDb } of recent) {
    if (number <= after) continue;
    const [left, right] = found.get(key)?.peakDb ?? peakDb;
    const highest: [number, number] = [Math.max(left, peakDb[0]), Math.max(right, peakDb[1])];
    found.set(key, { key, rmsDb, peakDb: highest });
  }
  return [...found.values()];
}
