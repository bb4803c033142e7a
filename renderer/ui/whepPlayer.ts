// Plays a stream by WHEP (draft-ietf-wish-whep) in a video element and keeps it playing. Its state
// comes from packets and presented frames, never from a button. How offer and answer travel is a
// parameter: HTTP for viewers, RPC for the studio's own preview. Surprising: its first connection
// may have been opened by somebody else, before this file was loaded.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { createLipSync } from './lipSync.ts';
import { createRenewSound } from './renewedSound.ts';
import {
  canPlayH264,
  NotLive,
  openWhepConnection,
  showStream,
  type WhepConnection,
  type WhepSignalling,
} from './whepConnection.ts';

export type PlayerState =
  | 'connecting'
  /** Frames are being presented. */
  | 'live'
  /** It was live and no packet has come for 1.5 s. */
  | 'stalled'
  /** The other side says that there is nothing to see yet. */
  | 'notLive'
  /** This browser has no H.264; it will not get better by itself. */
  | 'noVideoCodec';

export type WhepPlayer = {
  state(): PlayerState;
  /** Media figures of the running connection, or null. */
  stats(): Promise<RTCStatsReport | null>;
  /** Address of the running session, or null. */
  resource(): string | null;
  /** Media found a way to here, on the newest connection of which that is known. */
  hasPath(): boolean;
  close(): void;
};

export type WhepPlayerOptions = {
  video: HTMLVideoElement;
  signalling: WhepSignalling;
  timers: Timers;
  onState(state: PlayerState): void;
  /** Messages of the 'analytics' data channel; the channel is only asked for when given. */
  onAnalytics?: (bytes: Uint8Array) => void;
  /** A connection that was opened before the player; it is watched instead of a first own one. */
  first?: WhepConnection | null;
  /** Whether sound is heard, by whatever way; default: the element is not muted. */
  isSoundOn?: () => boolean;
};

/** How often packets are looked at, ms. */
const LOOK_MS = 500;
/** No packet for so long: stalled, ms. */
const STALLED_AFTER_MS = 1_500;
/** No first frame, or stalled for so long: a new connection is made, ms. */
const RENEW_AFTER_MS = 5_000;
const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_FACTOR = 1.5;
const BACK_OFF_MS_MAX = 5_000;

/** Starts at once; `close` ends it for good. Never throws: trouble is a state. */
export function createWhepPlayer(options: WhepPlayerOptions): WhepPlayer {
  const { timers, onState, signalling } = options;
  const hasAnalytics = options.onAnalytics !== undefined;
  let first = options.first ?? null;
  let state: PlayerState = 'connecting';
  let connection: Connection | null = null;
  let cancelRetry: CancelTimer = () => {};
  let backOffMs = BACK_OFF_FIRST_MS;
  let hasPath = false;
  let closed = false;

  function enter(next: PlayerState): void {
    if (closed || state === next) return;
    state = next;
    onState(next);
  }

  function retry(delayMs: number): void {
    connection?.close();
    connection = null;
    cancelRetry();
    cancelRetry = timers.after(delayMs, start);
  }

  function start(): void {
    if (closed) return;
    const opened = first ?? openWhepConnection({ signalling, hasAnalytics });
    first = null;
    const own = watch(options, opened, {
      live() {
        backOffMs = BACK_OFF_FIRST_MS;
        enter('live');
      },
      stalled: () => enter('stalled'),
      path(isOpen) {
        hasPath = isOpen;
      },
      lost(reason) {
        if (closed || connection !== own) return;
        enter(reason instanceof NotLive ? 'notLive' : state === 'live' ? 'stalled' : 'connecting');
        if (reason instanceof NotLive) return retry(Math.max(250, reason.retryAfterMs));
        retry(backOffMs);
        backOffMs = Math.min(BACK_OFF_MS_MAX, backOffMs * BACK_OFF_FACTOR);
      },
    });
    connection = own;
  }

  if (canPlayH264()) {
    onState(state);
    start();
  } else {
    enter('noVideoCodec');
  }
  return {
    state: () => state,
    stats: async () => (connection === null ? null : connection.stats()),
    resource: () => connection?.resource() ?? null,
    hasPath: () => hasPath,
    close() {
      closed = true;
      cancelRetry();
      connection?.close();
      connection = null;
    },
  };
}

