// A media room over several processes: publishers, tokens and the state of the picture stay in the
// relay's own process, viewers are spread over shards behind the same address. Each layer's packets
// go to every shard that has viewers of it. A shard that dies is started again, and its viewers'
// pages are told to come anew at once; a browser alone notices after half a minute.

import type { CancelTimer } from '../../core/base/clock.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import { parseRtcp, writeKeyFrameRequest } from '../../core/media/rtcp.ts';
import { isRtcp } from '../../core/media/rtp.ts';
import type { FanOutViewer } from '../../native/webrtc/fanOut.ts';
import type { PeerOptions } from '../../native/webrtc/peer.ts';
import { refuse } from '../../native/webrtc/responses.ts';
import {
  createMediaRoom,
  type LayerTap,
  type MediaRequest,
  type MediaResponse,
  type MediaRoom,
  type MediaRoomOptions,
} from '../media/mediaRoom.ts';
import type { FromShard, LayerName, ShardProcess, ToShard } from './messages.ts';

const LOOK_MS = 100;
const RESTART_MS = 250;
/** A shard answers within a handshake's first step; later it is as good as dead, ms. */
const ANSWER_MS_MAX = 5_000;
/** A new session is in the shard's list by then, ms. */
const SESSION_NEW_US = 10_000_000;
const TAP = {
  video: { payloadType: 96, ssrc: 1 },
  audio: { payloadType: 111, ssrc: 2 },
};

export type ShardedRoomOptions = {
  shards: number;
  start(index: number): ShardProcess;
  /** How the shard's viewers reach it: a UDP port of its own. */
  peerOf(index: number): PeerOptions;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
};

export type ShardedRoom = MediaRoom & {
  /** Of the shards that take viewers now. */
  processIds(): number[];
  /** Packets that a shard could not take in time. */
  packetsDropped(): number;
};

/** Creates the room and starts its shards. */
export function createShardedRoom(
  options: MediaRoomOptions,
  sharding: ShardedRoomOptions,
): ShardedRoom {
  return new Sharded(options, sharding);
}

type Seat = {
  index: number;
  process: ShardProcess | null;
  isReady: boolean;
  /** WHEP sessions that it serves. */
  sessions: Map<string, { channel: string; sinceUs: number }>;
  viewers: Map<string, number>;
  taps: Map<string, { tap: LayerTap; viewer: FanOutViewer; isFlowing: boolean }>;
  waiting: Map<number, (response: MediaResponse) => void>;
};

class Sharded implements ShardedRoom {
  readonly #options: MediaRoomOptions;
  readonly #sharding: ShardedRoomOptions;
  readonly #inner: MediaRoom;
  readonly #seats: Seat[] = [];
  readonly #cancels: CancelTimer[] = [];
  #nextRequest = 1;
  #packetsDropped = 0;
  #isClosed = false;

