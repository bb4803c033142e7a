// Media of all channels: WHIP in (RFC 9725), WHEP out (draft-ietf-wish-whep). The HTTP server hands
// requests over as plain values and sends back what it gets; nothing here knows a socket. It must
// never put a token into a log or an answer. There is no ICE restart (the library has none): a
// PATCH that asks for one is refused with 422 and the session lives on.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { STREAM_CLOSED } from '../../core/media/streamMessage.ts';
import type { FanOut, FanOutCounters } from '../../native/webrtc/fanOut.ts';
import {
  answerPatch,
  bearerOf,
  createPostCount,
  headerOf,
  type MediaRequest,
  refuseBody,
  refuseFlood,
  textOf,
} from '../../native/webrtc/mediaRequest.ts';
import type { PeerOptions } from '../../native/webrtc/peer.ts';
import {
  created,
  type IceServerLink,
  type MediaResponse,
  methodNotAllowed,
  options as optionsResponse,
  refuse,
  refuseOffer,
  respond,
} from '../../native/webrtc/responses.ts';
import type { IngestStats } from '../../native/webrtc/whip.ts';
import type { FactsSocket } from '../webSocket.ts';
import { Channel, type MediaState } from './channel.ts';
import { answerLayerChoice, layerLink, layerOf, unknownLayer } from './layerChoice.ts';
import type { Injection, LayerId } from './layerSource.ts';
import { SessionLimits } from './sessionLimits.ts';
import type { StreamCounters } from './streamSpread.ts';

export type { IceServerLink, MediaRequest, MediaResponse, MediaState };

const VIEWERS_MAX_DEFAULT = 150;
const POSTS_PER_MINUTE_MAX_DEFAULT = 120;

const ENDPOINT_METHODS = ['POST', 'GET', 'HEAD', 'OPTIONS'];
const PATH_PATTERN = /^\/(whip|whep)\/([\w.~-]{1,128})(?:\/([\w-]{1,128})(?:\/(layer))?)?\/?$/;
const SESSION_METHODS = ['DELETE', 'PATCH', 'GET', 'HEAD', 'OPTIONS'];

export type MediaRoomOptions = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  peer: PeerOptions;
  /** Told to browsers by Link headers; default none. */
  iceServerLinks?(): readonly IceServerLink[];
  isKnownChannel(channel: string): boolean;
  /** Compares in constant time; `token` is '' when none was sent. */
  isPublisherAllowed(channel: string, token: string): boolean;
  /** Whether a token that is not this channel's is another's: 403 instead of 401. */
  isOfAnotherChannel?(channel: string, token: string): boolean;
  /** Another WHEP endpoint for new viewers of a channel (307); null keeps them here. */
  redirectViewersTo?(channel: string): string | null;
  /**
   * `live`: packets flow. `stalled`: none for 400 ms, or the publisher vanished and may return.
   * `ended`: it said goodbye or stayed away for 30 s; viewers stay connected.
   */
  onMediaState(channel: string, state: MediaState): void;
  onViewerCount(channel: string, viewerCount: number): void;
  /** WHEP sessions that ended without a goodbye. */
  onSessionsLost?(channel: string, sessionIds: readonly string[]): void;
  /** Ticks added to the publisher's RTP timestamps for viewers; 0 for our own studio. */
  onTimestampShift?(channel: string, track: 'video' | 'audio', shift: number): void;
  /** Viewers of this process; more are answered 503 with Retry-After. Default 150. */
  viewersMax?: number;
  /** POSTs per minute and address; more are answered 429. Default 120. */
  postsPerMinuteMax?: number;
  /** PATCHes and choices of one session in a burst; an eighth of it a second after that. */
  sessionActsMax?: number;
};

export type ChannelMediaStats = {
  state: MediaState;
  viewerCount: number;
  ingest: IngestStats | null;
  fanOut: FanOutCounters;
  stream: StreamCounters;
  /** Layers that flow, best first, and how many viewers get each. */
  layers: { id: string; bitsPerSecond: number; viewers: number }[];
};

/** One layer as it comes in, for other processes that serve viewers of it. */
export type LayerTap = {
  channel: string;
  layer: LayerId;
  fanOut: FanOut;
  isFlowing(): boolean;
};

