// The engine: one show, from the picture to the paid bet. Read top to bottom it is the flow of a
// show. Rooms do not know each other; everything that connects two of them stands here.
//
//   capture ─► publish ─► relay ─► viewer      media: may drop, never waits
//      └─► vision ─► markets ─► ledger ─► audience ─► relay ─► viewer
//                                 └─► upstream copy       facts: may wait, never drop

import type { MediaClock, Timers } from '../core/base/clock.ts';
import type { RandomBytes } from '../core/base/ids.ts';
import type { Logger } from '../core/base/logger.ts';
import type { Endpoint } from '../core/contract/process.ts';
import type { RpcServer } from '../core/contract/rpcServer.ts';
import { rtpTimestampOf } from '../core/media/feed.ts';
import type { Registered } from '../core/wire/gen/facts_pb.js';
import { createAudience } from './audience/audience.ts';
import type { Capture } from './capture/capture.ts';
import { awaitedSource } from './capture/shownState.ts';
import { announceShow } from './engine/announceShow.ts';
import { createBetRate } from './engine/betRate.ts';
import type { BreakingDoor } from './engine/breakingRoom.ts';
import type { EngineConfiguration } from './engine/configuration.ts';
import { watchDisk } from './engine/diskWatch.ts';
import { type Encryption, openPoster } from './engine/encryption.ts';
import type { FactLog } from './engine/factLog.ts';
import { createFrameRing } from './engine/frameRing.ts';
import { createGamePlaces, type GamePlacesRoom } from './engine/gamePlaces.ts';
import { createGameSources } from './engine/gameSources.ts';
import { createHandlers } from './engine/handlers.ts';
import { createHandover, type HandoverOptions } from './engine/handover.ts';
import { openIngestDoor } from './engine/ingestDoor.ts';
import { initialState } from './engine/initialState.ts';
import { followJournal } from './engine/journalSource.ts';
import { type KeptChoices, openKeptChoices } from './engine/keptChoices.ts';
import { openKeptSources } from './engine/keptSources.ts';
import { createLedgerGate } from './engine/ledgerGate.ts';
import { marketCardOf } from './engine/marketCard.ts';
import { type MediaRooms, openMediaRooms } from './engine/mediaRooms.ts';
import { createModelShelf } from './engine/modelShelf.ts';
import { openObs } from './engine/obsDesk.ts';
import { openOutward } from './engine/outward.ts';
import { createPeopleRooms, type KeptPeopleFiles, openPeopleFiles } from './engine/peopleRooms.ts';
import { createPictureWatch, type PictureWatch } from './engine/pictureWatch.ts';
import { createReadingsCollector, type ReadingsCollector } from './engine/readings.ts';
import { openRecordingRoom } from './engine/recordingRoom.ts';
import { relayPictureWatch } from './engine/relayPicture.ts';
import { peerOptionsOf } from './engine/relayReach.ts';
import { createRelayRoom } from './engine/relayRoom.ts';
import { createShow, firstShow, type Show } from './engine/show.ts';
import { openShowReports } from './engine/showReports.ts';
import { createStaffActs, type StaffActs } from './engine/staffActs.ts';
import { createSteadyPicture, type SteadyPicture } from './engine/steadyPicture.ts';
import { openStudioDoor, type StudioDoor } from './engine/studioDoor.ts';
import { createViews, type Views } from './engine/views.ts';
import { createWitnesses, type Witnesses } from './engine/witnesses.ts';
import type { FfmpegChoice } from './ffmpeg/resolve.ts';
import { maskCredentials } from './ffmpeg/spawn.ts';
import { createLedgerClient } from './ledger/client.ts';
import { connectLink } from './link/link.ts';
import { createMarkets } from './markets/markets.ts';
import type { Poster } from './publish/poster.ts';
import { createStudioStateStore } from './serve/state.ts';
import type { ChannelKey } from './upstream/channelKey.ts';
import { createJournalShipper } from './upstream/journalShipper.ts';
import { createStudioSocket } from './upstream/studioSocket.ts';
import { tellErasures } from './upstream/textCopies.ts';
import { type MarkKeeper, openMarkKeeper } from './upstream/witnessedMark.ts';
import type { VisionClient } from './vision/client.ts';

/** Bets and commands outlast a ledger that was killed; it is back within a second or two. */
const LEDGER_AWAY_MS_MAX = 5_000;
const VIDEO_RATE_HZ = 90_000;

