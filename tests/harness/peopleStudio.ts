// For tests only: the people of a studio over the real relay, the real ledger and the studio's own
// RPC, without picture and pages. Viewers and the crew come by real WebSockets.

import { realTimers } from '../../core/base/clock.ts';
import { newId } from '../../core/base/ids.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { operations } from '../../core/contract/operations.ts';
import { createPortPair } from '../../core/contract/ports.ts';
import type { Role } from '../../core/contract/roles.ts';
import type { Port } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { createRpcClient, type RpcClient } from '../../core/contract/rpcClient.ts';
import { createRpcServer } from '../../core/contract/rpcServer.ts';
import type { MarketView } from '../../core/contract/state.ts';
import { BUILT_IN_TEMPLATES } from '../../core/markets/templates.ts';
import { readFragment } from '../../core/people/invite.ts';
import { openStaffPort } from '../../core/people/staffPort.ts';
import { type Audience, createAudience } from '../../native/audience/audience.ts';
import { type CrewActRooms, withCrewActs } from '../../native/engine/crewActs.ts';
import { marketHandlers, refusable } from '../../native/engine/handlers.ts';
import { initialState } from '../../native/engine/initialState.ts';
import {
  createModerationHandlers,
  type ModerationRooms,
} from '../../native/engine/moderationHandlers.ts';
import { createPeopleHandlers } from '../../native/engine/peopleHandlers.ts';
import {
  createPeopleRooms,
  openPeopleFiles,
  type PeopleRooms,
} from '../../native/engine/peopleRooms.ts';
import { createShow, firstShow, type Show } from '../../native/engine/show.ts';
import type { TestLedger } from '../../native/ledger/testLedger.ts';
import { createMarkets, type Markets } from '../../native/markets/markets.ts';
import { createStudioStateStore } from '../../native/serve/state.ts';
import type { ChannelKey } from '../../native/upstream/channelKey.ts';
import { createStudioSocket, type StudioSocket } from '../../native/upstream/studioSocket.ts';
import { clock, random, type TestViewer } from '../../relay/testing/harness.ts';
import { sampleReadings } from '../studio/sampleStudio.ts';

/** Pages take their media clock from readings, ms. */
const READINGS_MS = 500;

export type PeopleStudio = {
  rooms: PeopleRooms;
  audience: Audience;
  socket: StudioSocket;
  show: Show;
  key: ChannelKey;
  markets: MarketView[];
  /** Rooms' operations that were called, as "room.operation". */
  calls: string[];
  /** Whoever sits at the studio itself. */
  owner: RpcClient;
  /** One more port on the studio's own machine. */
  connect(role: Role): Port;
  close(): Promise<void>;
};

/** Everything about people that an engine joins, on one relay. */
export async function startPeopleStudio(options: {
  relayUrl: string;
  dataFolder: string;
  key: ChannelKey;
  ledger: TestLedger;
  /** The room that runs markets, over the same ledger; else a test shows its own. */
  withMarkets?: boolean;
  wallMs?: () => number;
}): Promise<PeopleStudio> {
  const { relayUrl, dataFolder, key, ledger } = options;
  const wallMs = options.wallMs ?? (() => Date.now());
  const logger = silentLogger;
  const around = { clock, timers: realTimers, random, logger, wallMs };
  const kept = await openPeopleFiles(dataFolder, around);
  const socket = createStudioSocket({
    ...{ relayUrl, key, ...around },
    ledgerIdentity: () => null,
    networkKey: () => kept.file.people.networkKey,
  });
  const registered = new Promise<void>((resolve) => socket.onRegistered(() => resolve()));
  const rooms = createPeopleRooms({
    ...{ kept, key, socket, ledger: ledger.client, ...around },
    openRpc: () => rpc,
    onSummary: (people) => store.apply({ type: 'people.changed', people }),
  });
  rooms.leaderboard.begin(1);
  const markets: MarketView[] = [];
  const audience = createAudience({
    ...{ socket, ledger: ledger.client, ...around },
    markets: () => (options.withMarkets ? room.markets() : markets),
    onBetPlaced: (marketId) => room.onBetPlaced(marketId),
    onBound: rooms.bound,
    betRefusal: rooms.betRefusal,
  });
  const first = firstShow({
    ...{ clock, title: 'Final', channelId: key.channelId, isLive: true },
    ...{ liveSinceUs: 1, suspendedByHand: '' },
  });
  const show = createShow({
    ...{ clock, first },
    onChange: (view) => audience.setBettingSuspended(view.bettingSuspended),
  });
  for (const reason of ['ledgerAway', 'pictureStalled'] as const) show.suspend(reason, false);
  const store = createStudioStateStore(
    initialState({ show: first, source: '', relayUrl, templates: [], complaints: [] }),
  );
  const calls: string[] = [];
  const room = createMarkets({
    ...{ ledger: ledger.client, ...around, templates: BUILT_IN_TEMPLATES, suspended: {} },
    keepTemplates: async () => {},
    keepSuspended: async () => {},
    onAction(action) {
      store.apply(action);
      if (action.type === 'market.changed') audience.marketChanged(action.market);
    },
    onSettled: (subject, entry) => audience.settled(subject, entry),
  });
  const rpc = createRpcServer({
    ...{ runId: newId(random), state: () => store.state(), logger },
    handlers: handlersOf(
      calls,
      { ...{ peopleRooms: rooms, show, ledger: ledger.client, around }, markets: room },
      options.withMarkets ? marketsOf(room, ledger) : {},
    ),
  });
  store.onAction((action, origin) => rpc.publish(action, origin));
  await registered;
  const policy = await ledger.client.policy();
  store.apply({ type: 'policy.changed', policy });
  const stopReadings = realTimers.every(READINGS_MS, () =>
    rpc.read(sampleReadings({ mediaUs: clock.nowUs() })),
  );
  show.setViewerUrl(socket.registered?.viewerUrl ?? '', false);
  store.apply({ type: 'show.changed', show: show.view() });
  const connect = (role: Role) => {
    const [near, far] = createPortPair();
    rpc.accept(far, () => role);
    return near;
  };
  const owner = connectTo(async () => {
    return connect('owner');
  });
  return {
    ...{ rooms, audience, socket, show, key, markets, calls, owner, connect },
    async close() {
      owner.close();
      stopReadings();
      rpc.close();
      room.close();
      audience.close();
      await rooms.close();
      socket.close();
    },
  };
}

