// The operations of the contract, bound to the rooms. Arguments and roles were checked before.

import { READ_BYTES } from '../../core/contract/recording.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Caller, Handlers } from '../../core/contract/rpcCalls.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import type { Capture } from '../capture/capture.ts';
import { SourceError } from '../capture/checkSource.ts';
import type { EngineSurroundings } from '../engine.ts';
import { type MarketCaller, MarketRefusal, type Markets } from '../markets/markets.ts';
import { ObsAway, ObsRefused } from '../obs/obsDoor.ts';
import { ObsNotSettable } from '../obs/obsSetUp.ts';
import type { Publisher } from '../publish/publisher.ts';
import { RecordingRefused } from '../recording/recording.ts';
import { serve } from '../serve/rooms.ts';
import { PairingRefused } from '../upstream/pairing.ts';
import { OfferRefused } from '../webrtc/offerRefused.ts';
import { type BreakingRooms, createBreakHandlers } from './breakingRoom.ts';
import { type CrewActRooms, withCrewActs } from './crewActs.ts';
import type { DestinationDesk } from './destinationDesk.ts';
import { type Encryption, EncryptionRefused } from './encryption.ts';
import type { FactLog, KnownThen } from './factLog.ts';
import { type FairnessRooms, fairnessHandlers } from './fairnessHandlers.ts';
import type { FirstRunRoom } from './firstRun/firstRunRoom.ts';
import type { FrameRing } from './frameRing.ts';
import type { GamePlacesRoom } from './gamePlaces.ts';
import { type GameSources, GameSourcesRefused } from './gameSources.ts';
import type { Handover } from './handover.ts';
import { createHistoryHandlers, type HistoryRooms } from './historyHandlers.ts';
import type { IngestDoor } from './ingestDoor.ts';
import type { MixerRoom } from './mixerRoom.ts';
import type { ModelShelfRoom } from './modelShelf.ts';
import { createModerationHandlers, type ModerationRooms } from './moderationHandlers.ts';
import { createObsHandlers, type ObsDesk } from './obsDesk.ts';
import { actorOf, createPeopleHandlers } from './peopleHandlers.ts';
import type { PeopleRooms } from './peopleRooms.ts';
import type { PictureRoom } from './pictureRoom.ts';
import type { RecordingRooms } from './recordingRoom.ts';
import type { RelayRoom } from './relayRoom.ts';
import type { Show } from './show.ts';
import type { ShowReports } from './showReports.ts';
import type { StaffActs } from './staffActs.ts';
import { createTimelineHandlers } from './timelineHandlers.ts';
import { createViewersPicture } from './viewersPicture.ts';

export type HandlerRooms = Pick<CrewActRooms & BreakingRooms, 'around' | 'store' | 'socket'> & {
  around: Pick<EngineSurroundings, 'fetch'>;
  ledger: ModerationRooms['ledger'] &
    CrewActRooms['ledger'] &
    FairnessRooms['ledger'] &
    HistoryRooms['ledger'] &
    BreakingRooms['ledger'];
  audience: FairnessRooms['audience'];
  show: Show;
  markets: Markets;
  publisher: Publisher;
  staffActs: StaffActs;
  models: ModelShelfRoom;
  games: GameSources;
  places: GamePlacesRoom;
  factLog: FactLog;
  frames: FrameRing;
  handover: Handover;
  peopleRooms: PeopleRooms;
  relay: RelayRoom;
  ingest: IngestDoor;
  encryption: Encryption;
  destinations: DestinationDesk;
  obs: ObsDesk;
  recording: RecordingRooms;
  reports: ShowReports;
  capture: Pick<Capture, 'select' | 'playback' | 'setSystemSound'>;
  pictureRoom: PictureRoom;
  mixer: Pick<MixerRoom, 'handlers'>;
  firstRun: Pick<FirstRunRoom, 'handlers'>;
};

/** Every operation with its room; a room's refusal becomes the contract's error. */
export function createHandlers(rooms: HandlerRooms): Handlers {
  return withCrewActs(handlersOf(rooms), rooms);
}

