// One WHEP connection (draft-ietf-wish-whep) from offer to end, and how its offer travels by HTTP.
// Small, because the viewer page opens its first one before anything else is loaded; nothing here
// may import more than a few lines. The offer carries no candidate lines: with them up to 3 % of
// handshakes died and 5 % took a second.

import { iceServersOf } from '../../core/media/iceServerLinks.ts';
import { receiverOpened } from './receiverHook.ts';
import { withSoundApart } from './soundApart.ts';

/** One session's answer. `leave` tells the other side that we are gone; it may fail silently. */
export type WhepSession = {
  answerSdp: string;
  /** STUN and TURN servers that the other side told of. */
  iceServers?: RTCIceServer[];
  /** Address that answered in the end; a relay may send on to another engine. */
  answeredBy?: string;
  /** Address of the session, for DELETE and the choice of a layer. */
  resource?: string;
  /**
   * The other side offers itself instead of answering (HTTP 406): `answerSdp` is its offer, and
   * this takes our answer. Some engines know no other way.
   */
  takeAnswer?(sdp: string): Promise<void>;
  leave(): void;
};

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

/** Messages of a data channel that came before anybody took them; older ones are dropped. */
const EARLY_MESSAGES_MAX = 64;

export type WhepConnection = {
  peer: RTCPeerConnection;
  /** Receives the picture. */
  picture: RTCRtpReceiver;
  /** Both tracks; they carry media once it is `answered`. */
  stream: MediaStream;
  /** Rejects with NotLive, or with whatever kept the answer away. */
  answered: Promise<void>;
  /** Address that answered, once it has; null where signalling has none. */
  answeredBy(): string | null;
  /** Address of the session once there is an answer; null where signalling has none. */
  resource(): string | null;
  /** Who takes the messages of the 'analytics' channel from now on, and those kept until now. */
  takeAnalytics(run: (bytes: Uint8Array) => void): void;
  /** Asks the sender to let pictures wait here for so long at most; only our own relay listens. */
  tellRoomMs(roomMs: number): void;
  /** Tells the other side; harmless when repeated. */
  close(): void;
};

/** Opens a connection at once. `hasAnalytics`: the data channel is asked for as well. */
export function openWhepConnection(options: {
  signalling: WhepSignalling;
  hasAnalytics: boolean;
}): WhepConnection {
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const stream = new MediaStream();
  const abort = new AbortController();
  let session: WhepSession | null = null;
  let closed = false;

  const receive = (kind: 'video' | 'audio') => {
    const { receiver } = peer.addTransceiver(kind, { direction: 'recvonly' });
    // As fast as packets allow; whoever wants frames later holds them back itself.
    receiver.jitterBufferTarget = 0;
    receiverOpened(receiver, kind);
    stream.addTrack(receiver.track);
    return receiver;
  };
  const picture = receive('video');
  receive('audio');
  const analytics = options.hasAnalytics ? openAnalytics(peer) : null;

  async function negotiate(): Promise<void> {
    const offer = await peer.createOffer();
    const answer = await options.signalling(withoutCandidates(offer.sdp ?? ''), abort.signal);
    if (closed) return answer.leave();
    session = answer;
    // Setting the offer starts the search for ways, and that must know the servers (RFC 9725
    // section 4.6): so it waits for the answer, though it could save 5 ms while that travels.
    const { iceServers = [] } = answer;
    if (iceServers.length > 0) peer.setConfiguration({ ...peer.getConfiguration(), iceServers });
    if (answer.takeAnswer) return acceptOffer(answer.answerSdp, answer.takeAnswer);
    await peer.setLocalDescription(offer);
    if (closed) return;
    await peer.setRemoteDescription({ type: 'answer', sdp: withSoundApart(answer.answerSdp) });
  }

  /** An offer brings tracks of its own; those that we asked for stay empty. */
  async function acceptOffer(sdp: string, takeAnswer: (sdp: string) => Promise<void>) {
    peer.addEventListener('track', ({ receiver, track }) => {
      receiver.jitterBufferTarget = 0;
      receiverOpened(receiver, track.kind);
      for (const empty of stream.getTracks()) {
        if (empty.kind === track.kind) stream.removeTrack(empty);
      }
      stream.addTrack(track);
    });
    await peer.setRemoteDescription({ type: 'offer', sdp });
    const own = await peer.createAnswer();
    await peer.setLocalDescription(own);
    if (!closed) await takeAnswer(withoutCandidates(own.sdp ?? ''));
  }

  const answered = negotiate();
  // Whoever watches the connection hears of it; until then nobody needs to.
  answered.catch(() => {});
  return {
    peer,
    picture,
    stream,
    answered,
    answeredBy: () => session?.answeredBy ?? null,
    resource: () => session?.resource ?? null,
    takeAnalytics: (run) => analytics?.take(run),
    tellRoomMs: (roomMs) => analytics?.tell(`room ${roomMs}`),
    close() {
      if (closed) return;
      closed = true;
      abort.abort();
      peer.close();
      session?.leave();
    },
  };
}

/** Shows a connection's stream. A reconnect takes the same element: its last frame stays. */
export function showStream(video: HTMLVideoElement, stream: MediaStream): void {
  if (video.srcObject === stream) return;
  video.srcObject = stream;
  video.play().catch(() => {
    // A browser that wants a tap first; the page shows the button.
  });
}

/** Latest-wins facts beside the picture: neither ordered nor sent again. */
function openAnalytics(peer: RTCPeerConnection): {
  take: WhepConnection['takeAnalytics'];
  tell(words: string): void;
} {
  const channel = peer.createDataChannel('analytics', { ordered: false, maxRetransmits: 0 });
  channel.binaryType = 'arraybuffer';
  const kept: Uint8Array[] = [];
  let take = (bytes: Uint8Array): void => {
    kept.push(bytes);
    if (kept.length > EARLY_MESSAGES_MAX) kept.shift();
  };
  channel.addEventListener('message', (message: MessageEvent<unknown>) => {
    if (message.data instanceof ArrayBuffer) take(new Uint8Array(message.data));
  });
  return {
    take(run) {
      take = run;
      for (const bytes of kept.splice(0)) run(bytes);
    },
    tell(words) {
      if (channel.readyState === 'open') channel.send(words);
    },
  };
}

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
    const isOffer = response.status === 406 && response.headers.has('location');
    if (response.status !== 201 && !isOffer) throw new Error(`WHEP answered ${response.status}`);
    const answerSdp = await response.text();
    const location = response.headers.get('location');
    const resource = location === null ? null : new URL(location, response.url).href;
    return {
      answerSdp,
      answeredBy: response.url,
      ...(resource === null ? {} : { resource }),
      iceServers: iceServersOf(response.headers.get('link')),
      ...(isOffer && resource !== null ? { takeAnswer: (sdp) => patchAnswer(resource, sdp) } : {}),
      leave() {
        if (resource === null) return;
        fetch(resource, { method: 'DELETE', keepalive: true }).catch(() => {
          // The other side notices by itself that no packet is answered any more.
        });
      },
    };
  };
}

async function patchAnswer(resource: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/sdp' };
  const response = await fetch(resource, { method: 'PATCH', headers, body });
  if (!response.ok) throw new Error(`WHEP answered ${response.status} to our answer`);
}

/** True when this browser can receive H.264. */
export function canPlayH264(): boolean {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities('video')?.codecs ?? [];
  return codecs.some((codec) => codec.mimeType.toLowerCase() === 'video/h264');
}

/** RFC 9725 section 4.3.1 allows an offer without candidates; ours never has any. */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, '');
}
