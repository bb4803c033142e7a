// Proves what pages are told of the sounds on air and their levels: settings are kept per source and
// given to the sound at the next start, a broken file is put aside, and whoever asks for levels gets
// the highest peak since the last question, each once, and an answer also when there is no sound.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import {
  FIRST_SOUND_SETTINGS,
  type MixerState,
  type SoundSettings,
} from '../../core/contract/mixer.ts';
import type { Caller } from '../../core/contract/rpcCalls.ts';
import type { SourceState } from '../../core/contract/state.ts';
import type { MeteredLevel } from '../../core/sound/levelMeter.ts';
import { NOTHING_SELECTED } from '../capture/shownState.ts';
import type { FfmpegChoice } from '../ffmpeg/resolve.ts';
import { openMixerRoom } from './mixerRoom.ts';

const folder = mkdtempSync(join(tmpdir(), 'mixer-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const caller = {} as Caller;
const DEMO: SourceState = {
  ...{ ...NOTHING_SELECTED, url: 'demo:', title: 'Demo match', state: 'live', hasSound: true },
};
const quiet: SoundSettings = { ...FIRST_SOUND_SETTINGS, gainDb: -6, delayMs: 40 };

async function open(dataFolder: string) {
  const time = new ManualTime();
  const given = new Map<string, SoundSettings>();
  const told: MixerState[] = [];
  let tellLevel: (key: string, level: MeteredLevel) => void = () => {};
  let tellTrouble: (key: string, reason: string) => void = () => {};
  let tellState: (state: SourceState) => void = () => {};
  let source = DEMO;
  const ffmpeg: FfmpegChoice = { path: null, reason: 'There is no ffmpeg here' } as never;
  const room = await openMixerRoom({
    configuration: { dataFolder },
    around: { ffmpeg, timers: time, logger: silentLogger },
    capture: {
      sound: {
        set: (key, settings) => void given.set(key, settings),
        onLevel(run) {
          tellLevel = run;
        },
        onTrouble(run) {
          tellTrouble = run;
        },
        heard() {},
        packetsLeftOut: () => 0,
      },
      state: () => source,
      onState(run) {
        tellState = run;
      },
    },
    onChange: (mixer) => told.push(mixer),
  });
  const shows = (next: SourceState) => {
    source = next;
    tellState(next);
  };
  const level = (peak: number, rms = peak - 3) =>
    tellLevel('demo:', { peakDb: [peak, peak - 1], rmsDb: [rms, rms] });
  return { room, time, given, told, level, shows, trouble: tellTrouble };
}

test('settings are kept per source; sounds come, go and take each other’s place', async () => {
  const dataFolder = join(folder, 'kept');
  const first = await open(dataFolder);
  await first.room.handlers.set({ key: 'demo:', settings: quiet }, caller);
  assert.deepEqual(first.told.at(-1)?.strips[0]?.settings, quiet);
  const again = await open(dataFolder);
  assert.deepEqual([...again.given], [['demo:', quiet]]);
  const strips = () => again.told.at(-1)?.strips.map(({ key, isHeard }) => [key, isHeard]);
  assert.deepEqual(strips(), [['demo:', true]]);
  again.shows({ ...DEMO, systemSound: { isLive: true, reason: '' } });
  assert.deepEqual(strips(), [
    ['demo:', false],
    ['system:', true],
  ]);
  again.shows({ ...DEMO, hasSound: false });
  assert.deepEqual(strips(), []);
  const { told } = first;
  const [strip] = told.at(-1)?.strips ?? [];
  assert.deepEqual([strip?.isPacketsOnly, strip?.reason], [true, 'There is no ffmpeg here']);
});

test('a file that cannot be read is put aside', async () => {
  const dataFolder = mkdtempSync(join(folder, 'broken-'));
  writeFileSync(join(dataFolder, 'mixer.json'), '{"version":1,"sources":[{"key":"demo:"}]}');
  const { given } = await open(dataFolder);
  assert.equal(given.size, 0);
  assert.deepEqual(readdirSync(dataFolder), ['mixer.json.damaged']);
});

test('a question is answered by the next level, the highest since the last one, or in time', async () => {
  const { room, time, level } = await open(join(folder, 'levels'));
  const asked = Promise.resolve(room.handlers.levels({ after: 0 }, caller));
  level(-20);
  const first = await asked;
  assert.deepEqual(first.levels[0]?.peakDb, [-20, -21]);
  level(-3, -30);
  level(-40, -44);
  const later = await room.handlers.levels({ after: first.number }, caller);
  assert.deepEqual(
    [later.number, later.levels[0]?.peakDb, later.levels[0]?.rmsDb],
    [3, [-3, -4], [-44, -44]],
  );
  const none = Promise.resolve(room.handlers.levels({ after: 3 }, caller));
  time.advance(1_000);
  assert.deepEqual(await none, { number: 3, levels: [] });
  const ofAnother = await room.handlers.levels({ after: 900 }, caller);
  assert.equal(ofAnother.number, 3, 'another engine counted further');
});
