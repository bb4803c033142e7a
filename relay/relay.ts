// The thin server between a studio and its viewers: media through the media room, facts through
// two kinds of WebSocket, the journal into the witness, the viewer page from a folder. Read top to
// bottom it is the relay. It outlives its studios and decides nothing about money.
//
// Who may connect: a studio is no browser, so an upgrade of /studio with an Origin is refused. A
// viewer may come from any page: its authority is a key that the page holds, never a cookie.

import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { MediaClock, Timers } from '../core/base/clock.ts';
import type { RandomBytes } from '../core/base/ids.ts';
import type { Logger } from '../core/base/logger.ts';
import { isId } from '../core/wire/signing.ts';
import { type FolderLock, lockFolder } from '../native/sqlite/folderLock.ts';
import { createMetrics, type Metrics } from '../native/telemetry/metrics.ts';
import type { PathCheck } from '../native/webrtc/pathCheck.ts';
import type { PeerOptions } from '../native/webrtc/peer.ts';
import type { AcmeSettings } from './acme.ts';
import { BadRelaySetting } from './badRelaySetting.ts';
import { CompressedFiles } from './compressedFiles.ts';
import { type GuestSettings, openGuests, servePeople } from './guests.ts';
import { JsonView } from './jsonView.ts';
import { AddressLimits, addressOfClient } from './limits.ts';
import { createLinkCheck, type LinkCheck } from './linkCheck.ts';
import { addressOf, type Listening, listen, localAddressOf } from './listen.ts';
import type { MediaRoom, MediaRoomOptions } from './media/mediaRoom.ts';
import { LocalFanOut } from './nodes/fanOut.ts';
import type { Nodes } from './nodes/nodes.ts';
import { meterNodes, type NodeSettings, openNodes } from './nodes/openNodes.ts';
import { passStream } from './nodes/streamPassage.ts';
import { checkIssuer } from './openId.ts';
import { type Owners, openOwners } from './owners.ts';
import { openPairing, type Pairing } from './pairing.ts';
import { barredFromMedia, isBarredFromStream } from './peopleNews.ts';
import { AllowedOrigins, refuseStream, refuseUnreadable } from './problems.ts';
import { PublisherTokens } from './publisherTokens.ts';
import { openReach, type Reach } from './reach.ts';
import { createMarkSigner, type MarkSigner, openRelayKey } from './relayKey.ts';
import { Channels, type RelayRoom, zeroCounters } from './room.ts';
import { answer, type RouteOptions } from './routes.ts';
import { serveStudio } from './studioSession.ts';
import { createTelevision, type Television } from './television/television.ts';
import { PageTemplate } from './unfurl.ts';
import { createUplinkTrial } from './uplinkTrial.ts';
import { serveViewer } from './viewerSession.ts';
import { createUpgradeServer, type FactsSocket, type UpgradeServer } from './webSocket.ts';
import { openPostgresStore } from './witness/postgresStore.ts';
import { openThreadedStore } from './witness/threadedStore.ts';
import { createWitness, type Witness } from './witness/witness.ts';

/** Facts sockets at once; more are answered 503. Each idle one costs about 10 KB. */
const SOCKETS_MAX = 20_000;
/** A batch of the journal is the longest message; viewers send far less. */
const STUDIO_MESSAGE_BYTES_MAX = 1024 * 1024;
const VIEWER_MESSAGE_BYTES_MAX = 4 * 1024;
/** Viewers of the picture by WebSocket only say how far they got. */
const STREAM_MESSAGE_BYTES_MAX = 64;
const HOUSEKEEPING_MS = 1_000;

