// A studio without a show, for looking at the page and for driving it: the real server, RPC and
// state store, with handlers that play by the same rules as the rooms do. Never shipped.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Action } from '../../core/contract/actions.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { createRpcServer } from '../../core/contract/rpcServer.ts';
import type { MarketView, StudioState, Suggestion } from '../../core/contract/state.ts';
import { rtpTimestampOf } from '../../core/media/feed.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { MarketRefusal } from '../../native/markets/refusal.ts';
import { TemplateShelf } from '../../native/markets/templateShelf.ts';
import { createPublisher } from '../../native/publish/publisher.ts';
import { serve } from '../../native/serve/rooms.ts';
import { createStudioStateStore, sendReadings } from '../../native/serve/state.ts';
import { createStudioServer } from '../../native/serve/studioServer.ts';
import { OfferRefused } from '../../native/webrtc/offerRefused.ts';
import {
  makeTestVideo,
  playTestVideo,
  TEST_CLOCK_OFFSET,
  type TestVideo,
  testClock,
} from '../../native/webrtc/testVideo.ts';
import { sampleMarket, sampleReadings, sampleState } from './sampleStudio.ts';
import { storyBreak } from './storyBreak.ts';
import { storyClips } from './storyClips.ts';
import { storyDestinations } from './storyDestinations.ts';
import { storyFairness } from './storyFairness.ts';
import { storyFirstRun } from './storyFirstRun.ts';
import { storyFrames, storyStages, toldFrames } from './storyFrames.ts';
import { storyHistory } from './storyHistory.ts';
import { storyMixer } from './storyMixer.ts';
import { storyModels } from './storyModels.ts';
import { storyModeration } from './storyModeration.ts';
import { storyObs } from './storyObs.ts';
import { storyPlaces } from './storyPlaces.ts';
import { storyPlayback } from './storyPlayback.ts';
import { storyReports } from './storyReports.ts';
import { storyTimeline } from './storyTimeline.ts';

const nowUs = testClock.nowUs;

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
    why: 'The ball rested on the centre spot for 1.2 s and then moved away.',
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

/** Every how many frames the story's vision judges one; the frames between are predicted. */
const JUDGED_EVERY = 2;

/** What is seen in a picture. */
type Tracks = NonNullable<MessageInitShape<typeof FrameFactsSchema>['tracks']>;

/**
 * A real picture for the preview, with boxes that move as a real vision's would, or with those of
 * a picture that stands.
 */
export function storyPicture(video: TestVideo, tracks?: Tracks) {
  const publisher = createPublisher({
    clock: testClock,
    timers: realTimers,
    random: randomBytes,
    logger: silentLogger,
    fetch,
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
    requestKeyFrame() {},
  });
  let frame = 0;
  const told = storyFrames();
  const playing = playTestVideo(video, testClock, (unit) => {
    const sent = told.taken(unit);
    publisher.push(unit);
    sent();
    if (unit.track === 'audio' || frame++ % JUDGED_EVERY !== 0) return;
    const facts = storyFacts(unit.captureUs, tracks);
    publisher.sendAnalytics(toBinary(FrameFactsSchema, facts));
    told.judged(facts);
  });
  return { publisher, playing, frames: told.frames };
}

function storyFacts(captureUs: number, tracks = movingTracks(captureUs)) {
  return create(FrameFactsSchema, {
    captureUs: BigInt(captureUs),
    rtpTimestamp: rtpTimestampOf(captureUs, 90_000, TEST_CLOCK_OFFSET.video),
    ...storyStages(captureUs),
    tracks,
  });
}

function movingTracks(captureUs: number): Tracks {
  const seconds = captureUs / 1e6;
  const x = 0.5 + 0.3 * Math.sin(seconds);
  const box = { x, y: 0.4, width: 0.08, height: 0.3 };
  const velocityX = 0.3 * Math.cos(seconds);
  return [
    { id: 7, label: 'person', box, velocityX, velocityY: 0, confidence: 0.9 },
    {
      id: 12,
      label: 'ball',
      box: { x: 0.2, y: 0.8, width: 0.03, height: 0.05 },
      confidence: 0.8,
      predicted: true,
    },
  ];
}

/**
 * @param studioFolder the built studio page
 * @param how.picture what the preview shows; none without it
 * @param how.again the story whose port and browsers this one takes over, as a restarted engine
 */
