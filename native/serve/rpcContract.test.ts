// Proves that RPC keeps its contract over every port that Node has (in-memory pair, real WebSocket,
// worker_threads MessageChannel): one suite, run over each, with the real server and client.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Role } from '../../core/contract/roles.ts';
import { type Port, RPC_VERSION, RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { type ConnectionState, createRpcClient } from '../../core/contract/rpcClient.ts';
import {
  createRpcServer,
  REPLAY_ACTIONS,
  UNSEEN_ACTIONS_MAX,
} from '../../core/contract/rpcServer.ts';
import { type Readings, studioStateSchema } from '../../core/contract/state.ts';
import {
  refusingHandlers,
  sampleMarket,
  sampleReadings,
  sampleState,
} from '../../tests/studio/sampleStudio.ts';
import { latch, openWires, type Wire } from '../../tests/studio/wires.ts';
import { createStudioStateStore } from './state.ts';

const wires = await openWires();
after(() => {
  for (const wire of wires) wire.close();
});

function studio(wire: Wire, handlers: Partial<Handlers> = {}, role: Role | null = 'owner') {
  const store = createStudioStateStore(sampleState());
  const server = createRpcServer({
    runId: 'run-1',
    state: store.state,
    handlers: { ...refusingHandlers(), ...handlers },
    logger: silentLogger,
  });
  store.onAction(server.publish);
  const serverPorts: Port[] = [];
  function client(clientId = 'client-1') {
    const connections = latch<ConnectionState>();
    const states = latch<ReturnType<typeof store.state>>();
    const readings = latch<Readings>();
    const rpc = createRpcClient({
      async connect() {
        const ends = await wire.join();
        serverPorts.push(ends.server);
        server.accept(ends.server, () => role);
        return ends.client;
      },
      clientId,
      timers: realTimers,
      onState: states.push,
      onReadings: readings.push,
      onConnection: connections.push,
    });
    return { rpc, connections, states, readings, connected: () => connections.until(isConnected) };
  }
  /** A port without a client on it: the test speaks the protocol itself. */
  async function bare() {
    const ends = await wire.join();
    server.accept(ends.server, () => role);
    const messages = latch<{ type: string; [field: string]: unknown }>();
    ends.client.onMessage((message) => messages.push(message as { type: string }));
    const closed = new Promise<void>((resolve) => ends.client.onClose(resolve));
    return { port: ends.client, messages, closed };
  }
  return { store, server, client, bare, serverPorts };
}

const isConnected = (connection: ConnectionState) => connection.state === 'connected';
const hello = { type: 'hello', version: RPC_VERSION, clientId: 'bare-1' };
const titled = (title: string) => ({ ...sampleState().show, title });

test('the sample state that these tests use is a state of the contract', () => {
  assert.deepEqual(studioStateSchema.parse(sampleState()), sampleState());
});

for (const wire of wires) {
  describe(`RPC over ${wire.name}`, () => {
    test('a call is answered, with its arguments checked and trimmed', async () => {
      const titles: string[] = [];
      const { client } = studio(wire, {
        show: {
          ...refusingHandlers().show,
          rename: ({ title }, caller) => {
            titles.push(`${caller.role} ${caller.clientId} ${title}`);
          },
        },
      });
      const { rpc, connected } = client();
      await connected();
      assert.deepEqual(await rpc.studio.show.rename({ title: '  Cup final ' }), {});
      assert.deepEqual(titles, ['owner client-1 Cup final']);
      rpc.close();
    });

    test('every refusal says its code: arguments, role, state, our own fault', async () => {
      const { client } = studio(
        wire,
        {
          markets: {
            ...refusingHandlers().markets,
            lock: () => {
              throw new Error('secret detail');
            },
          },
        },
        'moderator',
      );
      const { rpc, connected } = client();
      await connected();
      const code = async (call: Promise<unknown>) => {
        const error = await call.then(
          () => null,
          (reason: unknown) => reason,
        );
        assert.ok(error instanceof RpcError);
        assert.ok(!error.message.includes('secret detail'));
        return error.code;
      };
      const { studio: calls } = rpc;
      assert.equal(await code(calls.markets.void({ marketId: 'm', reason: '' })), 'badArguments');
      assert.equal(await code(calls.show.goLive({})), 'forbidden');
      assert.equal(await code(calls.markets.void({ marketId: 'm', reason: 'x' })), 'wrongState');
      assert.equal(await code(calls.markets.lock({ marketId: 'm' })), 'internal');
      rpc.close();
      assert.equal(await code(calls.markets.lock({ marketId: 'm' })), 'unavailable');
    });

    test('commands of a room run one at a time in arrival order, queries meanwhile', async () => {
      const log: string[] = [];
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { client } = studio(wire, {
        markets: {
          ...refusingHandlers().markets,
          async lock({ marketId }) {
            log.push(`begin ${marketId}`);
            if (marketId === 'a') await held;
            log.push(`end ${marketId}`);
          },
          history: () => [sampleMarket('old')],
        },
      });
      const { rpc, connected } = client();
      await connected();
      const first = rpc.studio.markets.lock({ marketId: 'a' });
      const second = rpc.studio.markets.lock({ marketId: 'b' });
      const rows = await rpc.studio.markets.history({ beforeOpensAtUs: null, limit: 5 });
      assert.equal(rows[0]?.id, 'old');
      assert.deepEqual(log, ['begin a']);
      release();
      await Promise.all([first, second]);
      assert.deepEqual(log, ['begin a', 'end a', 'begin b', 'end b']);
      rpc.close();
    });

    test('a cancelled call is rejected at once and its handler is told', async () => {
      let cancelled = () => {};
      const told = new Promise<void>((resolve) => {
        cancelled = resolve;
      });
      let begun = () => {};
      const running = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const { client } = studio(wire, {
        markets: {
          ...refusingHandlers().markets,
          async history(_args, caller) {
            caller.signal.onCancel(cancelled);
            begun();
            await told;
            return [];
          },
        },
      });
      const { rpc, connected } = client();
      await connected();
      const args = { beforeOpensAtUs: null, limit: 5 };
      const call = rpc.studio.markets.history(args, { cancelled: running });
      await assert.rejects(call, (error: RpcError) => error.code === 'cancelled');
      await told;
      rpc.close();
    });

    test('a late subscriber gets one snapshot and then only what comes after', async () => {
      const { store, client } = studio(wire);
      store.apply({ type: 'show.changed', show: titled('First') });
      const { rpc, states, connected } = client();
      await connected();
      assert.equal(rpc.state()?.show.title, 'First');
      store.apply({ type: 'market.changed', market: sampleMarket('m1') });
      await states.until((state) => state.markets.length === 1);
      assert.deepEqual(rpc.state(), store.state());
      assert.equal(states.seen.length, 2);
      rpc.close();
    });

    test('who comes back gets what it missed, by number; pending calls fail', async () => {
      const { store, client, serverPorts } = studio(wire, {
        markets: { ...refusingHandlers().markets, history: () => new Promise(() => {}) },
      });
      const { rpc, states, connections, connected } = client();
      await connected();
      store.apply({ type: 'show.changed', show: titled('Before') });
      await states.until((state) => state.show.title === 'Before');
      const before = states.seen.length;
      const open = rpc.studio.markets.history({ beforeOpensAtUs: null, limit: 1 });
      serverPorts[0]?.close();
      await assert.rejects(open, (error: RpcError) => error.code === 'unavailable');
      await assert.rejects(
        rpc.studio.show.goLive({}),
        (error: RpcError) => error.code === 'unavailable' && /not connected/.test(error.message),
      );
      store.apply({ type: 'market.changed', market: sampleMarket('missed-1') });
      store.apply({ type: 'market.changed', market: sampleMarket('missed-2') });
      await states.until((state) => state.markets.length === 2);
      assert.deepEqual(rpc.state(), store.state());
      // Two actions and no snapshot: three state changes would mean that all was sent again.
      assert.equal(states.seen.length, before + 2);
      assert.equal(connections.seen.filter(isConnected).length, 2);
      rpc.close();
    });

    test('numbers of another run, or too old ones, give a snapshot', async () => {
      const { store, bare } = studio(wire);
      for (let i = 0; i < REPLAY_ACTIONS + 5; i++) {
        store.apply({ type: 'show.changed', show: titled(`Title ${i}`) });
      }
      for (const last of [
        { runId: 'another', seq: 3 },
        { runId: 'run-1', seq: 2 },
        { runId: 'run-1', seq: 5_000 },
      ]) {
        const { port, messages } = await bare();
        port.send({ ...hello, last });
        const welcome = await messages.until((message) => message.type === 'welcome');
        assert.deepEqual(welcome.snapshot, store.state());
        assert.equal(welcome.seq, REPLAY_ACTIONS + 5);
        port.close();
      }
    });

    test('a client that does not take in its actions is closed and may come back', async () => {
      const { store, server, bare } = studio(wire);
      const slow = await bare();
      slow.port.send(hello);
      await slow.messages.until((message) => message.type === 'welcome');
      for (let i = 0; i <= UNSEEN_ACTIONS_MAX; i++) {
        store.apply({ type: 'show.changed', show: titled(`Title ${i}`) });
      }
      assert.equal(server.clientCount(), 0);
      const refused = await slow.messages.until((message) => message.type === 'refused');
      assert.equal(refused.reason, 'slow');
      await slow.closed;
    });

    test('a client that keeps up is never closed, however many actions come', async () => {
      const { store, server, client } = studio(wire, {
        show: { ...refusingHandlers().show, rename: () => {} },
      });
      const { rpc, states, connections, connected } = client();
      await connected();
      for (let round = 0; round < 8; round++) {
        for (let i = 0; i < 200; i++) {
          store.apply({ type: 'show.changed', show: titled(`Round ${round} ${i}`) });
        }
        const last = `Round ${round} 199`;
        await states.until((state) => state.show.title === last);
        // Both ends share a thread here: the answer says that the server has read so far.
        await rpc.studio.show.rename({ title: 'round trip' });
      }
      assert.equal(server.clientCount(), 1);
      assert.equal(connections.seen.filter(isConnected).length, 1);
      rpc.close();
    });

    test('readings are latest-wins: while one is not taken in, no second is sent', async () => {
      const { server, bare } = studio(wire);
      const { port, messages } = await bare();
      port.send(hello);
      await messages.until((message) => message.type === 'welcome');
      for (let i = 1; i <= 50; i++) server.read(sampleReadings({ viewers: i }));
      const first = await messages.until((message) => message.type === 'reading');
      assert.equal(first.number, 1);
      port.send({ type: 'seen', seq: 0, readings: 1 });
      const second = await messages.until(
        (message) => message.type === 'reading' && message.number !== 1,
      );
      assert.equal(second.number, 50);
      assert.equal(messages.seen.filter((message) => message.type === 'reading').length, 2);
      port.close();
    });

    test('a wrong version is refused in words and the client does not hammer', async () => {
      const { bare } = studio(wire);
      const { port, messages, closed } = await bare();
      port.send({ ...hello, version: RPC_VERSION + 1 });
      const refused = await messages.until((message) => message.type === 'refused');
      assert.equal(refused.reason, 'version');
      assert.match(String(refused.message), /Reload the page/);
      await closed;
    });

    test('who has no role is refused and stays refused', async () => {
      const { client } = studio(wire, {}, null);
      const { rpc, connections } = client();
      const end = await connections.until((connection) => connection.state === 'refused');
      assert.equal(end.state === 'refused' && end.reason, 'forbidden');
      assert.equal(rpc.connection().state, 'refused');
      rpc.close();
    });

    test('what is no message ends that connection and touches nobody else', async () => {
      const { server, client, bare } = studio(wire, {
        show: { ...refusingHandlers().show, rename: () => {} },
      });
      const good = client('good');
      await good.connected();
      const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
      console.log(`malformed messages over ${wire.name}: SEED=${seed}`);
      const almost = fc.record({
        type: fc.constantFrom('hello', 'call', 'cancel', 'seen', 'reply', 'welcome'),
        version: fc.oneof(fc.string(), fc.double()),
        id: fc.oneof(fc.integer(), fc.string({ minLength: 81, maxLength: 200 })),
      });
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.jsonValue(), almost), fc.boolean(), async (junk, greets) => {
          const { port, messages, closed } = await bare();
          if (greets) port.send(hello);
          port.send(junk);
          const refused = await messages.until((message) => message.type === 'refused');
          assert.equal(refused.reason, 'malformed');
          await closed;
        }),
        { seed, numRuns: 60 },
      );
      await good.rpc.studio.show.rename({ title: 'Still here' });
      assert.equal(server.clientCount(), 1);
      good.rpc.close();
    });
  });
}