export type RelayOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  /** A named port that is taken is an error; an unnamed one gives way to the next free one. */
  portIsNamed: boolean;
  /** What links are made of; null: the address it listens on. */
  publicUrl: string | null;
  certificateFile: string | null;
  keyFile: string | null;
  /** A certificate from an authority instead; null without. */
  acme: AcmeSettings | null;
  dataFolder: string;
  /** postgres:// address of the witness's store, password included; null: a file in the folder. */
  databaseUrl: string | null;
  /** 64 hexadecimal characters, the same on all nodes; null: a key of its own, in the folder. */
  relayKey: string | null;
  /** Other relays with which this one serves the same channels. */
  nodes: NodeSettings;
  /** File of the thread that keeps the witness's file, as source or as built. */
  storeThreadPath: string;
  /** 'open', 'paired', or a file with one channel id a line. */
  owners: string;
  /** `stun:HOST:PORT`, `turn:HOST:PORT` or `turn:USER:PASSWORD@HOST:PORT`. */
  iceServers: readonly string[];
  /** Shared with the TURN servers; null without. */
  turnSecret: string | null;
  /** One UDP port for all media; null: any free ones. */
  udpPort: number | null;
  /** Addresses that answers name beside our own. */
  announce: readonly string[];
  /** Origins of pages that may use media and sockets; default: any. */
  allowedOrigins?: readonly string[];
  /** For tests: limits per address hold for this machine, too. */
  isThisMachineLimited?: boolean;
  /** The built viewer page; a missing one is answered with a sentence. */
  viewerPageFolder: string;
  /** The relay's own monotonic clock. */
  clock: MediaClock;
  /** Wall clock, ms since 1970: stands in signed marks and decides nothing. */
  wallMs(): number;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  createMedia(options: MediaRoomOptions): MediaRoom;
  /** Tries the way that media take (native/webrtc/pathCheck.ts). */
  checkMedia(peer: PeerOptions, timers: Timers): Promise<PathCheck>;
} & GuestSettings;

export type Relay = {
  /** The public address without a trailing slash. */
  readonly url: string;
  /** The same server for somebody on this machine. */
  readonly localUrl: string;
  readonly port: number;
  readonly metricsUrl: string;
  readonly healthUrl: string;
  /** What plain HTTP lacks here, for the person who started it; null where nothing is. */
  readonly plainWarning: string | null;
  readonly pairing: Pairing;
  /** Ends every connection. Safe to call twice. */
  close(): Promise<void>;
};

type Sockets = { studio: UpgradeServer; viewers: UpgradeServer; streams: UpgradeServer };

/**
 * Starts a relay.
 *
 * @throws BadRelaySetting when a person must change a setting
 */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const { clock, timers, random, logger } = options;
  checkIssuer(options.openId ?? null);
  const reach = await openReach(options);
  const store = await openStore(options);
  const { witness, marks, owners, pairing } = store;
  const opened = await listen(options).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const { port, isSecure, plainWarning } = opened;
  const localUrl = localAddressOf(options.host, port, isSecure);
  const url = publicAddressOf(options, port, isSecure);

  const channels = new Channels(clock, random, (channelId) => witness.isKnown(channelId));
  const tokens = new PublisherTokens(clock, random);
  const nodes = await joinNodes(options, channels, opened, store);
  const media = openMedia(options, reach, channels, tokens, nodes);
  const counters = zeroCounters();
  // Each node has its own token for a publisher: media go to the node that gave it.
  const addressFor = nodes ? () => nodes.url : addressRule(url, isSecure);
  const room: RelayRoom = {
    ...{ clock, timers, random, logger, owners, tokens, witness, marks },
    ...{ media, channels, counters },
    fanOut: nodes?.fanOut ?? new LocalFanOut(),
    locate: async (channelId) => await nodes?.locate(channelId),
    elsewhere: (channelId) => nodes?.elsewhere(channelId) ?? null,
    linkCheck: linkCheckOf(options, reach, url, port),
    ...openGuests(options, marks),
    ...{ publicUrl: url, addressFor },
  };

  const learn = (channelId: string) => learnChannel(room, channelId);
  const people = servePeople(options, room, learn);
  const view = openView(room, learn);
  const { origins, television } = openTelevision(options, room, media, learn);
  const sockets = openSockets(timers);
  const limits = new AddressLimits(clock, options.isThisMachineLimited ?? false);
  const metrics = createMetrics('morphine_relay_');
  meter(metrics, room, sockets, media, { limits, television });
  if (nodes) meterNodes(metrics, nodes);
  let isClosed = false;
  const compressed = new CompressedFiles();
  // The pages are built side by side.
  const beside = (page: string) => join(options.viewerPageFolder, '..', page);
  void compressed.prepare(options.viewerPageFolder);
  serve(opened.server, room, sockets, {
    people,
    viewerPageFolder: options.viewerPageFolder,
    mediaOriginOf: (channelId) =>
      channels.find(channelId)?.mediaElsewhere?.origin ?? room.elsewhere(channelId),
    ...{ checkPageFolder: beside('check'), overlayPageFolder: beside('overlay') },
    ...{ crewPageFolder: beside('crew'), compressed },
    channelPage: channelPageOf(options, channels, url),
    async handleMedia(request) {
      await learn(request.path.split('/')[2] ?? '');
      return barredFromMedia(room, request) ?? media.handle(request);
    },
    ...{ linkCheck: room.linkCheck, uplinkTrial: uplinkTrialOf(room) },
    pair: (body) => pairing.answer(body, url),
    witness,
    marks,
    ...{ limits, view, origins, television },
    notReadyReason: () => (isClosed ? 'The relay is stopping.' : ''),
    readyRemark: () => (nodes && !nodes.isConnected ? ', alone: Redis is away' : ''),
    metrics,
  });
  const cancelHousekeeping = timers.every(HOUSEKEEPING_MS, () => keepHouse(room, media));
  logger.info('relay ready', { url, port });

  return {
    ...{ url, localUrl, port, plainWarning, pairing },
    metricsUrl: `${localUrl}/metrics`,
    healthUrl: `${localUrl}/healthz`,
    async close() {
      if (isClosed) return;
      isClosed = true;
      cancelHousekeeping();
      for (const each of Object.values(sockets)) each.close();
      for (const each of [view, television, media]) each.close();
      await nodes?.close();
      await closeServer(opened);
      metrics.close();
      await store.close();
      logger.info('relay stopped');
    },
  };
}