function handlersOf(rooms: HandlerRooms): Handlers {
  const { show, publisher } = rooms;
  return serve({
    show: {
      goLive: () => done(() => show.goLive()),
      end: (_args, caller) =>
        refusable(async () => {
          show.end();
          await voidUndecided(rooms.markets, marketCaller(caller));
        }),
      rename: ({ title }) => done(() => show.rename(title)),
      suspendBetting: ({ reason }, caller) =>
        refusable(() => rooms.staffActs.suspendBetting(marketCaller(caller), reason)),
      resumeBetting: (_args, caller) =>
        refusable(() => rooms.staffActs.suspendBetting(marketCaller(caller), '')),
    },
    sources: sourceHandlers(rooms.capture),
    ...pictureHandlers(rooms),
    markets: marketHandlers(rooms),
    viewers: {
      list: ({ limit }) => refusable(() => rooms.staffActs.bettors(limit)),
      setBan: ({ subject, isBanned, reason }, caller) =>
        refusable(() => {
          const { people } = rooms.peopleRooms;
          const act = actorOf(caller);
          if (!isBanned) return people.unban(act, subject, reason);
          return people.ban(act, { subject, withNetwork: false, seconds: null, reason });
        }),
      setStaff: (args, caller) =>
        refusable(() => rooms.staffActs.setStaff(marketCaller(caller), args)),
    },
    policy: {
      set: (args, caller) => refusable(() => rooms.staffActs.setPolicy(marketCaller(caller), args)),
    },
    models: {
      list: () => rooms.models.list(),
      accept: ({ id }) => rooms.models.accept(id),
      download: ({ id }) => rooms.models.download(id),
      stop: ({ id }) => done(() => rooms.models.stop(id)),
      import: ({ path, json }) => rooms.models.import(path, json),
      remove: ({ id }) => rooms.models.remove(id),
      retry: () => done(() => rooms.models.retry()),
      installCuda: () => done(() => rooms.models.installCuda()),
    },
    game: {
      show: () => rooms.places.show(),
      choosePack: ({ pack }) => rooms.places.choosePack(pack),
      setPlaces: ({ pack, places }) => rooms.places.setPlaces(pack, places),
      putZone: ({ pack, zone, instead }) => rooms.places.putZone(pack, zone, instead),
      removeZone: ({ pack, subject }) => rooms.places.removeZone(pack, subject),
      calibrate: ({ pack, ...court }) => rooms.places.calibrate(pack, court),
      proposeCourt: () => rooms.places.proposeCourt(),
    },
    games: {
      connect: ({ port }) => refusable(() => rooms.games.connect(port)),
      disconnect: () => refusable(() => rooms.games.disconnect()),
      show: () => rooms.games.view(),
    },
    ...shownHandlers(rooms),
    ...withTheirOwnFile(rooms),
    destinations: rooms.destinations.handlers,
    encryption: encryptionHandlers(rooms.encryption),
    ...fairnessHandlers(rooms, refusable),
    reports: rooms.reports.handlers,
    ...recordingHandlers(rooms),
    ...createHistoryHandlers(rooms, refusable),
    relay: {
      show: () => rooms.relay.show(),
      pair: (at) => refusable(() => rooms.relay.pair(at)),
      forget: () => done(() => rooms.relay.forget()),
      checkLink: () => rooms.relay.checkLink(),
    },
    handover: {
      set: (target) => refusable(() => rooms.handover.set(target)),
      clear: () => refusable(() => rooms.handover.clear()),
    },
    preview: {
      watch: ({ offerSdp }) => refusable(() => publisher.watchPreview(offerSdp)),
      leave: ({ sessionId }) => done(() => publisher.leavePreview(sessionId)),
    },
  });
}

function withTheirOwnFile(rooms: HandlerRooms) {
  return {
    ...createObsHandlers(rooms.obs, refusable),
    ...createPeopleHandlers(rooms, refusable),
    ...createModerationHandlers(rooms, refusable),
    ...createBreakHandlers(rooms, refusable),
  };
}