function marketsOf(room: Markets, { client: ledger }: TestLedger): Partial<Handlers> {
  const staffActs = { noteSuspension: async () => {} };
  const recording = { evidence: { stated: () => {} } };
  return { markets: marketHandlers({ markets: room, ledger, staffActs, recording }) };
}

/** The people's rooms with all that is written down of their acts. */
function handlersOf(
  calls: string[],
  rooms: ModerationRooms & CrewActRooms,
  more: Partial<Handlers>,
): Handlers {
  const handlers = {
    ...recording(calls),
    ...more,
    ...createPeopleHandlers(rooms, refusable),
    ...createModerationHandlers(rooms, refusable),
  };
  return withCrewActs(handlers, rooms);
}

/** Handlers of all other rooms: they only write down that they were called. */
function recording(calls: string[]): Handlers {
  const rooms = Object.entries(operations).map(([room, declared]) => {
    const handlers = Object.keys(declared).map((name) => [
      name,
      async (args: object) => {
        calls.push(`${room}.${name}`);
        return 'json' in args ? { imported: String(args.json).length } : {};
      },
    ]);
    return [room, Object.fromEntries(handlers)];
  });
  return Object.fromEntries(rooms) as Handlers;
}

function connectTo(
  connect: () => Promise<Port>,
  onConnected = () => {},
  onState = () => {},
): RpcClient {
  return createRpcClient({
    ...{ connect, clientId: newId(random), timers: realTimers },
    onState: () => onState(),
    onReadings: () => {},
    onConnection: ({ state }) => {
      if (state === 'connected') onConnected();
    },
  });
}

/** Somebody elsewhere who helps to run the show: a device, its viewer's line, and RPC over it. */
export class RemoteCrew {
  readonly viewer: TestViewer;
  readonly refusals: { code: string; message: string }[] = [];
  /** Settles with what the studio or the line said at its end. */
  readonly closed: Promise<void>;
  /** Settles with the welcome, or with the end. */
  readonly settled: Promise<void>;
  readonly client: RpcClient;
  readonly #stateWaits: (() => void)[] = [];

  /** @param link of an invitation; null for a device that has a role. */
  constructor(viewer: TestViewer, link: string | null) {
    this.viewer = viewer;
    const invitation = link === null ? null : readFragment(new URL(link).hash);
    const staff = openStaffPort({
      channelId: viewer.channelId,
      device: { subject: viewer.subject, ...viewer.key },
      ...{ invitation, random },
      send: (message) => viewer.send(message),
      onRefused: (refusal) => this.refusals.push(refusal),
    });
    viewer.onEvery((message) => staff.take(message.message));
    void viewer.closed.then(() => staff.lost());
    let isOver = () => {};
    this.closed = new Promise((resolve) => {
      isOver = resolve;
    });
    let isWelcome = () => {};
    this.settled = new Promise((resolve) => {
      isWelcome = resolve;
    });
    let isUsed = false;
    this.client = connectTo(
      async () => {
        if (isUsed) throw new Error('The line is over.');
        isUsed = true;
        return {
          ...staff.port,
          onClose(run) {
            staff.port.onClose(() => {
              run();
              isOver();
              isWelcome();
            });
          },
        };
      },
      () => isWelcome(),
      () => {
        for (const go of this.#stateWaits.splice(0)) go();
      },
    );
  }

  /** Settles with the next change of the mirrored state. */
  nextState(): Promise<void> {
    return new Promise((go) => this.#stateWaits.push(go));
  }

  close(): void {
    this.client.close();
    this.viewer.close();
  }
}