export type MediaRoom = {
  /** Undefined when the path is not /whip/... or /whep/.... Never throws. */
  handle(request: MediaRequest): Promise<MediaResponse | undefined>;
  /** Serves a viewer by WebSocket where WHEP cannot (streamSpread.ts); same rights and bounds. */
  stream(channel: string, socket: FactsSocket, remoteAddress: string): void;
  /** Latest-wins analytics to the viewers of a channel that opened the data channel. */
  sendAnalytics(channel: string, bytes: Uint8Array): void;
  mediaState(channel: string): MediaState;
  /** Layers that flow, best first, with their measured rates. */
  layers(channel: string): { id: string; bitsPerSecond: number }[];
  viewerCount(channel?: string): number;
  channels(): string[];
  /** WHEP sessions that stand now. */
  sessionIds(): string[];
  taps(channel: string): LayerTap[];
  /** Packets of a layer that another process received. */
  inject(channel: string, layer: LayerId, requestKeyFrame: () => void): Injection;
  /** The picture is at another node now: who watches by WebSocket must come again for it. */
  endStreams(channel: string): void;
  /** Ends a channel: its publisher and its viewers are closed. */
  endChannel(channel: string): void;
  stats(): ReadonlyMap<string, ChannelMediaStats>;
  /** Packets that another process could not take in time; absent where there is none. */
  packetsDropped?(): number;
  close(): void;
};

/** Creates a room without channels; each appears with its first publisher or viewer. */
export function createMediaRoom(options: MediaRoomOptions): MediaRoom {
  const room = new Room(options);
  return {
    handle: (request) => room.handle(request),
    stream: (name, socket, address) => room.stream(name, socket, address),
    sendAnalytics: (name, bytes) => room.channels.get(name)?.fanOut.sendAnalytics(bytes),
    layers: (name) => room.channels.get(name)?.layers() ?? [],
    mediaState: (name) => room.channels.get(name)?.state ?? 'ended',
    viewerCount: (name) =>
      name === undefined ? room.viewerCount() : (room.channels.get(name)?.viewerCount ?? 0),
    channels: () => [...room.channels.keys()],
    sessionIds: () => [...room.channels.values()].flatMap(({ viewers }) => [...viewers.keys()]),
    taps: (channel) =>
      (room.channels.get(channel)?.taps() ?? []).map((tap) => ({ ...tap, channel })),
    inject: (channel, layer, requestKeyFrame) =>
      room.channel(channel).inject(layer, requestKeyFrame),
    endStreams: (name) => room.channels.get(name)?.stream.close(),
    endChannel: (name) => room.end(name),
    stats: () => room.stats(),
    close: () => {
      for (const name of [...room.channels.keys()]) room.end(name);
    },
  };
}

type Target = {
  kind: 'whip' | 'whep';
  channel: string;
  sessionId: string | undefined;
  /** The session's layer rather than the session. */
  isLayer: boolean;
};
class Room {
  readonly channels = new Map<string, Channel>();
  readonly #options: MediaRoomOptions;
  readonly #posts: ReturnType<typeof createPostCount>;
  readonly #sessions: SessionLimits;
  /** Viewers whose answer is being made. */
  #joining = 0;

  constructor(options: MediaRoomOptions) {
    this.#options = options;
    const postsMax = options.postsPerMinuteMax ?? POSTS_PER_MINUTE_MAX_DEFAULT;
    this.#posts = createPostCount(options.clock, postsMax);
    this.#sessions = new SessionLimits(options.clock, options.sessionActsMax);
  }

  async handle(request: MediaRequest): Promise<MediaResponse | undefined> {
    const match = PATH_PATTERN.exec(request.path);
    const [, kind, channel, sessionId, layer] = match ?? [];
    if ((kind !== 'whip' && kind !== 'whep') || channel === undefined) {
      const isOurs = /^\/(whip|whep)\//.test(request.path);
      return isOurs ? notFound('This path names no channel.') : undefined;
    }
    const target: Target = { kind, channel, sessionId, isLayer: layer !== undefined };
    try {
      const response =
        sessionId === undefined
          ? await this.#endpoint(request, target)
          : this.#session(request, target, sessionId);
      return request.method === 'HEAD' ? { ...response, body: '' } : response;
    } catch (error) {
      const refusal = refuseOffer(error);
      if (refusal) return refusal;
      this.#options.logger.error('Media request failed', { kind, error: String(error) });
      return refuse(500, 'Internal error', 'The relay could not make a session.');
    }
  }