function recordingHandlers({ recording, show }: HandlerRooms) {
  const { evidence } = recording;
  const length = READ_BYTES;
  const base64 = (bytes: Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') });
  return {
    recording: {
      start: () => refusable(() => recording.start(show.view().title)),
      stop: () => refusable(() => recording.stop()),
      configure: ({ settings }) => refusable(() => recording.configure(settings)),
      saveClip: (args) => refusable(() => recording.saveClip(args)),
      clips: () => recording.clips(),
      readClip: async (args) => base64(await recording.readClip({ ...args, length })),
      removeClip: ({ name }) => refusable(() => recording.removeClip(name)),
    },
    evidence: {
      show: async ({ marketId }) => ({ evidence: await evidence.show(marketId) }),
      keepCase: ({ marketId }, caller) => recording.cases.keep(caller, marketId),
      read: async (args) => base64(await evidence.read({ ...args, length })),
    },
    timeline: createTimelineHandlers(recording),
  } satisfies Partial<Handlers>;
}

/** What is known of the frames that were shown. */
function shownHandlers({ factLog, frames }: HandlerRooms) {
  return {
    facts: { at: ({ captureUs }) => knownAt(factLog, captureUs) },
    frames: { recent: ({ after }) => frames.recent(after) },
  } satisfies Partial<Handlers>;
}

/** @throws RpcError `notFound` that says what can be asked for */
function knownAt(factLog: FactLog, captureUs: number): KnownThen {
  const known = factLog.at(captureUs);
  if (known) return known;
  const range = factLog.range();
  const kept = range
    ? `captureUs must lie between ${range.oldestUs} and ${range.newestUs}`
    : 'no picture was judged yet';
  throw new RpcError('notFound', `What was known at ${captureUs} is not kept: ${kept}.`);
}

function pictureHandlers(rooms: HandlerRooms) {
  const { ingest, mixer, pictureRoom, firstRun } = rooms;
  return {
    viewersPicture: createViewersPicture(rooms),
    ingest: {
      show: () => ingest.view(),
      renewWhipToken: () => ingest.renewWhipToken(),
      renewRtmpKey: () => ingest.renewRtmpKey(),
    },
    picture: pictureRoom.handlers,
    mixer: mixer.handlers,
    firstRun: firstRun.handlers,
  } satisfies Partial<Handlers>;
}

function sourceHandlers(capture: HandlerRooms['capture']): Handlers['sources'] {
  return {
    select: ({ url }) => refusable(() => capture.select(url)),
    setPaused: ({ isPaused }) => done(() => capture.playback().setPaused(isPaused)),
    seek: ({ positionMs }) => done(() => capture.playback().seek(positionMs)),
    skip: ({ to }) => done(() => capture.playback().skip(to)),
    setSystemSound: ({ isOn }) => done(() => capture.setSystemSound(isOn)),
  };
}

function encryptionHandlers(encryption: Encryption): Handlers['encryption'] {
  return {
    set: ({ isOn }) => refusable(() => encryption.set(isOn)),
    changeKey: ({ withNewLink }) => refusable(() => encryption.changeKey(withNewLink)),
  };
}

type MarketHandlerRooms = Pick<HandlerRooms, 'markets' | 'ledger'> & {
  staffActs: Pick<StaffActs, 'noteSuspension'>;
  recording: { evidence: Pick<RecordingRooms['evidence'], 'stated'> };
};

export function marketHandlers(rooms: MarketHandlerRooms): Handlers['markets'] {
  const { markets, staffActs, recording, ledger } = rooms;
  const { evidence } = recording;
  const suspend = (caller: Caller, args: { marketId: string; reason: string }) =>
    refusable(async () => {
      await markets.suspend(args);
      await staffActs.noteSuspension(marketCaller(caller), args);
    });
  return {
    openSuggestion: (args, caller) =>
      refusable(() => markets.openSuggestion(marketCaller(caller), args)),
    dismissSuggestion: (args) => done(() => markets.dismissSuggestion(args)),
    open: (args, caller) => refusable(() => markets.open(marketCaller(caller), args)),
    lock: (args, caller) => refusable(() => markets.lock(marketCaller(caller), args)),
    resolve: ({ captureUs, ...args }, caller) =>
      refusable(() => {
        if (captureUs !== undefined) evidence.stated(args.marketId, captureUs);
        return markets.resolve(marketCaller(caller), args);
      }),
    void: (args, caller) => refusable(() => markets.void(marketCaller(caller), args)),
    correct: (args, caller) =>
      refusable(async () => {
        const reason = await publicReason(ledger, caller, args);
        if (args.tCapUs !== null) evidence.stated(args.marketId, args.tCapUs);
        await markets.correct(marketCaller(caller), { ...args, reason });
      }),
    extend: (args, caller) => refusable(() => markets.extend(marketCaller(caller), args)),
    exportTemplates: () => ({ json: markets.exportTemplates() }),
    importTemplates: ({ json }) => refusable(() => markets.importTemplates(json)),
    create: (args, caller) => refusable(() => markets.create(marketCaller(caller), args)),
    suspend: (args, caller) => suspend(caller, args),
    resume: ({ marketId }, caller) => suspend(caller, { marketId, reason: '' }),
    saveTemplate: ({ template }) => refusable(() => markets.saveTemplate(template)),
    removeTemplate: ({ templateId }) => refusable(() => markets.removeTemplate(templateId)),
    setOpening: (args) => refusable(() => markets.setOpening(args)),
    history: (args) => refusable(() => markets.history(args)),
  };
}

/** Viewers read with the decision that people overrode the machine, or corrected themselves. */
async function publicReason(
  ledger: HandlerRooms['ledger'],
  { role }: Caller,
  { marketId, reason }: { marketId: string; reason: string },
): Promise<string> {
  const { acts } = await ledger.acts({ beforeSeq: null, limit: 5, target: marketId });
  const decided = acts.find(({ act }) => act === 'market.resolved' || act === 'market.corrected');
  const what = decided?.role === 'vision' ? 'Overridden' : 'Corrected';
  return `${what} by ${role === 'owner' ? 'the streamer' : 'a moderator'}: ${reason}`.slice(0, 300);
}

/** Nobody sees the picture after the end, so nothing may be decided by it: stakes go back. */
async function voidUndecided(markets: Markets, caller: MarketCaller): Promise<void> {
  const undecided = markets.markets().filter(({ state }) => state === 'OPEN' || state === 'LOCKED');
  const reason = 'The show ended before this was decided.';
  for (const { id } of undecided) await markets.void(caller, { marketId: id, reason });
}

/** The ledger records the role and a pseudonym, never a name; who bet may not decide. */
function marketCaller(caller: Caller): MarketCaller {
  const { actor, role, subject } = actorOf(caller);
  return { actor, role, ...(subject ? { actorSubject: subject } : {}) };
}

async function done(run: () => unknown): Promise<void> {
  await refusable(async () => {
    run();
  });
}

/** Runs an operation; a refusal of any room becomes one of the contract, with code and sentence. */
export async function refusable<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof MarketRefusal) throw new RpcError(cause.code, cause.message);
    if (cause instanceof LedgerRefusal) {
      const isAway = cause.code === 'LEDGER_UNAVAILABLE';
      throw new RpcError(isAway ? 'unavailable' : 'refused', cause.message);
    }
    if (
      cause instanceof SourceError ||
      cause instanceof OfferRefused ||
      cause instanceof EncryptionRefused ||
      cause instanceof ObsAway ||
      cause instanceof ObsRefused ||
      cause instanceof ObsNotSettable ||
      cause instanceof GameSourcesRefused ||
      cause instanceof PairingRefused ||
      cause instanceof RecordingRefused
    ) {
      throw new RpcError('refused', cause.message);
    }
    throw cause;
  }
}