  constructor(options: MediaRoomOptions, sharding: ShardedRoomOptions) {
    this.#options = options;
    this.#sharding = sharding;
    this.#inner = createMediaRoom({
      ...options,
      onMediaState: (channel, state) => {
        this.#look();
        options.onMediaState(channel, state);
      },
      onViewerCount: (channel) => options.onViewerCount(channel, this.viewerCount(channel)),
    });
    for (let index = 0; index < sharding.shards; index++) {
      const seat: Seat = {
        ...{ index, process: null, isReady: false, sessions: new Map(), viewers: new Map() },
        ...{ taps: new Map(), waiting: new Map() },
      };
      this.#seats.push(seat);
      this.#start(seat);
    }
    this.#cancels.push(options.timers.every(LOOK_MS, () => this.#look()));
  }

  async handle(request: MediaRequest): Promise<MediaResponse | undefined> {
    const [, channel, sessionId] = /^\/whep\/([^/]+)(?:\/([^/]+))?/.exec(request.path) ?? [];
    if (channel === undefined) return this.#inner.handle(request);
    const seat =
      sessionId === undefined
        ? this.#seatFor(request, channel)
        : this.#seats.find(({ sessions }) => sessions.has(sessionId));
    if (!seat) return this.#inner.handle(request);
    if (sessionId === undefined) this.#tapAll(seat, channel);
    const response = await this.#ask(seat, request);
    const location = response.headers.location;
    if (response.status === 201 && typeof location === 'string') {
      const id = location.split('/').at(-1) ?? '';
      seat.sessions.set(id, { channel, sinceUs: this.#options.clock.nowUs() });
    }
    if (request.method === 'DELETE' && sessionId !== undefined) seat.sessions.delete(sessionId);
    return response;
  }

  stream(...args: Parameters<MediaRoom['stream']>): void {
    this.#inner.stream(...args);
  }

  sendAnalytics(channel: string, bytes: Uint8Array): void {
    this.#inner.sendAnalytics(channel, bytes);
    for (const seat of this.#seats) {
      if (seat.viewers.get(channel)) {
        seat.process?.sendMedia({ type: 'analytics', channel, bytes });
      }
    }
  }

  mediaState: MediaRoom['mediaState'] = (channel) => this.#inner.mediaState(channel);
  layers: MediaRoom['layers'] = (channel) => this.#inner.layers(channel);
  taps: MediaRoom['taps'] = (channel) => this.#inner.taps(channel);
  channels: MediaRoom['channels'] = () => this.#inner.channels();
  inject: MediaRoom['inject'] = (...args) => this.#inner.inject(...args);
  endStreams: MediaRoom['endStreams'] = (channel) => this.#inner.endStreams(channel);
  stats: MediaRoom['stats'] = () => this.#inner.stats();

  sessionIds(): string[] {
    return [
      ...this.#inner.sessionIds(),
      ...this.#seats.flatMap((seat) => [...seat.sessions.keys()]),
    ];
  }

  viewerCount(channel?: string): number {
    let count = this.#inner.viewerCount(channel);
    for (const { viewers } of this.#seats) {
      if (channel !== undefined) count += viewers.get(channel) ?? 0;
      else for (const each of viewers.values()) count += each;
    }
    return count;
  }

  processIds(): number[] {
    return this.#seats.flatMap(({ process, isReady }) => (process && isReady ? [process.pid] : []));
  }

  packetsDropped(): number {
    return this.#packetsDropped;
  }

  endChannel(channel: string): void {
    this.#inner.endChannel(channel);
    for (const seat of this.#seats) seat.process?.send({ type: 'end', channel });
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    for (const { process } of this.#seats) process?.kill();
    this.#inner.close();
  }

  /** The shard with the fewest viewers; undefined: this process answers itself. */
  #seatFor(request: MediaRequest, channel: string): Seat | undefined {
    if (request.method !== 'POST' || !this.#options.isKnownChannel(channel)) return undefined;
    const isHereWanted = new URLSearchParams(request.query).has('here');
    const elsewhere = this.#options.redirectViewersTo?.(channel) ?? null;
    if (elsewhere !== null && !isHereWanted) return undefined;
    if (this.#inner.mediaState(channel) === 'ended') return undefined;
    const ready = this.#seats.filter(({ isReady }) => isReady);
    return ready.sort((one, other) => one.sessions.size - other.sessions.size)[0];
  }

  #ask(seat: Seat, request: MediaRequest): Promise<MediaResponse> {
    const id = this.#nextRequest++;
    const away = refuse(503, 'Come again', 'This part of the relay is starting anew.', {
      'retry-after': '1',
    });
    return new Promise((done) => {
      const answer = (response: MediaResponse) => {
        cancel();
        seat.waiting.delete(id);
        done(response);
      };
      const cancel = this.#options.timers.after(ANSWER_MS_MAX, () => answer(away));
      seat.waiting.set(id, answer);
      const { method, path, query, headers, body, remoteAddress } = request;
      const plain = { method, path, headers: { ...headers }, body, remoteAddress };
      const iceServers = this.#options.iceServerLinks?.() ?? [];
      const sent = { ...plain, ...(query === undefined ? {} : { query }) };
      if (seat.process) seat.process.send({ type: 'request', id, request: sent, iceServers });
      else answer(away);
    });
  }

  #start(seat: Seat): void {
    if (this.#isClosed) return;
    const process = this.#sharding.start(seat.index);
    seat.process = process;
    process.onMessage((message) => this.#hear(seat, process, message));
    process.onExit(() => this.#ended(seat, process));
    const { logLevel, peerOf } = this.#sharding;
    process.send({ type: 'start', peer: peerOf(seat.index), logLevel });
  }

  #hear(seat: Seat, process: ShardProcess, message: FromShard): void {
    if (seat.process !== process) return;
    switch (message.type) {
      case 'ready':
        seat.isReady = true;
        return;
      case 'response':
        seat.waiting.get(message.id)?.(message.response);
        return;
      case 'viewers':
        seat.viewers.set(message.channel, message.count);
        this.#options.onViewerCount(message.channel, this.viewerCount(message.channel));
        return;
      case 'keyFrame': {
        const open = seat.taps.get(nameOf(message));
        open?.viewer.rtcp('video', writeKeyFrameRequest(1, TAP.video.ssrc));
        return;
      }
      case 'sessions': {
        const known = new Set(message.sessionIds);
        const beforeUs = this.#options.clock.nowUs() - SESSION_NEW_US;
        for (const [id, { sinceUs }] of seat.sessions) {
          if (!known.has(id) && sinceUs < beforeUs) seat.sessions.delete(id);
        }
      }
    }
  }

  /** Its viewers are told at once; the next process begins with the cached key frame. */
  #ended(seat: Seat, process: ShardProcess): void {
    if (seat.process !== process) return;
    seat.process = null;
    seat.isReady = false;
    for (const { viewer } of seat.taps.values()) viewer.close();
    seat.taps.clear();
    seat.viewers.clear();
    const lost = new Map<string, string[]>();
    for (const [id, { channel }] of seat.sessions) {
      lost.set(channel, [...(lost.get(channel) ?? []), id]);
    }
    seat.sessions.clear();
    const away = refuse(503, 'Come again', 'This part of the relay is starting anew.', {
      'retry-after': '1',
    });
    for (const answer of [...seat.waiting.values()]) answer(away);
    if (this.#isClosed) return;
    this.#options.logger.error('A shard ended and is started again', { shard: seat.index });
    for (const [channel, ids] of lost) this.#options.onSessionsLost?.(channel, ids);
    this.#cancels.push(this.#options.timers.after(RESTART_MS, () => this.#start(seat)));
  }

  /** Layers that came after their viewers, and layers that began or stopped to flow. */
  #look(): void {
    for (const seat of this.#seats) {
      if (!seat.isReady) continue;
      const watched = new Set([...seat.taps.values()].map(({ tap }) => tap.channel));
      for (const channel of watched) this.#tapAll(seat, channel);
      for (const open of seat.taps.values()) {
        const isFlowing = open.tap.isFlowing();
        if (isFlowing === open.isFlowing) continue;
        open.isFlowing = isFlowing;
        const { channel, layer } = open.tap;
        seat.process?.send({ type: 'flow', channel, layer, isFlowing });
      }
    }
  }

  #tapAll(seat: Seat, channel: string): void {
    for (const tap of this.#inner.taps(channel)) {
      if (!seat.taps.has(nameOf(tap))) this.#tap(seat, tap);
    }
  }

  #tap(seat: Seat, tap: LayerTap): void {
    const { channel, layer } = tap;
    const isFlowing = tap.isFlowing();
    seat.process?.send({ type: 'flow', channel, layer, isFlowing });
    const track = (kind: TrackKind) => ({
      ...TAP[kind],
      playoutDelayId: 0,
      send: (packet: Buffer) => {
        for (const message of wordsOf({ channel, layer }, kind, packet)) {
          if (seat.process?.sendMedia(message) === false) this.#packetsDropped++;
        }
        return true;
      },
    });
    const viewer = tap.fanOut.addViewer({ video: track('video'), audio: track('audio') }, () => {});
    seat.taps.set(nameOf(tap), { tap, viewer, isFlowing });
    viewer.opened('video');
    viewer.opened('audio');
  }
}

function nameOf({ channel, layer }: LayerName): string {
  return `${channel}/${layer}`;
}

/** A packet as a shard hears of it. */
function wordsOf(name: LayerName, track: TrackKind, packet: Buffer): ToShard[] {
  if (!isRtcp(packet)) return [{ ...name, type: 'packet', track, bytes: packet }];
  return parseRtcp(packet).flatMap((item) =>
    item.type === 'senderReport'
      ? [{ ...name, type: 'senderReport' as const, track, clock: item.clock }]
      : [],
  );
}

/** One UDP port for all viewers becomes one for each shard: the next ones. */
export function shardPeer(peer: PeerOptions, index: number): PeerOptions {
  if (!peer.portRange || !peer.udpMux) return peer;
  const port = peer.portRange.last + 1 + index;
  return { ...peer, portRange: { first: port, last: port } };
}
