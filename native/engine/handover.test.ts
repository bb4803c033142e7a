// Proves the hand-over's rules with time that moves only when told: viewers move only after pictures
// came out of the other engine, they come back when it falls silent though we send, a source that
// stands still is no fault of it, and what was set outlives the engine without showing its token.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { HandoverView } from '../../core/contract/state.ts';
import type { UplinkState } from '../webrtc/whipClient.ts';
import { createHandover, type Handover } from './handover.ts';

const folder = await mkdtemp(join(tmpdir(), 'handover-'));
after(() => rm(folder, { recursive: true }));

const target = {
  whipUrl: 'https://engine.test/whip/a',
  token: 'hush-7',
  whepUrl: 'https://engine.test/whep/a',
};

/** An engine whose every part is told what to do. */
async function setUp() {
  const time = new ManualTime();
  const engine = {
    isLive: true,
    uplink: 'connecting' as UplinkState,
    framesPerSecond: 30,
    pictures: 0,
    lastUs: null as number | null,
    isRefusing: false,
    branches: 0,
    readers: 0,
  };
  const views: HandoverView[] = [];
  const room: Handover = await createHandover({
    ...{ dataFolder: folder, clock: time, timers: time, random: randomBytes, fetch },
    ...{ logger: silentLogger, peer: { iceServers: [] } },
    publisher: {
      openBranch() {
        engine.branches++;
        return {
          state: () => engine.uplink,
          close: async () => {
            engine.branches--;
          },
        };
      },
      stats: () => ({ framesPerSecond: engine.framesPerSecond }),
    },
    isLive: () => engine.isLive,
    onChange: (view) => views.push(view),
    async openReader() {
      if (engine.isRefusing) throw new Error('Connection refused by https://engine.test/whep/a');
      engine.readers++;
      return {
        pictureCount: () => engine.pictures,
        lastPacketUs: () => engine.lastUs,
        close: () => {
          engine.readers--;
        },
      };
    },
  });
  /** Lets promises and then so much time pass. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      await new Promise((done) => setImmediate(done));
      time.advance(50);
    }
    await new Promise((done) => setImmediate(done));
  };
  const flow = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      engine.lastUs = time.nowUs();
      engine.pictures += 2;
      await pass(50);
    }
  };
  return { room, engine, views, pass, flow };
}

test('viewers move once pictures came out, and come back when the engine falls silent', async () => {
  const { room, engine, views, pass, flow } = await setUp();
  await room.set(target);
  assert.equal(room.view().state, 'probing');
  await pass(1000);
  assert.equal(engine.readers, 0, 'nothing is read before anything was sent');
  engine.uplink = 'connected';
  await pass(1000);
  assert.equal(engine.readers, 1);
  assert.equal(room.view().state, 'probing', 'a session alone proves no picture');
  await flow(600);
  assert.equal(room.view().state, 'moved');
  await flow(5000);
  assert.equal(room.view().state, 'moved');
  // The source stands still: nothing comes out because nothing goes in.
  engine.framesPerSecond = 0;
  await pass(5000);
  assert.equal(room.view().state, 'moved');
  engine.framesPerSecond = 30;
  await pass(1200);
  assert.equal(room.view().state, 'failed');
  assert.match(room.view().reason, /fell silent/);
  assert.deepEqual([engine.branches, engine.readers], [0, 0]);
  // It is tried again by itself, and viewers go only after a new proof.
  engine.pictures = 0;
  await pass(10_100);
  assert.equal(room.view().state, 'probing');
  await pass(600);
  await flow(600);
  assert.equal(room.view().state, 'moved');
  assert.ok(views.every((view) => !JSON.stringify(view).includes('hush-7')));
  await room.clear();
  assert.deepEqual(room.view(), { state: 'off', reason: '', whipUrl: '', whepUrl: '' });
  assert.deepEqual([engine.branches, engine.readers], [0, 0]);
});

test('an engine that hands nothing out moves nobody, and its address stays unsaid', async () => {
  const { room, engine, views, pass } = await setUp();
  engine.uplink = 'connected';
  engine.isRefusing = true;
  await room.set(target);
  await pass(15_200);
  assert.equal(room.view().state, 'failed');
  assert.ok(!room.view().reason.includes('engine.test'));
  assert.ok(views.every(({ state }) => state !== 'moved'));
  assert.equal(engine.branches, 0);
  await room.clear();
});

test('what was set outlives the engine, in a file for its owner; it waits for the show', async () => {
  const first = await setUp();
  first.engine.isLive = false;
  await first.room.set(target);
  assert.equal(first.room.view().state, 'waiting');
  first.room.close();
  const path = join(folder, 'handover.json');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.ok((await readFile(path, 'utf8')).includes('hush-7'));
  const second = await setUp();
  assert.deepEqual(second.room.view(), {
    state: 'waiting',
    reason: '',
    whipUrl: target.whipUrl,
    whepUrl: target.whepUrl,
  });
  assert.equal(second.engine.branches, 0);
  second.room.steer();
  assert.equal(second.room.view().state, 'probing');
  second.engine.isLive = false;
  second.room.steer();
  assert.equal(second.room.view().state, 'waiting');
  assert.equal(second.engine.branches, 0);
  await second.room.clear();
  assert.equal((await setUp()).room.view().state, 'off');
});