/** Whoever may publish may measure the way here. */
function uplinkTrialOf({ clock, timers, tokens }: RelayRoom) {
  return createUplinkTrial({
    ...{ clock, timers, isAllowed: (id, token) => tokens.isValid(id, token) },
  });
}

function keepHouse({ channels, tokens }: RelayRoom, media: MediaRoom): void {
  for (const channel of channels.all()) {
    channel.setLayers(media.layers(channel.id));
    channel.announceChanges();
  }
  channels.forgetIdle();
  tokens.forgetEnded();
}

function openView(room: RelayRoom, learn: (channelId: string) => Promise<void>): JsonView {
  return new JsonView({
    ...room,
    async find(channelId) {
      await learn(channelId);
      return room.channels.find(channelId);
    },
  });
}

/** Watching by HLS, of the best layer that comes in, and who may from other pages. */
function openTelevision(
  { clock, timers, wallMs, allowedOrigins }: RelayOptions,
  room: RelayRoom,
  media: MediaRoom,
  learn: (channelId: string) => Promise<void>,
): { origins: AllowedOrigins; television: Television } {
  const { origin } = new URL(room.publicUrl);
  const origins = new AllowedOrigins(allowedOrigins ?? ['*'], origin);
  const television = createTelevision({
    ...{ clock, timers, wallMs, learn },
    showOf: (channelId) => room.channels.find(channelId)?.show ?? null,
    fanOutOf: (channelId) => media.taps(channelId)[0]?.fanOut ?? null,
    homeOf: room.elsewhere,
    isBarred: (channelId, request) => isBarredFromStream(room, channelId, addressOfClient(request)),
    originHeader: (request) => origins.header(request),
  });
  return { origins, television };
}

function openSockets(timers: Timers): Sockets {
  return {
    studio: createUpgradeServer(timers, STUDIO_MESSAGE_BYTES_MAX),
    viewers: createUpgradeServer(timers, VIEWER_MESSAGE_BYTES_MAX),
    streams: createUpgradeServer(timers, STREAM_MESSAGE_BYTES_MAX),
  };
}

/** Joins other relays, when there are to be any; whoever may not join closes what it opened. */
async function joinNodes(
  options: RelayOptions,
  channels: Channels,
  opened: Listening,
  store: OpenStore,
): Promise<Nodes | null> {
  const { clock, timers, random, logger, host } = options;
  try {
    return await openNodes(options.nodes, {
      ...{ clock, timers, random, logger, channels },
      url: addressOf(host, opened.port, opened.isSecure),
      relayKey: store.marks.publicKey,
    });
  } catch (error) {
    await closeServer(opened);
    await store.close();
    throw error;
  }
}

function linkCheckOf(
  { timers, random, udpPort, checkMedia }: RelayOptions,
  { peer, iceServers }: Reach,
  publicUrl: string,
  port: number,
): LinkCheck {
  return createLinkCheck({
    ...{ publicUrl, port, udpPort, timers, random, fetch },
    hasTurn: iceServers.hasTurn,
    checkMedia: () => checkMedia(peer, timers),
  });
}

/** What links are made of, without a trailing slash. */
function publicAddressOf(options: RelayOptions, port: number, isSecure: boolean): string {
  const { publicUrl, acme, host } = options;
  if (publicUrl !== null) return publicUrl.replace(/\/+$/, '');
  if (acme !== null) return new URL(`https://${acme.name}:${port}`).origin;
  return addressOf(host, port, isSecure);
}

