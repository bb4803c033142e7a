// Proves the supervisor's rules on a clock that moves only when told, with children that do what a
// test says: order of start, peers, restarts and their slowing, refusals, hung children, helpers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { SupervisedBreak } from '../../core/contract/breakIt.ts';
import type { FromChild, ProcessName, ToChild } from '../../core/contract/process.ts';
import { createSupervisor, StartRefused } from './supervisor.ts';

type ScriptedChild = {
  name: ProcessName;
  got: ToChild[];
  isAlive: boolean;
  say(message: FromChild): void;
  die(code: number | null): void;
};

function stage(names: ProcessName[] = ['ledger', 'vision', 'relay', 'engine'], refusal = '') {
  const time = new ManualTime();
  const launched: ScriptedChild[] = [];
  const killedHelpers: number[] = [];
  const torn: string[] = [];
  const supervisor = createSupervisor({
    timers: time,
    logger: silentLogger,
    names,
    startsAfter: (name) => (name === 'engine' ? ['ledger', 'relay'] : []),
    configOf: (name) => ({ for: name }),
    breaking: {
      ...{ logger: silentLogger, monotonicMs: () => time.nowUs() / 1000, refusal: () => refusal },
      tearLog: () => torn.push('torn') * 100,
    },
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
  return { time, launched, supervisor, newest, ready, killedHelpers, endpoint, torn };
}

async function running(refusal = '') {
  const all = stage(undefined, refusal);
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

const deedsTo = (engine: ScriptedChild) =>
  engine.got.flatMap((message) => (message.type === 'broken' ? [message.deed] : []));
const order = (id: string, act: SupervisedBreak): FromChild => ({
  ...{ type: 'break', order: { id, act } },
});

test('what the engine asks to be broken is killed once, and each engine is told of it', async () => {
  const { time, launched, newest, ready } = await running();
  newest('engine').say(order('one', 'engine'));
  assert.equal(newest('engine').isAlive, false);
  time.advance(700);
  ready('engine');
  const [last] = deedsTo(newest('engine')).slice(-1);
  assert.deepEqual(
    [last?.state, last?.pid, last?.nextPid, last?.endedMs, last?.backMs],
    ['back', 1004, 1005, 0, 700],
  );
  // The next one asks again, as a page does whose answer was lost.
  newest('engine').say(order('one', 'engine'));
  assert.equal(newest('engine').isAlive, true);
  assert.equal(launched.filter(({ name }) => name === 'engine').length, 2);
  // Only the engine may ask.
  newest('vision').say(order('two', 'relay'));
  assert.equal(newest('relay').isAlive, true);
});

test('the log is torn while no ledger has it open, and what was left out is told', async () => {
  const { time, newest, torn, endpoint } = await running();
  newest('engine').say(order('one', 'tearLog'));
  assert.deepEqual([newest('ledger').isAlive, torn.length], [false, 1]);
  newest('engine').say(order('two', 'ledger'));
  assert.match(deedsTo(newest('engine')).at(-1)?.reason ?? '', /being started/);
  time.advance(1);
  newest('ledger').say({ type: 'ready', endpoint, facts: { leftOutBytes: 2072 } });
  const deed = deedsTo(newest('engine')).at(-1);
  assert.deepEqual([deed?.id, deed?.tornBytes, deed?.leftOutBytes], ['one', 100, 2072]);
});

test('nothing is broken where it may not be, nor so often that restarts become slow', async () => {
  const forbidden = await running('Only the demo match is broken on purpose.');
  forbidden.newest('engine').say(order('one', 'relay'));
  assert.equal(forbidden.newest('relay').isAlive, true);
  const [refused] = deedsTo(forbidden.newest('engine'));
  assert.deepEqual(
    [refused?.state, refused?.reason],
    ['refused', 'Only the demo match is broken on purpose.'],
  );

  const { time, newest, ready } = await running();
  for (const id of ['1', '2', '3', '4', '5']) {
    newest('engine').say(order(id, 'vision'));
    if (id === '5') break;
    time.advance(2_000);
    ready('vision');
  }
  assert.equal(newest('vision').isAlive, true);
  assert.match(deedsTo(newest('engine')).at(-1)?.reason ?? '', /wait a minute/);
});