type ConnectionSignals = {
  live(): void;
  stalled(): void;
  /** ICE found a way, or the connection ended without one. */
  path(isOpen: boolean): void;
  lost(reason: unknown): void;
};
type Connection = {
  stats(): Promise<RTCStatsReport>;
  resource(): string | null;
  close(): void;
};

/** Keeps watch over one connection until it is lost. Runs `lost` at most once. */
function watch(
  options: WhepPlayerOptions,
  opened: WhepConnection,
  signals: ConnectionSignals,
): Connection {
  const { video, timers } = options;
  const { peer, stream } = opened;
  const stop: (() => void)[] = [];
  let closed = false;
  let sawPath = false;
  let wasAnswered = false;

  function close(): void {
    if (closed) return;
    closed = true;
    for (const run of stop) run();
    opened.close();
  }

  function lost(reason: unknown): void {
    if (closed) return;
    close();
    // Without an answer nothing was tried, and nothing is known of the network.
    if (wasAnswered && !sawPath) signals.path(false);
    signals.lost(reason);
  }

  function lookAtPeer(): void {
    if (!sawPath && /^(connected|completed)$/.test(peer.iceConnectionState)) {
      sawPath = true;
      signals.path(true);
    }
    if (peer.connectionState === 'failed' || peer.connectionState === 'closed') {
      lost(new Error(`The connection ${peer.connectionState}`));
    }
  }

  const lipSync = createLipSync({
    picture: opened.picture,
    tellRoomMs: opened.tellRoomMs,
    renewSound: createRenewSound(peer),
  });
  const isSoundOn = options.isSoundOn ?? (() => !video.muted);
  const onReport = (report: RTCStatsReport) => lipSync.follow(report, isSoundOn());
  if (options.onAnalytics) opened.takeAnalytics(options.onAnalytics);
  peer.addEventListener('connectionstatechange', lookAtPeer);
  peer.addEventListener('iceconnectionstatechange', lookAtPeer);
  stop.push(watchPackets({ peer, video, timers, signals, lost, onReport }));
  opened.answered.then(() => {
    if (closed) return;
    wasAnswered = true;
    showStream(video, stream);
    // One that was opened before the player may have failed before it was watched.
    lookAtPeer();
  }, lost);

  return {
    close,
    stats: () => peer.getStats(),
    resource: () => opened.resource(),
  };
}

/** Tells live, stalled and lost by what arrives. Returns what stops the watching. */
function watchPackets(watched: {
  peer: RTCPeerConnection;
  video: HTMLVideoElement;
  timers: Timers;
  signals: ConnectionSignals;
  lost: (reason: unknown) => void;
  onReport: (report: RTCStatsReport) => void;
}): () => void {
  const { peer, video, timers, signals, lost } = watched;
  let packets = 0;
  let decoded = 0;
  let isLive = false;
  let quietMs = 0;
  let looking = false;

  function frame(): void {
    quietMs = 0;
    isLive = true;
    signals.live();
  }

  async function look(): Promise<void> {
    const report = await peer.getStats();
    watched.onReport(report);
    const now = videoCounts(report);
    const moved = now.packets > packets;
    // A hidden page presents no frames, so decoded ones count as well.
    if (now.decoded > decoded) frame();
    packets = now.packets;
    decoded = now.decoded;
    quietMs = moved && isLive ? 0 : quietMs + LOOK_MS;
    if (isLive && quietMs >= STALLED_AFTER_MS) {
      isLive = false;
      signals.stalled();
    }
    if (!isLive && quietMs >= RENEW_AFTER_MS) lost(new Error('No picture arrives'));
  }

  const handle = video.requestVideoFrameCallback?.(frame);
  const cancel = timers.every(LOOK_MS, () => {
    if (looking) return;
    looking = true;
    look().then(
      () => {
        looking = false;
      },
      (reason: unknown) => lost(reason),
    );
  });
  return () => {
    cancel();
    if (handle !== undefined) video.cancelVideoFrameCallback(handle);
  };
}

function videoCounts(report: RTCStatsReport): { packets: number; decoded: number } {
  const counts = { packets: 0, decoded: 0 };
  for (const entry of report.values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
      counts.packets = Number(entry.packetsReceived ?? 0);
      counts.decoded = Number(entry.framesDecoded ?? 0);
    }
  }
  return counts;
}
