// Proves the supervisor's rules on a clock that moves only when told, with children that do what a
// test says: order of start, peers, restarts and their slowing, refusals, hung children, helpers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { FromChild, ProcessName, ToChild } from '../../core/contract/process.ts';
import { createSupervisor, StartRefused } from './supervisor.ts';

type ScriptedChild = {
  name: ProcessName;
  got: ToChild[];
  isAlive: boolean;
  say(message: FromChild): void;
  die(code: number | null): void;
};

function stage(names: ProcessName[] = ['ledger', 'vision', 'relay', 'engine']) {
  const time = new ManualTime();
  const launched: ScriptedChild[] = [];
  const killedHelpers: number[] = [];
  const supervisor = createSupervisor({
    timers: time,
    logger: silentLogger,
    names,
    startsAfter: (name) => (name === 'engine' ? ['ledger', 'relay'] : []),
    configOf: (name) => ({ for: name }),
    onChange() {},
    launcher: {
      launch(name) {
        let onMessage: (message: FromChild) => void = () => {};
        let onExits: ((code: number | null) => void)[] = [];
        const child: ScriptedChild = {
          name,
          got: [],
          isAlive: true,
          say: (message) => onMessage(message),
          die(code) {
            child.isAlive = false;
            for (const run of onExits) run(code);
            onExits = [];
          },
        };
        launched.push(child);
        return {
          pid: 1000 + launched.length,
          send: (message) => child.got.push(message),
          onMessage: (run) => {
            onMessage = run;
          },
          onExit: (run) => onExits.push(run),
          kill: () => child.die(null),
        };
      },
      killHelper: (pid) => killedHelpers.push(pid),
    },
  });
  const newest = (name: ProcessName) => {
    const child = launched.findLast((one) => one.name === name);
    assert.ok(child, `${name} was launched`);
    return child;
  };
  const endpoint = { port: 4000, token: 'x'.repeat(64) };
  const ready = (name: ProcessName) =>
    newest(name).say({ type: 'ready', endpoint: name === 'ledger' ? endpoint : null, facts: {} });
  return { time, launched, supervisor, newest, ready, killedHelpers, endpoint };
}

async function running() {
  const all = stage();
  const started = all.supervisor.start();
  for (const name of ['ledger', 'vision', 'relay', 'engine'] as const) all.ready(name);
  await started;
  return all;
}

test('the engine starts after ledger and relay, and learns where the ledger is', async () => {
  const { launched, supervisor, ready, newest, endpoint } = stage();
  const started = supervisor.start();
  assert.deepEqual(
    launched.map((child) => child.name),
    ['ledger', 'vision', 'relay'],
  );
  ready('ledger');
  assert.equal(launched.length, 3);
  ready('relay');
  assert.deepEqual(newest('engine').got, [
    { type: 'start', config: { for: 'engine' } },
    { type: 'peer', name: 'ledger', endpoint },
  ]);
  ready('engine');
  ready('vision');
  await started;
});

test('a killed child is back at once and the others are told', async () => {
  const { time, launched, newest, ready } = await running();
  newest('ledger').die(null);
  const told = newest('engine').got.filter((message) => message.type === 'peer');
  assert.equal(told.at(-1)?.type === 'peer' && told.at(-1)?.endpoint, null);
  time.advance(1);
  assert.equal(launched.filter((child) => child.name === 'ledger').length, 2);
  ready('ledger');
  const again = newest('engine').got.at(-1);
  assert.ok(again?.type === 'peer' && again.endpoint !== null);
});

test('five restarts a minute, then one every 30 s', async () => {
  const { time, launched, newest } = await running();
  const starts = () => launched.filter((child) => child.name === 'vision').length;
  for (let i = 0; i < 5; i++) {
    newest('vision').die(1);
    time.advance(1_600);
  }
  assert.equal(starts(), 6);
  newest('vision').die(1);
  time.advance(20_000);
  assert.equal(starts(), 6);
  time.advance(10_001);
  assert.equal(starts(), 7);
});

test('a bad configuration ends the start with its line and is never restarted', async () => {
  const { time, launched, supervisor, newest } = stage();
  const started = supervisor.start();
  newest('ledger').say({ type: 'failed', exitCode: 2, line: 'The ledger is newer.' });
  newest('ledger').die(2);
  await assert.rejects(
    started,
    (cause) =>
      cause instanceof StartRefused &&
      cause.exitCode === 2 &&
      cause.message === 'The ledger is newer.',
  );
  time.advance(60_000);
  assert.equal(launched.filter((child) => child.name === 'ledger').length, 1);
});

test('what once served is started again, though a start is refused meanwhile', async () => {
  const { time, launched, newest } = await running();
  const count = () => launched.filter((child) => child.name === 'ledger').length;
  newest('ledger').die(null);
  time.advance(1);
  for (const starts of [3, 4]) {
    newest('ledger').say({ type: 'failed', exitCode: 2, line: 'The disk is full.' });
    newest('ledger').die(2);
    time.advance(5_000);
    assert.equal(count(), starts);
  }
});

test('a child that hangs is ended and comes back', async () => {
  const { time, launched, newest } = await running();
  const relay = newest('relay');
  for (let second = 0; second < 8; second++) {
    time.advance(1_000);
    for (const child of launched) {
      if (child !== relay && child.isAlive) child.say({ type: 'pong', id: second });
    }
  }
  assert.equal(relay.isAlive, false);
  assert.equal(launched.filter((child) => child.name === 'relay').length, 2);
  assert.equal(launched.filter((child) => child.name === 'vision').length, 1);
});

test('helpers of a dead child are ended', async () => {
  const { newest, killedHelpers } = await running();
  newest('vision').say({ type: 'helper', pid: 77, alive: true });
  newest('vision').say({ type: 'helper', pid: 78, alive: true });
  newest('vision').say({ type: 'helper', pid: 78, alive: false });
  newest('vision').die(null);
  assert.deepEqual(killedHelpers, [77]);
});

test('stop asks everybody, ends whoever does not answer, and restarts nobody', async () => {
  const { time, launched, supervisor, newest } = await running();
  const stopped = supervisor.stop(2_000);
  for (const name of ['ledger', 'vision', 'relay'] as const) newest(name).die(0);
  const engine = newest('engine');
  assert.equal(engine.got.at(-1)?.type, 'stop');
  time.advance(1_900);
  assert.equal(engine.isAlive, true);
  time.advance(200);
  assert.equal(engine.isAlive, false);
  await stopped;
  time.advance(60_000);
  assert.equal(launched.length, 4);
});