  /**
   * As a POST to WHEP, with the refusal as the socket's close code. Also where new viewers are sent
   * to another engine: who comes here cannot use it.
   */
  stream(name: string, socket: FactsSocket, remoteAddress: string): void {
    const channel = this.channels.get(name);
    if (!this.#options.isKnownChannel(name)) {
      socket.close(STREAM_CLOSED.unknownChannel, 'UNKNOWN_CHANNEL');
    } else if (!this.#posts.isAllowed(remoteAddress))
      socket.close(STREAM_CLOSED.tooMany, 'TOO_MANY');
    else if (!channel || channel.state === 'ended') {
      socket.close(STREAM_CLOSED.notLive, 'NOT_LIVE');
    } else if (this.#isFull()) socket.close(STREAM_CLOSED.full, 'FULL');
    else channel.stream.add(socket);
  }

  #isFull(): boolean {
    const viewersMax = this.#options.viewersMax ?? VIEWERS_MAX_DEFAULT;
    return this.#sessionCount() + this.#joining >= viewersMax;
  }

  viewerCount(): number {
    let count = 0;
    for (const channel of this.channels.values()) count += channel.viewerCount;
    return count;
  }

  end(name: string): void {
    const channel = this.channels.get(name);
    if (!channel) return;
    this.channels.delete(name);
    channel.close();
  }

  stats(): ReadonlyMap<string, ChannelMediaStats> {
    const stats = new Map<string, ChannelMediaStats>();
    for (const [name, channel] of this.channels) {
      stats.set(name, {
        state: channel.state,
        viewerCount: channel.viewerCount,
        ingest: channel.ingest?.stats() ?? null,
        fanOut: channel.fanOut.counters(),
        stream: { ...channel.stream.counters },
        layers: channel.layers(),
      });
    }
    return stats;
  }

  async #endpoint(request: MediaRequest, target: Target): Promise<MediaResponse> {
    if (request.method === 'OPTIONS') {
      return optionsResponse(ENDPOINT_METHODS, this.#linksBefore(request, target));
    }
    if (!ENDPOINT_METHODS.includes(request.method)) return methodNotAllowed(ENDPOINT_METHODS);
    if (!this.#options.isKnownChannel(target.channel)) return unknownChannel();
    if (request.method === 'GET') return respond(204);
    if (request.method === 'HEAD') {
      return target.kind === 'whep'
        ? respond(200, { 'content-type': 'application/sdp' })
        : respond(204);
    }
    const refusal = target.kind === 'whip' ? this.#refusePublisher(request, target.channel) : null;
    if (refusal) return refusal;
    if (!this.#posts.isAllowed(request.remoteAddress)) return refuseFlood();
    // A token that went round is no licence to flood from many addresses.
    const isByToken = target.kind === 'whip';
    if (isByToken && !this.#posts.isAllowed(`token of ${target.channel}`)) return refuseFlood();
    const badBody = refuseBody(request);
    if (badBody) return badBody;
    const offerSdp = textOf(request.body);
    const wishes = new URLSearchParams(request.query);
    return target.kind === 'whip'
      ? await this.#publish(target.channel, offerSdp, wishes)
      : await this.#watch(target.channel, offerSdp, wishes);
  }

  async #publish(name: string, offerSdp: string, wishes: URLSearchParams): Promise<MediaResponse> {
    const layer = layerOf(wishes);
    if (!layer) return unknownLayer();
    const session = await this.channel(name).publish(offerSdp, layer);
    return created(`/whip/${name}/${session.sessionId}`, session, this.#links());
  }

  async #watch(name: string, offerSdp: string, wishes: URLSearchParams): Promise<MediaResponse> {
    const channel = this.channels.get(name);
    // A page that cannot use the other engine, or measures it, asks for the picture of this one.
    const isHereWanted = wishes.has('here');
    const elsewhere = isHereWanted ? null : (this.#options.redirectViewersTo?.(name) ?? null);
    if (elsewhere !== null) return respond(307, { location: elsewhere });
    if (!channel || channel.state === 'ended') {
      const detail = 'The channel is not live. Try again soon.';
      return refuse(409, 'Not live', detail, { 'retry-after': '1' });
    }
    if (this.#isFull()) {
      const detail = 'This relay serves as many viewers as it can.';
      return refuse(503, 'Relay is full', detail, { 'retry-after': '5' });
    }
    this.#joining++;
    try {
      const session = await channel.watch(offerSdp, wishes.get('layer'));
      const path = `/whep/${name}/${session.sessionId}`;
      const response = created(path, session, this.#links());
      // Also where there is one layer: another one may come while this viewer watches.
      response.headers.link = [response.headers.link ?? [], layerLink(path)].flat();
      return response;
    } finally {
      this.#joining--;
    }
  }

  #session(request: MediaRequest, target: Target, sessionId: string): MediaResponse {
    if (request.method === 'OPTIONS') return optionsResponse(SESSION_METHODS);
    if (!SESSION_METHODS.includes(request.method) && !target.isLayer) {
      return methodNotAllowed(SESSION_METHODS);
    }
    if (!this.#options.isKnownChannel(target.channel)) return unknownChannel();
    const refusal = target.kind === 'whip' ? this.#refusePublisher(request, target.channel) : null;
    if (refusal) return refusal;
    const channel = this.channels.get(target.channel);
    const session =
      target.kind === 'whip' ? channel?.publisher(sessionId) : channel?.viewers.get(sessionId);
    if (!channel || !session) return notFound('There is no such session.');
    // Its end is never refused; after that it is not there.
    const isAct = request.method === 'PATCH' || request.method === 'POST';
    if (isAct && !this.#sessions.isAllowed(session)) return refuseFlood();
    if (target.isLayer) {
      const viewer = channel.viewers.get(sessionId);
      if (!viewer) return notFound('Only a viewer chooses its layer.');
      return answerLayerChoice(request.method, textOf(request.body), viewer, channel.layers());
    }
    if (request.method === 'PATCH') return answerPatch(request, session);
    if (request.method === 'DELETE') {
      // If-Match on DELETE is ignored (RFC 9725 section 4.3).
      if (target.kind === 'whip') channel.unpublish(sessionId);
      else session.close();
      return respond(200);
    }
    return respond(204);
  }

  channel(name: string): Channel {
    const known = this.channels.get(name);
    if (known) return known;
    const { clock, timers, random, logger, peer } = this.#options;
    const channel = new Channel(name, {
      clock,
      timers,
      random,
      logger: logger.with({ channel: name }),
      peer,
      onState: (state) => this.#options.onMediaState(name, state),
      onViewerCount: (count) => this.#options.onViewerCount(name, count),
      onTimestampShift: (track, shift) => this.#options.onTimestampShift?.(name, track, shift),
    });
    this.channels.set(name, channel);
    return channel;
  }

  #refusePublisher(request: MediaRequest, channel: string): MediaResponse | null {
    const token = bearerOf(request);
    if (this.#options.isPublisherAllowed(channel, token)) return null;
    const isOther = token !== '' && this.#options.isOfAnotherChannel?.(channel, token);
    if (!isOther) return unauthorized();
    const detail = 'This token is another channel’s. Send the token of this one.';
    const challenge = 'Bearer realm="whip", error="insufficient_scope"';
    return refuse(403, 'Wrong channel', detail, { 'www-authenticate': challenge });
  }

  /** Viewers' sessions, connected or not: what a flood of half-open ones costs counts too. */
  #sessionCount(): number {
    let count = 0;
    for (const { viewers, stream } of this.channels.values()) {
      count += viewers.size + stream.viewerCount;
    }
    return count;
  }

  /**
   * For clients that must know the servers before they make a connection: told to an authorised
   * OPTIONS request and never to a browser's preflight (RFC 9725 section 4.6).
   */
  #linksBefore(request: MediaRequest, { kind, channel }: Target): readonly IceServerLink[] {
    const isPreflight = headerOf(request, 'access-control-request-method') !== '';
    if (isPreflight || !this.#options.isKnownChannel(channel)) return [];
    const isRefused = kind === 'whip' && this.#refusePublisher(request, channel) !== null;
    return isRefused ? [] : this.#links();
  }

  #links(): readonly IceServerLink[] {
    return this.#options.iceServerLinks?.() ?? [];
  }
}

function unauthorized(): MediaResponse {
  return refuse(401, 'Not authorised', 'Send the channel’s token as a bearer token.', {
    'www-authenticate': 'Bearer realm="whip"',
  });
}

function unknownChannel(): MediaResponse {
  return notFound('There is no such channel.');
}

function notFound(detail: string): MediaResponse {
  return refuse(404, 'Not found', detail);
}
