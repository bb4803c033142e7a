// Proves that OBS is connected, set up, started, switched and given back as it was; that a wrong
// password, nobody there and something older are named states with the next step; and that it is
// found again after it went away. Against a server of the same protocol, and against the real OBS
// where this machine has the tool that runs it without a screen.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { ObsState } from '../../core/contract/obs.ts';
import { createObsRoom, type ObsKept, type ObsRoom } from './obs.ts';
import { findObs } from './obsFiles.ts';
import { overlayUrlOf } from './obsSetUp.ts';
import { openTestObsServer } from './testing/obsServer.ts';

const PASSWORD = 'of-this-obs';
const TARGETS = {
  whip: { url: 'http://127.0.0.1:47800/whip', token: 'f'.repeat(64) },
  rtmp: { url: 'rtmp://127.0.0.1:1/live', key: 'a-stream-key' },
};
const home = mkdtempSync(join(tmpdir(), 'obs-home-'));
after(() => rmSync(home, { recursive: true, force: true }));

type Opened = {
  room: ObsRoom;
  states: ObsState[];
  /** As it lies in the data folder. */
  kept: () => ObsKept | null;
  until(what: string, fact: (state: ObsState) => boolean): Promise<ObsState>;
};

const open: ObsRoom[] = [];
after(() => {
  for (const room of open) room.close();
});

function openRoom(kept: ObsKept | null = null, overlayUrl = ''): Opened {
  const states: ObsState[] = [];
  const waiting = new Set<() => void>();
  let keptNow = kept;
  const room = createObsRoom({
    ...{ timers: realTimers, logger: silentLogger, kept },
    monotonicMs: () => performance.now(),
    files: { platform: 'linux', env: { HOME: home } },
    async keep(next) {
      keptNow = next;
    },
    targets: () => ({ ...TARGETS, overlayUrl }),
    onChange(state) {
      states.push(state);
      for (const look of [...waiting]) look();
    },
  });
  open.push(room);
  const until = (what: string, fact: (state: ObsState) => boolean) =>
    new Promise<ObsState>((done, fail) => {
      const cancel = realTimers.after(20_000, () => fail(new Error(`Never happened: ${what}`)));
      const look = () => {
        if (!fact(room.state())) return;
        cancel();
        waiting.delete(look);
        done(room.state());
      };
      waiting.add(look);
      look();
    });
  return { room, states, kept: () => keptNow, until };
}

test('OBS is set up, started, watched, switched, and given back as it was', async () => {
  const server = await openTestObsServer({ password: PASSWORD });
  const { obs } = server;
  const before = structuredClone({ service: obs.service, parameters: [...obs.parameters] });
  const { room, kept, until } = openRoom(null, 'http://127.0.0.1:47801/overlay/abc');
  await room.connect(server.address, PASSWORD);
  assert.deepEqual(room.state().scenes, ['Match', 'Break']);
  assert.equal(room.state().version, '30.1.2');

  await room.setUp();
  assert.deepEqual(obs.service, {
    streamServiceType: 'whip_custom',
    streamServiceSettings: {
      ...{ service: 'WHIP', server: TARGETS.whip.url, bearer_token: TARGETS.whip.token },
    },
  });
  assert.match(obs.parameters.get('SimpleOutput/x264Settings') ?? '', /bframes=0/);
  assert.deepEqual(obs.inputs, ['Camera', 'Morphine Studio overlay']);
  assert.deepEqual(
    { setUp: room.state().setUp, note: room.state().setUpNote },
    {
      ...{ setUp: 'whip', note: '' },
    },
  );
  // A second set-up must not take our own settings for the owner's.
  await room.setUp();
  assert.equal(kept()?.before?.service.settings.key, 'the-old-key');

  await room.start();
  server.emit('StreamStateChanged', { outputActive: true, outputState: 'STARTED' });
  await until('streaming', ({ isStreaming }) => isStreaming);
  await assert.rejects(room.setUp(), /OBS is streaming\. Stop it first\./);
  await assert.rejects(room.undo(), /OBS is streaming\. Stop it first\./);
  const flow = realTimers.every(100, () => {
    obs.outputBytes += 31_250;
  });
  obs.skippedFrames = 7;
  const figures = await until('a rate', (s) => s.kilobitsPerSecond > 500 && s.framesDropped === 7);
  assert.ok(figures.kilobitsPerSecond < 5_000, `${figures.kilobitsPerSecond} kbit/s`);
  flow();
  await room.showScene('Break');
  assert.equal(obs.scene, 'Break');
  server.emit('CurrentProgramSceneChanged', { sceneName: 'Break' });
  await until('the scene', ({ scene }) => scene === 'Break');
  await room.stop();

  await room.undo();
  assert.deepEqual({ service: obs.service, parameters: [...obs.parameters] }, before);
  assert.deepEqual(obs.inputs, ['Camera']);
  assert.equal(kept()?.before, null);
  await assert.rejects(room.undo(), /nothing to undo/);
  const told = JSON.stringify(room.state());
  assert.ok(!told.includes(PASSWORD) && !told.includes('the-old-key'), 'no secret in the state');
  room.close();
  await server.close();
});