/** What the engine needs of its process and machine. */
export type EngineSurroundings = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  ffmpeg: FfmpegChoice;
  key: ChannelKey;
  demoWorkerUrl: URL;
  fetch: typeof fetch;
  monotonicMs(): number;
  /** Wall clock, ms since 1970: webhooks are signed with it. */
  wallMs(): number;
  /** ffmpeg started or ended: the supervisor ends it should this process die. */
  onHelper(pid: number, alive: boolean): void;
  /** Ends this process in order; the supervisor starts the next, which reads what is kept. */
  restart(): void;
  /** What may be broken on purpose, by the supervisor. */
  breaking: BreakingDoor;
  /** Facts of the ready file and of a successor's start changed. */
  onFacts(facts: Record<string, unknown>): void;
};

export type Engine = {
  door: StudioDoor;
  setLedger(endpoint: Endpoint | null): void;
  setVision(endpoint: Endpoint | null): void;
  close(): Promise<void>;
};

/** Starts the show's engine. Rejects with a listen error when its port is not to be had. */
export async function startEngine(
  configuration: EngineConfiguration,
  around: EngineSurroundings,
): Promise<Engine> {
  const { clock, timers, random, logger, key } = around;
  const demoAnchorUs = configuration.matchAnchorUs || clock.nowUs();

  // 1. A picture comes in, is published, and is understood.
  const ingest = await openIngestDoor(configuration, around, () => door.url);
  const addresses = await openKeptSources(configuration.dataFolder, logger);
  const media = openMediaRooms(configuration, around, demoAnchorUs, { ...ingest, addresses });
  const { capture, publisher, vision, factLog, soundMeter } = media;

  // 2. Money lives in the ledger process; markets, audience and relay are joined to it.
  const kept = await openKept(configuration.dataFolder, around);
  const openRpc = () => door.rpc;
  const facts = openFactRooms(configuration, around, { ...kept, capture, vision, openRpc });
  const { ledger, journal, socket, shipper, gate, store, markets, audience, peopleRooms } = facts;

  // 3. The show itself: ready or live, and whether anybody may bet.
  const tellShow = () => announceShow({ audience, configuration, store, show, handover, capture });
  const isLive = () => show.isLive();
  const handover = await openHandover({ configuration, around, ...media, store, isLive, tellShow });
  const show = createShow({
    ...{ clock, first: store.state().show },
    onChange(view) {
      store.apply({ type: 'show.changed', show: view });
      tellShow();
      peopleRooms.leaderboard.begin(view.liveSinceUs);
      audience.setBettingSuspended(view.bettingSuspended);
      markets.suspendBetting(view.bettingSuspended);
      steerUplink();
      handover.steer();
      views.tellFacts();
    },
  });
  const staffActs = createStaffActs({ show, ledger, store, clock, random, kept: kept.kept });
  const steerUplink = uplinkSteering(publisher, socket, isLive);
  const models = openModelShelf(configuration, around, vision);
  const { witnesses, games } = await openWitnesses(configuration, around, facts, factLog);
  const places = await openPlaces(configuration, vision);
  const obs = await openObs({ configuration, around, store, ingest, door: () => door });
  const above = { configuration, around, tellShow, ...media, ...facts };
  const outward = await openOutward({ ...above, show });
  const [recording, reports] = [await openRecordingRoom(above), await openShowReports(above)];
  const acts = { ...facts, around, show, staffActs, handover, ingest, obs, publisher, capture };
  const rooms = { ...acts, models, games, places, factLog, recording, reports, ...outward };

  // 4. The studio's page: one door, the same operations for every transport.
  const door = await openStudioDoor({
    ...{ configuration, around, store, factLog, media: ingest.answer },
    handlers: createHandlers(rooms),
    onCapturePage: (port) => capture.attachCapturePage(port),
  });
  const readings = createReadingsCollector({ ...media, ...facts, clock, timers, door });
  const picture = watchPicture(configuration, around, show, markets);
  const views = createViews({
    ...{ store, show, socket, journal, shipper },
    ...{ ledgerReason: gate.reason, timers, issueLink: door.issueLink },
    facts: () => ({
      ...{ ...door.facts(), port: door.port, ingest: ingest.view() },
      ...lastingFacts(configuration, key, demoAnchorUs),
      source: capture.state().url || maskCredentials(configuration.source),
      nextSource: awaitedSource(capture.state()),
      lastFrameUs: picture.lastFrameUs(),
    }),
    onFacts: around.onFacts,
  });
  const disk = watchDisk({ ledger, timers, store, show, audience });

  // 5. Every arrow of the picture above.
  const poster = openPoster(around, socket, () => isLive() && !outward.encryption.isOn());
  const shown = { show, picture, views, readings };
  const own = { ...shown, staffActs, witnesses, places, poster, clock, logger };
  join({ ...media, ...facts, ...own, ...outward, steerUplink, tellShow });
  await capture.select(configuration.source);
  show.suspend('shield', peopleRooms.people.isShielded);
  show.announce();

  return {
    ...{ door, setLedger: (endpoint: Endpoint | null) => gate.setEndpoint(endpoint) },
    setVision(endpoint) {
      vision.setEndpoint(endpoint);
      if (!endpoint) views.visionAway();
    },
    async close() {
      const closed = [handover, ...outward.rooms, disk, readings, views, picture, witnesses];
      for (const room of [...closed, markets, models, poster, vision, obs]) room.close();
      const inputs = [recording, capture, publisher, outward.destinations, games, soundMeter];
      await Promise.all([reports, ...inputs].map((room) => room.close()));
      for (const room of [facts.betRate, gate, audience, shipper, socket, ledger]) room.close();
      await Promise.all([ingest, factLog, peopleRooms, kept.marks].map((room) => room.close()));
      await door.close();
    },
  };
}