export async function startStory(
  studioFolder: string,
  how: {
    picture?: ReturnType<typeof storyPicture>;
    again?: { server: { port: number }; cookieSecret: Uint8Array };
    /** Takes the capture page's line; without it none is taken. */
    onCapture?: Parameters<typeof createStudioServer>[0]['onCapture'];
  } = {},
) {
  const { picture, again } = how;
  const cookieSecret = again?.cookieSecret ?? randomBytes(32);
  const store = createStudioStateStore(sampleState());
  const apply = (action: Action) => store.apply(action);
  const calls: string[] = [];
  const linkAnswers: { isReachable: boolean; sentence: string }[] = [];
  const readings = { ...sampleReadings() };
  const history = storyHistory();
  const rpc = createRpcServer({
    runId: randomBytes(8).toString('hex'),
    state: store.state,
    handlers: {
      ...storyHandlers(store.state, apply, calls, linkAnswers, history),
      ...(picture === undefined ? {} : { ...viewedBy(picture), frames: picture.frames }),
    },
    logger: silentLogger,
  });
  store.onAction(rpc.publish);
  const plain = () => ({ status: 200, contentType: 'text/plain', body: 'ok' });
  const server = await createStudioServer({
    host: '127.0.0.1',
    port: again?.server.port ?? 0,
    nextPortsMax: 0,
    hostNames: [],
    folders: {
      studio: studioFolder,
      capture: join(studioFolder, '../capture'),
      dock: join(studioFolder, '../dock'),
    },
    cookieSecret,
    openSecret: randomBytes(16).toString('hex'),
    onRpc: (port) => rpc.accept(port, () => 'owner'),
    onCapture: how.onCapture ?? ((port) => port.close()),
    streams: { '/facts': () => () => {} },
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
    cookieSecret,
    rpc,
    apply,
    /** Change it and the page shows it within half a second. */
    readings,
    /** What was called, as `room.operation`. */
    calls,
    /** What the next tests of the link say; without one it is good. */
    linkAnswers,
    state: store.state,
    async close() {
      stopReadings();
      rpc.close();
      await server.close();
      history.end();
      picture?.playing.stop();
      await picture?.publisher.close();
    },
  };
}

/** The story has no relay: viewers get the same packets. */
function viewedBy(picture: ReturnType<typeof storyPicture>) {
  const preview = previewOf(picture);
  const viewersPicture: Handlers['viewersPicture'] = {
    async watch(args, caller) {
      return { ...(await preview.watch(args, caller)), iceServers: [] };
    },
    leave: (args, caller) => preview.leave(args, caller),
  };
  return { preview, viewersPicture };
}

function previewOf({ publisher }: ReturnType<typeof storyPicture>): Handlers['preview'] {
  return {
    async watch({ offerSdp }) {
      try {
        return await publisher.watchPreview(offerSdp);
      } catch (error) {
        if (error instanceof OfferRefused) throw new RpcError('refused', error.message);
        throw error;
      }
    },
    leave: ({ sessionId }) => {
      publisher.leavePreview(sessionId);
    },
  };
}

type Change = (id: string, changes: Partial<MarketView>) => void;

/** The real shelf; it keeps nothing. */
function storyShelf(state: () => StudioState, apply: (action: Action) => void): TemplateShelf {
  const { templates } = state();
  return new TemplateShelf({ templates, keepTemplates: async () => {}, onAction: apply });
}

/** A room's refusal becomes the contract's error, as in the engine. */
async function refusable<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof MarketRefusal) throw new RpcError(cause.code, cause.message);
    throw cause;
  }
}

function storyMarketActs(acts: {
  marketOf: (id: string) => MarketView;
  change: Change;
  open: (market: MarketView) => MarketView;
  shelf: TemplateShelf;
}) {
  const { marketOf, change, open, shelf } = acts;
  return {
    create: ({ marketId, template }) =>
      refusable(async () => {
        const { title, outcomes, guardMs, betWindowSeconds } = shelf.checked(template);
        return open(
          storyMarket(marketId, {
            title,
            guardMs,
            outcomes: outcomes.map((label) => ({ label, poolMinor: 0, bettors: 0 })),
            lockAtUs: nowUs() + betWindowSeconds * 1_000_000,
          }),
        );
      }),
    suspend: ({ marketId, reason }) => change(marketId, { suspended: reason }),
    resume: ({ marketId }) => change(marketId, { suspended: '' }),
    correct({ marketId, outcome, reason }) {
      if (outcome === marketOf(marketId).winner) {
        throw new RpcError('refused', 'That is what was decided already.');
      }
      const state = outcome === null ? 'VOID' : 'RESOLVED';
      change(marketId, { state, winner: outcome, reason });
    },
    extend: ({ marketId, seconds }) =>
      change(marketId, { lockAtUs: marketOf(marketId).lockAtUs + seconds * 1_000_000 }),
    saveTemplate: ({ template }) => refusable(() => shelf.save(template)),
    removeTemplate: ({ templateId }) => refusable(() => shelf.remove(templateId)),
    setOpening: (args) => refusable(() => shelf.setOpening(args)),
    exportTemplates: () => ({ json: shelf.exported() }),
    importTemplates: ({ json }) => refusable(() => shelf.import(json)),
  } satisfies Partial<Handlers['markets']>;
}

/** Who bets in the story. */
export const STORY_BETTOR = 'ab'.repeat(16);