function openMedia(
  options: RelayOptions,
  { peer, iceServers }: Reach,
  channels: Channels,
  tokens: PublisherTokens,
  nodes: Nodes | null,
): MediaRoom {
  const { clock, timers, random, logger } = options;
  const media = options.createMedia({
    clock,
    timers,
    random,
    logger: logger.with({ part: 'media' }),
    peer,
    iceServerLinks: iceServers.links,
    isKnownChannel: (channelId) => channels.isKnown(channelId),
    isPublisherAllowed: (channelId, token) => tokens.isValid(channelId, token),
    isOfAnotherChannel: (channelId, token) => tokens.isValidElsewhere(channelId, token),
    onMediaState(channel, state) {
      logger.info('media changed', { channel, state });
      channels.find(channel)?.mediaChanged();
    },
    onViewerCount: () => {},
    onSessionsLost: (channelId, ids) => channels.find(channelId)?.mediaLost(ids),
    redirectViewersTo(channelId) {
      const elsewhere = channels.find(channelId)?.mediaElsewhere;
      if (elsewhere?.isMoved) return elsewhere.whepUrl;
      const home = nodes?.elsewhere(channelId) ?? null;
      return home === null ? null : `${home}/whep/${channelId}`;
    },
    onTimestampShift(channelId, track, shift) {
      if (track === 'video') channels.find(channelId)?.setVideoClockShift(shift);
    },
  });
  // A WebSocket is not redirected: it ends here, and is passed on when its viewer comes again.
  if (nodes) nodes.onMovedAway = (channelId) => media.endStreams(channelId);
  return media;
}

function serve(server: Server, room: RelayRoom, sockets: Sockets, routes: RouteOptions): void {
  server.on('request', (request, response) => void answer(routes, request, response));
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    if (mayUpgrade(routes, request, stream)) upgrade(room, sockets, request, stream, head);
  });
  server.on('clientError', (error, stream) => refuseUnreadable(error, stream));
  routes.limits.watch(server);
}

function channelPageOf(options: RelayOptions, channels: Channels, publicUrl: string) {
  return {
    template: new PageTemplate(options.viewerPageFolder),
    publicUrl,
    channelOf(channelId: string) {
      const channel = channels.find(channelId);
      return channel && { show: channel.show, poster: channel.poster.kept, stills: channel.stills };
    },
  };
}

type OpenStore = {
  witness: Witness;
  marks: MarkSigner;
  owners: Owners;
  pairing: Pairing;
  close(): Promise<void>;
};

/** Opens the witness's store; what cannot be used is a setting to change. */
async function openStore(options: RelayOptions): Promise<OpenStore> {
  const { dataFolder: folder, clock, random, logger } = options;
  const listed = options.owners === 'paired' ? null : await openOwners(options.owners);
  let lock: FolderLock | null;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    lock = lockFolder(folder);
  } catch (error) {
    throw new BadRelaySetting('dataFolder', `${folder} cannot be written (${reasonOf(error)}).`);
  }
  if (!lock) {
    const message = `${folder} is in use by another relay; stop it, or name another folder.`;
    throw new BadRelaySetting('dataFolder', message);
  }
  const held = lock;
  try {
    const key = await openRelayKey(folder, options.random, options.relayKey);
    const marks = createMarkSigner(key, options.wallMs);
    const pairing = await openPairing({ dataFolder: folder, marks, clock, random, logger });
    const witness = createWitness(await openWitnessStore(options));
    return {
      ...{ witness, marks, pairing },
      owners: listed ?? pairing,
      async close() {
        await witness.close();
        held.release();
      },
    };
  } catch (error) {
    held.release();
    throw error;
  }
}

