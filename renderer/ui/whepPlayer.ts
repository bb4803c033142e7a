// Plays a stream by WHEP (draft-ietf-wish-whep) in a video element and keeps it playing. Its state
// comes from packets and presented frames, never from a button. The offer carries no candidate
// lines: with them up to 3 % of handshakes died and 5 % took a second. How offer and answer
// travel is a parameter: HTTP for viewers, RPC for the studio's own preview.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { createLipSync, withSoundApart } from './lipSync.ts';

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

/** One session's answer. `leave` tells the other side that we are gone; it may fail silently. */
export type WhepSession = { answerSdp: string; leave(): void };

/** Throws NotLive while the show has not begun, anything else when there is no answer. */
export type WhepSignalling = (offerSdp: string, signal: AbortSignal) => Promise<WhepSession>;

/** There is nothing to see yet (HTTP 409); `retryAfterMs` as the other side wished. */
export class NotLive extends Error {
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super('The show is not live yet');
    this.retryAfterMs = retryAfterMs;
  }
}

export type WhepPlayer = {
  state(): PlayerState;
  /** Media figures of the running connection, or null. */
  stats(): Promise<RTCStatsReport | null>;
  close(): void;
};

export type WhepPlayerOptions = {
  video: HTMLVideoElement;
  signalling: WhepSignalling;
  timers: Timers;
  onState(state: PlayerState): void;
  /** Messages of the 'analytics' data channel; the channel is only asked for when given. */
  onAnalytics?: (bytes: Uint8Array) => void;
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

/** WHEP over HTTP: POST the offer, get the answer, DELETE the resource when leaving. */
export function httpSignalling(whepUrl: string): WhepSignalling {
  return async (offerSdp, signal) => {
    const response = await fetch(whepUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: offerSdp,
      signal,
    });
    if (response.status === 409 || response.status === 503) {
      const seconds = Number(response.headers.get('retry-after') ?? '1');
      throw new NotLive(Number.isFinite(seconds) ? seconds * 1000 : 1000);
    }
    if (response.status !== 201) throw new Error(`WHEP answered ${response.status}`);
    const answerSdp = await response.text();
    const location = response.headers.get('location');
    const resource = location === null ? null : new URL(location, response.url).href;
    return {
      answerSdp,
      leave() {
        if (resource === null) return;
        fetch(resource, { method: 'DELETE', keepalive: true }).catch(() => {
          // The other side notices by itself that no packet is answered any more.
        });
      },
    };
  };
}

/** True when this browser can receive H.264. */
export function canPlayH264(): boolean {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities('video')?.codecs ?? [];
  return codecs.some((codec) => codec.mimeType.toLowerCase() === 'video/h264');
}

/** Starts at once; `close` ends it for good. Never throws: trouble is a state. */
export function createWhepPlayer(options: WhepPlayerOptions): WhepPlayer {
  const { timers, onState } = options;
  let state: PlayerState = 'connecting';
  let connection: Connection | null = null;
  let cancelRetry: CancelTimer = () => {};
  let backOffMs = BACK_OFF_FIRST_MS;
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
    const own = connect(options, {
      live() {
        backOffMs = BACK_OFF_FIRST_MS;
        enter('live');
      },
      stalled: () => enter('stalled'),
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
    close() {
      closed = true;
      cancelRetry();
      connection?.close();
      connection = null;
    },
  };
}

type ConnectionSignals = { live(): void; stalled(): void; lost(reason: unknown): void };
type Connection = {
  stats(): Promise<RTCStatsReport>;
  close(): void;
};

/** One peer connection from offer to end. Runs `lost` at most once. */
function connect(options: WhepPlayerOptions, signals: ConnectionSignals): Connection {
  const { video, timers } = options;
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const stream = new MediaStream();
  const abort = new AbortController();
  const stop: (() => void)[] = [];
  let closed = false;
  let session: WhepSession | null = null;

  function close(): void {
    if (closed) return;
    closed = true;
    abort.abort();
    for (const run of stop) run();
    peer.close();
    session?.leave();
  }

  function lost(reason: unknown): void {
    if (closed) return;
    close();
    signals.lost(reason);
  }

  const receive = (kind: 'video' | 'audio') => {
    const { receiver } = peer.addTransceiver(kind, { direction: 'recvonly' });
    // As fast as packets allow; whoever wants frames later holds them back itself.
    receiver.jitterBufferTarget = 0;
    stream.addTrack(receiver.track);
    return receiver;
  };
  const lipSync = createLipSync(receive('video'));
  receive('audio');
  const isSoundOn = options.isSoundOn ?? (() => !video.muted);
  const onReport = (report: RTCStatsReport) => lipSync.follow(report, isSoundOn());
  if (options.onAnalytics) takeAnalytics(peer, options.onAnalytics);
  peer.addEventListener('connectionstatechange', () => {
    if (peer.connectionState === 'failed' || peer.connectionState === 'closed') {
      lost(new Error(`The connection ${peer.connectionState}`));
    }
  });
  stop.push(watchPackets({ peer, video, timers, signals, lost, onReport }));

  async function negotiate(): Promise<void> {
    await peer.setLocalDescription(await peer.createOffer());
    const offerSdp = peer.localDescription?.sdp ?? '';
    const answered = await options.signalling(withoutCandidates(offerSdp), abort.signal);
    if (closed) return answered.leave();
    session = answered;
    await peer.setRemoteDescription({ type: 'answer', sdp: withSoundApart(answered.answerSdp) });
    // A reconnect takes the same element: the last frame stays until the first new one.
    video.srcObject = stream;
    await video.play().catch(() => {
      // A browser that wants a tap first; the page shows the button.
    });
  }
  negotiate().catch(lost);

  return {
    close,
    stats: () => peer.getStats(),
  };
}

/** Latest-wins facts beside the picture: neither ordered nor sent again. */
function takeAnalytics(peer: RTCPeerConnection, run: (bytes: Uint8Array) => void): void {
  const channel = peer.createDataChannel('analytics', { ordered: false, maxRetransmits: 0 });
  channel.binaryType = 'arraybuffer';
  channel.addEventListener('message', (message: MessageEvent<unknown>) => {
    if (message.data instanceof ArrayBuffer) run(new Uint8Array(message.data));
  });
}

/** RFC 9725 section 4.3.1 allows an offer without candidates; ours never has any. */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, '');
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
