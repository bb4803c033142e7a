// A studio without a show, for looking at the page and for driving it: the real server, RPC and
// state store, with handlers that play by the same rules as the rooms do. Never shipped.

import { randomBytes } from 'node:crypto';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Action } from '../../core/contract/actions.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { createRpcServer } from '../../core/contract/rpcServer.ts';
import type { MarketView, Suggestion } from '../../core/contract/state.ts';
import { serve } from '../../native/serve/rooms.ts';
import { createStudioStateStore, sendReadings } from '../../native/serve/state.ts';
import { createStudioServer } from '../../native/serve/studioServer.ts';
import { sampleMarket, sampleReadings, sampleState } from './sampleStudio.ts';

const nowUs = () => Number(process.hrtime.bigint() / 1000n);

export function storyEvent(id: string, changes: Partial<GameEvent> = {}): GameEvent {
  return {
    id,
    type: 'shot',
    captureUs: nowUs(),
    rtpTimestamp: 1,
    detectedUs: nowUs(),
    confidence: 0.91,
    why: 'ball left foot of 7, 62 km/h',
    subject: '',
    trackIds: [7],
    ...changes,
  };
}

export function storySuggestion(id: string, title = 'Goal in the next 30 s?'): Suggestion {
  return {
    id,
    templateId: 'goal-30',
    title,
    why: 'Kick-off: the ball left the centre spot',
    eventId: 'e1',
    expiresAtUs: nowUs() + 20_000_000,
  };
}

export function storyMarket(id: string, changes: Partial<MarketView> = {}): MarketView {
  const at = nowUs();
  return sampleMarket(id, {
    opensAtUs: at,
    lockAtUs: at + 14_000_000,
    horizonAtUs: at + 30_000_000,
    deadlineAtUs: at + 60_000_000,
    ...changes,
  });
}

export type Story = Awaited<ReturnType<typeof startStory>>;

/** @param studioFolder the built studio page */
export async function startStory(studioFolder: string, captureFolder = studioFolder) {
  const store = createStudioStateStore(sampleState());
  const apply = (action: Action) => store.apply(action);
  const calls: string[] = [];
  const readings = { ...sampleReadings() };
  const rpc = createRpcServer({
    runId: randomBytes(8).toString('hex'),
    state: store.state,
    handlers: storyHandlers(store.state, apply, calls),
    logger: silentLogger,
  });
  store.onAction(rpc.publish);
  const plain = () => ({ status: 200, contentType: 'text/plain', body: 'ok' });
  const server = await createStudioServer({
    host: '127.0.0.1',
    port: 0,
    nextPortsMax: 0,
    hostNames: [],
    folders: { studio: studioFolder, capture: captureFolder },
    cookieSecret: randomBytes(32),
    onRpc: (port) => rpc.accept(port, () => 'owner'),
    onCapture: (port) => port.close(),
    plain: { '/healthz': plain, '/readyz': plain, '/metrics': plain },
    random: randomBytes,
    timers: realTimers,
    monotonicMs: () => performance.now(),
    logger: silentLogger,
  });
  const stopReadings = sendReadings(
    realTimers,
    () => ({ ...readings, mediaUs: nowUs() }),
    rpc.read,
  );
  return {
    server,
    rpc,
    apply,
    /** Change it and the page shows it within half a second. */
    readings,
    /** What was called, as `room.operation`. */
    calls,
    state: store.state,
    async close() {
      stopReadings();
      rpc.close();
      await server.close();
    },
  };
}

function storyHandlers(
  state: ReturnType<typeof createStudioStateStore>['state'],
  apply: (action: Action) => void,
  calls: string[],
): Handlers {
  const marketOf = (id: string) => {
    const market = state().markets.find((one) => one.id === id);
    if (market === undefined) throw new RpcError('notFound', 'There is no such market any more.');
    return market;
  };
  const change = (id: string, changes: Partial<MarketView>) => {
    apply({ type: 'market.changed', market: { ...marketOf(id), ...changes } });
  };
  const open = (market: MarketView) => {
    apply({ type: 'market.changed', market });
    return market;
  };
  const unavailable = () => {
    throw new RpcError('unavailable', 'There is no picture in this story.');
  };
  const show = (changes: object) => {
    apply({ type: 'show.changed', show: { ...state().show, ...changes } });
  };
  return serve({
    show: {
      goLive: () => {
        calls.push('show.goLive');
        show({ state: 'live', liveSinceUs: nowUs() });
      },
      end: () => {
        calls.push('show.end');
        show({ state: 'ready' });
      },
      rename: ({ title }) => show({ title }),
    },
    sources: {
      select({ url }) {
        calls.push(`sources.select ${url}`);
        if (url.startsWith('nothing:')) {
          throw new RpcError('badArguments', 'The studio knows demo:, file: and camera:.');
        }
        apply({ type: 'source.changed', source: { ...state().source, url, title: url } });
      },
    },
    markets: {
      openSuggestion({ suggestionId, marketId }) {
        calls.push('markets.openSuggestion');
        const suggestion = state().suggestions.find(({ id }) => id === suggestionId);
        if (suggestion === undefined) throw new RpcError('notFound', 'That suggestion has gone.');
        apply({ type: 'suggestion.gone', id: suggestionId });
        return open(storyMarket(marketId, { title: suggestion.title }));
      },
      dismissSuggestion: ({ suggestionId }) => apply({ type: 'suggestion.gone', id: suggestionId }),
      open: ({ marketId }) => open(storyMarket(marketId)),
      lock: ({ marketId }) => change(marketId, { state: 'LOCKED', reason: 'Locked by hand' }),
      resolve: ({ marketId, outcome, reason }) =>
        change(marketId, { state: 'RESOLVED', winner: outcome, reason, paidMinor: 662 }),
      void: ({ marketId, reason }) => change(marketId, { state: 'VOID', reason }),
      setOpening({ templateId, opening }) {
        const templates = state().templates.map((template) =>
          template.id === templateId ? { ...template, opening } : template,
        );
        apply({ type: 'templates.changed', templates });
      },
      history: () => [],
    },
    preview: { watch: unavailable, leave: unavailable },
  });
}