type WatchedPicture = PictureWatch & Pick<SteadyPicture, 'suspend'>;
/** Nobody bets on a picture that stands, or that was not there. */
function watchPicture(
  { lastFrameUs }: EngineConfiguration,
  { clock, timers }: EngineSurroundings,
  show: Show,
  markets: FactRooms['markets'],
): WatchedPicture {
  const steady = createSteadyPicture({ timers, show });
  const watch = createPictureWatch({
    ...{ clock, timers, lastFrameUs },
    onStall: (isStalled) => steady.suspend('pictureStalled', isStalled),
    onGap: (fromUs, toUs) => markets.onPictureGap(fromUs, toUs),
  });
  const close = () => {
    for (const room of [watch, steady]) room.close();
  };
  return { ...watch, suspend: steady.suspend, close };
}

/** Facts of the ready file that stay as they are. */
function lastingFacts(
  { relayUrl, seed }: EngineConfiguration,
  { channelId }: ChannelKey,
  matchAnchorUs: number,
) {
  return { relay: relayUrl, channel: channelId, matchAnchorUs, matchSeed: seed };
}

/** What outlives every engine, in files of the data folder. */
async function openKept(dataFolder: string, around: EngineSurroundings) {
  const { timers, logger, key } = around;
  const { channelId } = key;
  const marks = await openMarkKeeper({ dataFolder, channelId, timers, logger });
  const keptPeople = await openPeopleFiles(dataFolder, around);
  return { marks, kept: await openKeptChoices(dataFolder), keptPeople };
}

/** The models on disk; what runs of them is vision's. */
function openModelShelf(
  configuration: EngineConfiguration,
  { fetch, timers, logger }: EngineSurroundings,
  vision: VisionClient,
) {
  return createModelShelf({
    ...{ vision, fetch, timers, logger: logger.with({ part: 'models' }) },
    dataFolder: configuration.dataFolder,
    folders: configuration.modelFolders,
    shippedFolder: configuration.shippedModelFolder,
  });
}

/** The uplink runs while live, and moves only when the relay gave a new token. */
function uplinkSteering(
  publisher: MediaRooms['publisher'],
  socket: FactRooms['socket'],
  isLive: () => boolean,
): () => void {
  let uplinkToken = '';
  return () => {
    const { whipUrl = '', whipToken = '' } = socket.registered ?? {};
    const wanted = isLive() ? whipToken || uplinkToken : '';
    if (wanted === uplinkToken) return;
    uplinkToken = wanted;
    if (wanted) publisher.startUplink({ url: whipUrl, token: whipToken });
    else void publisher.stopUplink();
  };
}

/** Another engine for the picture; ours goes on meanwhile, so that there is a way back. */
async function openHandover(
  joined: Pick<HandoverOptions, 'publisher' | 'isLive'> & {
    configuration: EngineConfiguration;
    around: EngineSurroundings;
    store: FactRooms['store'];
    tellShow(): void;
  },
) {
  const { configuration, around, publisher, isLive, store } = joined;
  const { clock, timers, random, fetch, logger } = around;
  const handover = await createHandover({
    ...{ clock, timers, random, fetch, publisher, isLive },
    logger: logger.with({ part: 'handover' }),
    dataFolder: configuration.dataFolder,
    peer: { iceServers: peerOptionsOf(configuration).iceServers },
    isLoopbackBound: true,
    onChange(view) {
      store.apply({ type: 'handover.changed', handover: view });
      joined.tellShow();
    },
  });
  store.apply({ type: 'handover.changed', handover: handover.view() });
  return handover;
}