async function openWitnessStore(options: RelayOptions) {
  const { dataFolder: folder, databaseUrl, storeThreadPath } = options;
  if (databaseUrl !== null) {
    try {
      return await openPostgresStore(databaseUrl);
    } catch (error) {
      throw new BadRelaySetting('databaseUrl', reasonOf(error));
    }
  }
  try {
    return await openThreadedStore(join(folder, 'witness.sqlite'), storeThreadPath);
  } catch (error) {
    const message = `${folder} holds no usable witness file: ${reasonOf(error)}`;
    throw new BadRelaySetting('dataFolder', message);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A studio publishes by the address that it already reached; only a plain host is believed. */
function addressRule(publicUrl: string, isSecure: boolean) {
  const publicHost = new URL(publicUrl).host;
  return (hostHeader: string | undefined): string => {
    if (!hostHeader || hostHeader === publicHost) return publicUrl;
    if (!/^[A-Za-z0-9.[\]:-]{1,255}$/.test(hostHeader)) return publicUrl;
    const address = `${isSecure ? 'https' : 'http'}://${hostHeader}`;
    return URL.canParse(address) ? address : publicUrl;
  };
}

function mayUpgrade(
  { limits, origins }: RouteOptions,
  request: IncomingMessage,
  stream: Duplex,
): boolean {
  const waitSeconds = limits.waitSeconds(request, 'socket');
  if (waitSeconds > 0) {
    const detail = 'Too many connections from this address; wait a moment.';
    refuseStream(stream, 429, detail, waitSeconds);
    return false;
  }
  if (origins.allows(request)) return true;
  refuseStream(stream, 403, 'Pages of this origin may not use this relay.');
  return false;
}

function upgrade(
  room: RelayRoom,
  sockets: Sockets,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
): void {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const open = Object.values(sockets).reduce((sum, one) => sum + one.socketCount, 0);
  if (open >= SOCKETS_MAX) {
    refuseStream(stream, 503, 'This relay holds as many connections as it can.', 5);
    return;
  }
  if (path === '/studio') {
    if (request.headers.origin !== undefined) {
      refuseStream(stream, 403, 'Studios connect here; pages do not.');
      return;
    }
    const { host } = request.headers;
    sockets.studio.accept(request, stream, head, (socket) => serveStudio(room, socket, host));
    return;
  }
  const [, kind, channelId = ''] = /^\/(facts|stream)\/([0-9a-f]{32})$/.exec(path) ?? [];
  if (!isId(channelId)) {
    refuseStream(stream, 404, 'There is no such channel here.');
    return;
  }
  const address = addressOfClient(request);
  void learnChannel(room, channelId).then(() => {
    if (kind === 'stream') {
      if (isBarredFromStream(room, channelId, address)) {
        refuseStream(stream, 403, 'Your network is banned from this show.');
        return;
      }
      const home = room.elsewhere(channelId);
      if (home !== null) {
        passStream(home, request, stream, head);
        return;
      }
      const serve = (socket: FactsSocket) => room.media.stream(channelId, socket, address);
      sockets.streams.accept(request, stream, head, serve);
      return;
    }
    const isDisplay = /[?&]display(=|&|$)/.test(request.url ?? '');
    sockets.viewers.accept(request, stream, head, (socket) =>
      serveViewer(room, channelId, socket, { address, isDisplay }),
    );
  });
}

/** After a restart a channel is known from the witness's store before its studio is back. */
async function learnChannel(room: RelayRoom, channelId: string): Promise<void> {
  if (!isId(channelId)) return;
  await room.locate(channelId);
  if (room.channels.isKnown(channelId)) return;
  try {
    await room.witness.mark(channelId);
  } catch (error) {
    // The channel counts as unknown for now; pages come again by themselves.
    room.logger.error('the witness could not read', { reason: String(error) });
  }
}

function meter(
  metrics: Metrics,
  room: RelayRoom,
  sockets: Sockets,
  media: MediaRoom,
  { limits, television }: Pick<RouteOptions, 'limits' | 'television'>,
): void {
  metrics.gaugeBy('television', 'HLS: streams and bytes held', 'of', () => television.counters);
  metrics.countBy('limits_total', 'What addresses were refused', 'of', () => limits.counters);
  metrics.countBy('facts_total', 'Facts that passed or were refused, by kind', 'of', () => ({
    ...room.counters,
  }));
  metrics.countBy('witness_total', 'What the witness did with the journals', 'of', () => ({
    ...room.witness.counters,
  }));
  metrics.countBy('media_total', 'What media did not wait for', 'of', () => ({
    shardPacketsDropped: media.packetsDropped?.() ?? 0,
  }));
  metrics.gaugeBy('open', 'What is open now', 'of', () => ({
    channels: room.channels.size,
    studioSockets: sockets.studio.socketCount,
    viewerSockets: sockets.viewers.socketCount,
    streamSockets: sockets.streams.socketCount,
    mediaViewers: media.viewerCount(),
  }));
}

function closeServer({ server, closeCertificate }: Listening): Promise<void> {
  closeCertificate();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