test('the overlay lies beside the page of viewers, without the key of a sealed picture', () => {
  const id = 'ab'.repeat(16);
  assert.equal(
    overlayUrlOf(`https://relay.example.org/s/${id}?lang=zh#the-key`),
    `https://relay.example.org/overlay/${id}`,
  );
  for (const url of ['', 'https://relay.example.org/', 'nothing']) {
    assert.equal(overlayUrlOf(url), '');
  }
});

test('an OBS that went away is connected again when it is back', async () => {
  const first = await openTestObsServer({ password: '' });
  const { room, until } = openRoom();
  await room.connect(first.address, '');
  await first.close();
  const gone = await until('gone', ({ state }) => state === 'absent');
  assert.match(gone.reason, /connected again/);
  const port = Number(first.address.split(':')[1]);
  const again = await openTestObsServer({ password: '', port });
  await until('back', ({ state }) => state === 'connected');
  room.close();
  await again.close();
});

test('an older OBS is set up by RTMP, and says what it cannot', async () => {
  const server = await openTestObsServer({ password: '', version: '29.0.2', inputKinds: [] });
  server.obs.parameters.set('Output/Mode', 'Advanced');
  const { room } = openRoom(null, 'http://127.0.0.1:47801/overlay/abc');
  await room.connect(server.address, '');
  await room.setUp();
  assert.equal(server.obs.service.streamServiceType, 'rtmp_custom');
  assert.equal(server.obs.service.streamServiceSettings.key, TARGETS.rtmp.key);
  assert.match(room.state().setUpNote, /set to Advanced.*B-frames to 0.*no browser source/);
  room.close();
  await server.close();
});

test('a wrong password, an older protocol and nobody there are named, with the next step', async () => {
  const refusal = async (
    as: Parameters<typeof openTestObsServer>[0],
    password: string,
  ): Promise<ObsState> => {
    const server = await openTestObsServer(as);
    const { room } = openRoom();
    await assert.rejects(room.connect(server.address, password), (error: unknown) => {
      assert.ok(!String(error).includes(PASSWORD));
      return true;
    });
    const state = room.state();
    room.close();
    await server.close();
    return state;
  };
  const wrong = await refusal({ password: PASSWORD }, 'wrong');
  assert.deepEqual(
    [wrong.state, /does not take this password.*Tools/.test(wrong.reason)],
    [...['wrongPassword', true]],
  );
  const missing = await refusal({ password: PASSWORD }, '');
  assert.deepEqual(
    [missing.state, /asks for its password.*Tools/.test(missing.reason)],
    [...['wrongPassword', true]],
  );
  const older = await refusal({ password: '', as: 'olderRpc' }, '');
  assert.deepEqual([older.state, /OBS 28 or later/.test(older.reason)], ['tooOld', true]);
  const silent = await refusal({ password: '', as: 'silent' }, '');
  assert.deepEqual([silent.state, /OBS 28 or later/.test(silent.reason)], ['tooOld', true]);

  const { room } = openRoom();
  await assert.rejects(room.connect('127.0.0.1:9', ''));
  assert.match(room.state().reason, /Nothing answers at 127\.0\.0\.1:9\. OBS was not found/);
  room.close();
});