/** Packs of the owner's own stand before those that come with the studio. */
function openPlaces({ dataFolder, shippedModelFolder }: EngineConfiguration, vision: VisionClient) {
  const packFolders = [dataFolder, shippedModelFolder].map((folder) => `${folder}/packs`);
  return createGamePlaces({ vision, dataFolder, packFolders });
}

/** What the picture and a game say of the same thing has to be the same. */
async function openWitnesses(
  configuration: EngineConfiguration,
  around: EngineSurroundings,
  { store, markets, audience, peopleRooms }: FactRooms,
  factLog: FactLog,
) {
  const { clock, timers, random, logger, wallMs } = around;
  const witnesses = createWitnesses({
    ...{ clock, timers, markets },
    show(event) {
      store.apply({ type: 'event.happened', event });
      audience.sendEvent(event);
      peopleRooms.happened(event);
      factLog.event(event);
    },
  });
  const games = await createGameSources({
    ...{ clock, random, wallMs, dataFolder: configuration.dataFolder },
    logger: logger.with({ part: 'games' }),
    rtpTimestampOf: (us) => rtpTimestampOf(us, VIDEO_RATE_HZ, configuration.videoClockOffset),
    onEvent: (event) => witnesses.hear('game', event),
    onCaption: (caption) => audience.sendCaption(caption),
  });
  await games.restore();
  return { witnesses, games };
}

type FactRooms = ReturnType<typeof openFactRooms>;

type KeptForFacts = {
  marks: MarkKeeper;
  kept: KeptChoices;
  keptPeople: KeptPeopleFiles;
  capture: Capture;
  vision: VisionClient;
  /** The studio's RPC, once its door stands. */
  openRpc(): RpcServer;
};

/** The fact plane: it may wait, and it never drops. */
function openFactRooms(
  configuration: EngineConfiguration,
  around: EngineSurroundings,
  { marks, kept, capture, vision, keptPeople, openRpc }: KeptForFacts,
) {
  const { clock, timers, random, logger, key } = around;
  const ledger = createLedgerClient(null, { timers, awayMsMax: LEDGER_AWAY_MS_MAX });
  const journal = followJournal(ledger, marks.epochOf, () => marks.mark?.seq ?? 0);
  const socket = createStudioSocket({
    ...{ relayUrl: configuration.relayUrl, relayKey: configuration.relayKey, key },
    ledgerIdentity: () => journal.identity() ?? gate.identity(),
    networkKey: () => keptPeople.file.people.networkKey,
    ...{ clock, timers, random },
    logger: logger.with({ part: 'upstream' }),
  });
  const shipper = createJournalShipper({ socket, journal, marks, timers, logger });
  tellErasures({ socket, texts: journal.texts, logger: logger.with({ part: 'upstream' }) });
  // A ledger is used once it is known to hold every row that a relay signed.
  const gate = createLedgerGate({
    ...{ ledger, journal, socket, shipper, marks, clock, timers },
    connect: connectLink,
    logger: logger.with({ part: 'ledger' }),
  });
  const store = openStore(configuration, around, kept);
  const markets = createMarkets({
    ...{ ledger, clock, timers, random },
    logger: logger.with({ part: 'markets' }),
    templates: kept.templates,
    keepTemplates: kept.keepTemplates,
    suspended: kept.suspended.markets,
    keepSuspended: (suspended) => kept.keepSuspended({ markets: suspended }),
    onAction(action) {
      store.apply(action);
      if (action.type !== 'market.changed') return;
      capture.showMarket(marketCardOf(store.state().markets));
      audience.marketChanged(action.market);
      peopleRooms.marketChanged(action.market);
    },
    onSettled(subject, entry) {
      audience.settled(subject, entry);
      peopleRooms.leaderboard.settled(entry);
    },
  });
  const betRate = createBetRate({ clock, timers, vision });
  const peopleRooms = createPeopleRooms({
    ...{ kept: keptPeople, key, socket, ledger, clock, timers, random, logger },
    ...{ wallMs: around.wallMs, openRpc },
    onSummary: (people) => store.apply({ type: 'people.changed', people }),
  });
  const audience = createAudience({
    ...{ socket, ledger },
    markets: markets.markets,
    onBetPlaced(marketId) {
      markets.onBetPlaced(marketId);
      betRate.count();
    },
    onBound: peopleRooms.bound,
    betRefusal: peopleRooms.betRefusal,
    ...{ clock, timers },
    logger: logger.with({ part: 'audience' }),
  });
  const frames = createFrameRing(clock, socket);
  const rooms = { ledger, journal, socket, shipper, gate, store, markets, audience, frames };
  const isLive = () => store.state().show.state === 'live';
  const relay = createRelayRoom({ configuration, around, socket, isLive });
  return { ...rooms, betRate, peopleRooms, relay };
}

