// Proves the owner's choice of picture with a real settings file: it is found again, written beside
// what else stands there, given to capture and to the uplink, and an encoder of the machine is used
// only after a trial that it passed. The trials themselves are answered by the test; the real ones
// are in hardwareEncoders.test.ts.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import {
  FIRST_PICTURE_CHOICE,
  type HardwareEncoder,
  type PictureChoice,
  type PictureState,
} from '../../core/contract/picture.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Caller } from '../../core/contract/rpcCalls.ts';
import type { SourceState } from '../../core/contract/state.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';
import { openPictureRoom } from './pictureRoom.ts';

const folder = mkdtempSync(join(tmpdir(), 'picture-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'settings.json');
const owner = { role: 'owner', clientId: 'test' } as Caller;
const SOURCE: SourceState = {
  ...{ url: 'demo:', title: 'Demo match', state: 'live', reason: '', width: 1280, height: 720 },
  ...{ framesPerSecond: 30, hasSound: true },
};
const FFMPEG: Ffmpeg = {
  ...{ path: '/usr/bin/ffmpeg', origin: 'system', version: '6', passthrough: [], deathPrefix: [] },
  ...{ encoders: new Set(), demuxers: new Set(), protocols: new Set() },
};

async function open(
  answers: Partial<Record<HardwareEncoder, string>> = {},
  bitsPerSecondMax: number | null = null,
) {
  const time = new ManualTime();
  const told: PictureState[] = [];
  const targets: { target: PictureTarget; isForNext: boolean }[] = [];
  const tried: HardwareEncoder[] = [];
  let tellSource: (state: SourceState) => void = () => {};
  const room = await openPictureRoom({
    configuration: { dataFolder: folder, bitsPerSecondMax },
    around: { ffmpeg: FFMPEG, timers: time, logger: silentLogger, onHelper() {} },
    capture: {
      setPicture: (target, isForNext = false) => void targets.push({ target, isForNext }),
      setBitrate: () => true,
      onState: (run) => {
        tellSource = run;
      },
    },
    setMost: (bitsPerSecond) => bitsPerSecond,
    onChange: (picture) => told.push(picture),
    async tryEncoder(_ffmpeg, encoder) {
      tried.push(encoder);
      return answers[encoder] ?? 'there is none';
    },
  });
  /** Waits, and lets every trial be answered. */
  async function trials(): Promise<void> {
    time.advance(10_000);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }
  const last = () => {
    const found = told.at(-1);
    assert.ok(found);
    return found;
  };
  return { room, last, targets, tried, trials, tellSource: (s: SourceState) => tellSource(s) };
}

test('a choice is carried out and kept beside what else stands in the settings', async () => {
  writeFileSync(path, '{"version":1,"title":"Cup","picture":{"height":1080}}');
  const first = await open();
  assert.deepEqual(first.last().choice, { ...FIRST_PICTURE_CHOICE, height: 1080 });
  assert.deepEqual(first.targets.at(-1)?.target.height, 1080);
  const choice: PictureChoice = {
    ...{ height: 480, intent: 'weakUplink', framesPerSecond: 60, encoder: 'x264' },
  };
  await first.room.handlers.choose({ choice }, owner);
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), {
    ...{ version: 1, title: 'Cup', picture: choice },
  });
  assert.deepEqual([first.last().choice, first.targets.at(-1)?.target.width], [choice, 854]);
  first.room.close();
  const second = await open({}, 700_000);
  assert.deepEqual([second.last().choice, second.last().bitsPerSecond], [choice, 700_000]);
  assert.equal(second.targets.at(-1)?.target.framesPerSecond, 60);
  second.room.close();
});

test('settings that cannot be read are left alone, and said', async () => {
  writeFileSync(path, '{"version":1,');
  const { room, last } = await open();
  assert.deepEqual(last().choice, FIRST_PICTURE_CHOICE);
  await assert.rejects(
    async () => room.handlers.choose({ choice: FIRST_PICTURE_CHOICE }, owner),
    (cause) => cause instanceof RpcError && /settings\.json cannot be read/.test(cause.message),
  );
  assert.equal(readFileSync(path, 'utf8'), '{"version":1,');
  room.close();
  rmSync(path);
});

test('an encoder of the machine waits for its trial, is untried, then seen', async () => {
  const choice = { ...FIRST_PICTURE_CHOICE, encoder: 'vaapi' } as const;
  writeFileSync(path, JSON.stringify({ version: 1, picture: choice }));
  const { room, last, targets, tried, trials, tellSource } = await open({ vaapi: '' });
  // The start does not wait for it.
  assert.deepEqual([last().encoder, tried.length], ['x264', 0]);
  assert.match(last().reason, /has not been tried yet/);
  await assert.rejects(async () => room.handlers.choose({ choice }, owner), /not been tried yet/);
  await trials();
  assert.deepEqual(tried, ['nvenc', 'qsv', 'amf', 'videotoolbox', 'vaapi']);
  assert.deepEqual([last().encoder, last().reason], ['vaapi', '']);
  assert.equal(targets.at(-1)?.target.encoder, 'vaapi');
  const stateOf = (one: HardwareEncoder) => last().trials.find(({ encoder }) => encoder === one);
  assert.deepEqual(stateOf('vaapi')?.state, 'untried');
  assert.deepEqual(stateOf('nvenc'), {
    ...{ encoder: 'nvenc', state: 'refused', reason: 'there is none' },
  });
  await assert.rejects(
    async () => room.handlers.choose({ choice: { ...choice, encoder: 'nvenc' } }, owner),
    /NVENC \(NVIDIA\) cannot be used: there is none\./,
  );
  tellSource({ ...SOURCE, madeBy: 'sender' });
  assert.equal(stateOf('vaapi')?.state, 'untried', 'what passes through proves nothing');
  tellSource({ ...SOURCE, madeBy: 'vaapi' });
  assert.equal(stateOf('vaapi')?.state, 'seen');
  // It gives up in the show: the source has gone on with x264, and the next one begins with it.
  const before = targets.length;
  tellSource({ ...SOURCE, madeBy: 'x264' });
  assert.equal(stateOf('vaapi')?.state, 'refused');
  assert.match(last().reason, /gave up while it carried the picture/);
  assert.deepEqual(
    targets.slice(before).map(({ target, isForNext }) => [target.encoder, isForNext]),
    [['x264', true]],
  );
  room.close();
  rmSync(path);
});