function storyStaffActs(apply: (action: Action) => void) {
  let isBanned = false;
  let isStaff = false;
  return {
    viewers: {
      list: () => [
        {
          subject: STORY_BETTOR,
          isBanned,
          isStaff,
          bets: 12,
          stakedMinor: 50,
          availableMinor: 1240,
          lastBetAtUs: nowUs(),
        },
      ],
      setBan(args) {
        if (args.subject !== STORY_BETTOR) throw new RpcError('notFound', 'Nobody has it.');
        isBanned = args.isBanned;
      },
      setStaff(args) {
        isStaff = args.isStaff;
      },
    },
    policy: { set: ({ policy }) => apply({ type: 'policy.changed', policy }) },
  } satisfies Pick<Handlers, 'viewers' | 'policy'>;
}

/** The test picture, or why there is none. */
/** Opens the story's relay. */
export const STORY_PAIRING_CODE = 'apple-bread-candle-drum-eagle-fabric';

export const storyVideo = () => makeTestVideo({ frames: 60, size: '1280x720' });

function storyHandlers(
  state: ReturnType<typeof createStudioStateStore>['state'],
  apply: (action: Action) => void,
  calls: string[],
  linkAnswers: { isReachable: boolean; sentence: string }[],
  history: Handlers['history'],
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
  const ingest = {
    rtmp: { url: 'rtmp://127.0.0.1:1935/live', key: 'b'.repeat(32) },
    whip: { url: 'http://127.0.0.1:47800/whip', token: 'a'.repeat(64) },
  };
  return serve({
    ingest: { show: () => ingest, renewWhipToken: () => ingest, renewRtmpKey: () => ingest },
    picture: {
      choose({ choice }) {
        calls.push(`picture.choose ${JSON.stringify(choice)}`);
        apply({ type: 'picture.changed', picture: { ...state().picture, choice } });
      },
      tryEncoders: () => void calls.push('picture.tryEncoders'),
    },
    mixer: storyMixer(state, apply, calls),
    firstRun: storyFirstRun(state, apply, calls),
    obs: storyObs(state, apply, calls),
    breakIt: storyBreak(calls),
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
      suspendBetting: ({ reason }) => show({ bettingSuspended: reason, suspendedByHand: reason }),
      resumeBetting: () => show({ bettingSuspended: '', suspendedByHand: '' }),
    },
    sources: {
      select({ url }) {
        calls.push(`sources.select ${url}`);
        if (url.startsWith('nothing:')) {
          throw new RpcError('badArguments', 'The studio knows demo:, file: and camera:.');
        }
        apply({ type: 'source.changed', source: { ...state().source, url, title: url } });
      },
      ...storyPlayback(state, apply, calls),
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
        change(marketId, {
          state: 'RESOLVED',
          winner: outcome,
          reason,
          paidMinor: 662,
          resolvedAtUs: nowUs(),
        }),
      void: ({ marketId, reason }) => change(marketId, { state: 'VOID', reason }),
      history: () => [],
      ...storyMarketActs({ marketOf, change, open, shelf: storyShelf(state, apply) }),
    },
    ...storyStaffActs(apply),
    ...storyFairness(),
    history,
    ...storyReports(),
    models: storyModels(calls),
    game: storyPlaces(calls),
    games: { connect: unavailable, disconnect: unavailable, show: unavailable },
    facts: { at: unavailable },
    ...storyModeration(state, apply, calls),
    relay: {
      show: () => ({ url: 'http://127.0.0.1:47801', isPaired: false, mayPair: true }),
      pair({ address, code }) {
        calls.push(`relay.pair ${address}`);
        if (code === STORY_PAIRING_CODE) return { url: `https://${address}` };
        throw new RpcError('refused', 'This is not the code that the relay shows; look again.');
      },
      forget: unavailable,
      checkLink: () => linkAnswers.shift() ?? { isReachable: true, sentence: '' },
    },
    destinations: storyDestinations(state, apply),
    encryption: {
      set({ isOn }) {
        calls.push(`encryption.set ${isOn}`);
        const [url] = state().show.viewerUrl.split('#');
        show({ isEncrypted: isOn, viewerUrl: isOn ? `${url}#k=of-the-story` : url });
      },
      changeKey({ withNewLink }) {
        calls.push(`encryption.changeKey ${withNewLink}`);
      },
    },
    handover: {
      set({ whipUrl, whepUrl, token }) {
        calls.push(`handover.set ${token}`);
        apply({
          type: 'handover.changed',
          handover: { state: 'probing', reason: '', whipUrl, whepUrl },
        });
        return {};
      },
      clear() {
        calls.push('handover.clear');
        const handover = { state: 'off', reason: '', whipUrl: '', whepUrl: '' } as const;
        apply({ type: 'handover.changed', handover });
        return {};
      },
    },
    recording: {
      ...{ start: unavailable, stop: unavailable, saveClip: unavailable },
      ...storyClips(calls, apply, state),
    },
    timeline: storyTimeline(state),
    evidence: {
      ...{ show: unavailable, read: unavailable },
      keepCase: async ({ marketId }) => ({ file: `demo-${marketId}.case.json` }),
    },
    preview: { watch: unavailable, leave: unavailable },
    viewersPicture: { watch: unavailable, leave: unavailable },
    frames: toldFrames(),
  });
}