function openStore(
  configuration: EngineConfiguration,
  { clock, key }: EngineSurroundings,
  { suspended, templates, complaints }: KeptChoices,
) {
  const { relayUrl, isRelayOurs } = configuration;
  const source = maskCredentials(configuration.source);
  const { channelId } = key;
  const suspendedByHand = suspended.show;
  const show = firstShow({ ...configuration, channelId, clock, suspendedByHand });
  const first = { show, source, relayUrl, isRelayOurs, templates, complaints };
  return createStudioStateStore(initialState(first));
}

type Joined = MediaRooms &
  FactRooms & {
    show: Show;
    staffActs: StaffActs;
    picture: WatchedPicture;
    views: Views;
    readings: ReadingsCollector;
    witnesses: Witnesses;
    places: GamePlacesRoom;
    poster: Poster;
    clock: MediaClock;
    logger: Logger;
    steerUplink(): void;
    encryption: Encryption;
    tellShow(): void;
  };

/** What flows where. Each statement is one arrow. */
function join(rooms: Joined): void {
  const { capture, publisher, vision, factLog, ledger, socket, shipper, markets, audience } = rooms;
  const { show, picture, views, readings, witnesses, poster, soundMeter, logger, frames } = rooms;
  capture.onUnit((unit) => {
    const sent = frames.taken(unit);
    publisher.push(unit);
    sent();
    // Smaller copies and slates are for viewers; there is nothing to judge in them.
    if (unit.layer || unit.slate) return;
    vision.push(unit);
    poster.push(unit);
    soundMeter.push(unit);
    if (unit.track === 'video') picture.frame(unit.captureUs);
  });
  capture.onCut(({ url, fromUs }) => {
    vision.streamReset();
    rooms.places.sourceChanged(packOf(url));
    if (fromUs >= 0) markets.onPictureCut(fromUs, rooms.clock.nowUs());
  });
  rooms.onUplinkWeak((text) => {
    const id = 'uplinkWeak';
    if (text === '') rooms.store.apply({ type: 'notice.cleared', id });
    else rooms.store.apply({ type: 'notice.raised', notice: { id, severity: 'warn', text } });
  });
  socket.onStats(relayPictureWatch({ isLive: show.isLive, suspend: picture.suspend }));
  capture.onState((source) => {
    views.sourceChanged(source);
    // At once: whoever paused it knows what comes next.
    show.suspend('picturePaused', source.playback?.isPaused ?? false);
  });
  tellSlates((run) => capture.onState(run), rooms.tellShow);
  vision.onFacts((facts, bytes) => {
    publisher.sendAnalytics(bytes);
    if (show.isLive()) socket.sendAnalytics(facts);
    readings.frameJudged(Number(facts.captureUs));
    frames.judged(facts);
    factLog.frame(facts, bytes);
  });
  vision.onEvent((event) => witnesses.hear('picture', event));
  vision.onJudged((...until) => witnesses.judged(...until));
  vision.onStatus((status) => {
    views.visionChanged(status);
    readings.visionChanged(status);
  });
  ledger.onConnected(() => {
    markets
      .restore()
      .then(() => {
        audience.marketsReset();
        show.suspend('ledgerAway', false);
      })
      .catch((cause: unknown) => logger.warn('markets not restored', { reason: String(cause) }));
  });
  ledger.onConnected(() => rooms.staffActs.readPolicy());
  ledger.onDisconnected(() => show.suspend('ledgerAway', true));
  shipper.onState(({ state }) => show.suspend('copyRefused', state === 'refused'));
  const takeRegistered = (registered: Registered) => {
    const { linkOf, isOn } = rooms.encryption;
    show.setViewerUrl(linkOf(registered.viewerUrl), isOn());
    rooms.steerUplink();
    views.registered(registered);
  };
  socket.onRegistered(takeRegistered);
  // A relay that outlived the last engine answers before the door stands.
  if (socket.registered) takeRegistered(socket.registered);
}

/** Viewers are told of the slate by name; that packets flow is no picture. */
function tellSlates(onState: Capture['onState'], tellShow: () => void): void {
  let wasSlate = false;
  onState(({ isSlate = false }) => {
    if (isSlate === wasSlate) return;
    wasSlate = isSlate;
    tellShow();
  });
}

/** The demo's camera stands still at a known place; of any other picture we know nothing yet. */
function packOf(sourceUrl: string): string {
  return sourceUrl.startsWith('demo:') ? 'demo' : 'generic';
}