test('its own files say whether its server is on', async () => {
  const at = { platform: 'linux' as const, env: { HOME: home } };
  const nothing = { isInstalled: false, isServerOn: null, port: 4455, needsPassword: null };
  assert.deepEqual(await findObs(at), nothing);
  const folder = join(home, '.config', 'obs-studio');
  mkdirSync(join(folder, 'plugin_config', 'obs-websocket'), { recursive: true });
  const ini = '[General]\nFirstRun=true\n[OBSWebSocket]\nServerEnabled=false\nServerPort=4477\n';
  writeFileSync(join(folder, 'global.ini'), `${ini}AuthRequired=false\n[Basic]\nProfile=x\n`);
  assert.deepEqual(await findObs(at), {
    ...{ isInstalled: true, isServerOn: false, port: 4477, needsPassword: false },
  });
  const { room } = openRoom();
  await assert.rejects(room.connect('127.0.0.1:9', ''));
  assert.match(room.state().reason, /switch on its server/);
  room.close();
  // OBS 30 and later keeps it elsewhere, and that counts.
  const json = { server_enabled: true, server_port: 4466, auth_required: true };
  const file = join(folder, 'plugin_config', 'obs-websocket', 'config.json');
  writeFileSync(file, JSON.stringify({ ...json, server_password: PASSWORD }));
  const found = await findObs(at);
  assert.deepEqual(found, { isInstalled: true, isServerOn: true, port: 4466, needsPassword: true });
});

const tool = resolve(import.meta.dirname, '../../../shared/tools/obs-push');
const hasTool = existsSync(tool) && spawnSync('which', ['obs']).status === 0;
const skip = hasTool ? false : 'the tool that runs OBS without a screen is not here';

test('the real OBS is found, set up by RTMP, started and given back', { skip }, async (t) => {
  const WS_PORT = 24_455;
  const sockets = new Set<Socket>();
  // Somebody who accepts and says nothing: OBS then keeps connecting, and streams nowhere.
  const nowhere = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((done) => nowhere.listen(0, '127.0.0.1', done));
  const address = nowhere.address();
  assert.ok(address && typeof address === 'object');
  const env = { ...process.env, OBS_WS_PORT: `${WS_PORT}`, OBS_WS_PASSWORD: PASSWORD };
  const server = `rtmp://127.0.0.1:${address.port}/live`;
  const child: ChildProcess = spawn(tool, [server, 'the-first-key', '60'], {
    ...{ env, detached: true, stdio: 'ignore' },
  });
  t.after(() => {
    if (child.pid) process.kill(-child.pid, 'SIGTERM');
    for (const socket of sockets) socket.destroy();
    nowhere.close();
  });
  const { room, until, kept } = openRoom();
  await room.connect(`127.0.0.1:${WS_PORT}`, PASSWORD).catch(() => {});
  const { version, scenes } = await until('connected', ({ state }) => state === 'connected');
  assert.match(version, /^\d+\.\d+/);
  assert.deepEqual(scenes, ['Scene']);
  await room.stop().catch(() => {});
  await until('stopped', ({ isStreaming }) => !isStreaming);
  await room.setUp();
  assert.equal(kept()?.before?.service.settings.key, 'the-first-key');
  assert.equal(room.state().setUp, Number.parseInt(version, 10) >= 30 ? 'whip' : 'rtmp');
  await room.undo();
  assert.equal(kept()?.before, null);
  await room.setUp();
  assert.equal(kept()?.before?.service.settings.server, server, 'it was given back and read again');
  room.close();
});
