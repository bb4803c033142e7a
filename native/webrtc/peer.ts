// The only door to node-datachannel. It opens peer connections and media descriptions; everybody
// else takes the types from here. It must never call the library's cleanup(): that crashes on
// tracks that were collected and can block for ten seconds; close connections, then exit. The
// library aborts the process when a second JavaScript environment loads it, so no worker threads.

import type { Audio, DataChannel, PeerConnection, Track, Video } from 'node-datachannel';
import nodeDataChannel from 'node-datachannel';
import type { Logger } from '../../core/base/logger.ts';

export type { Audio, DataChannel, PeerConnection, Track, Video };

/** How peer connections reach the network. */
export type PeerOptions = {
  /** As the library takes them: `stun:host:port`, `turn:user:secret@host:port`. */
  iceServers: readonly string[];
  /** Address to bind; absent means every interface. */
  bindAddress?: string;
  /** UDP ports to use; both ends included. Absent means any free port. */
  portRange?: { first: number; last: number };
  /** One UDP port for all connections that have this: the first free one of `portRange`, or any. */
  udpMux?: boolean;
  /** Public addresses added to answers as host candidates, for a server behind one-to-one NAT. */
  announceAddresses?: readonly string[];
};

/** A connection together with everything that must not be collected while it lives. */
type Held = { peer: PeerConnection; tracks: Set<Track>; channels: Set<DataChannel> };

// A collected Track wrapper closes its native track, so the open ones are referenced from here.
const held = new Map<PeerConnection, Held>();

let isLoggerReady = false;

/** Opens a peer connection that stays referenced until `closePeer`. */
export function openPeer(name: string, options: PeerOptions): PeerConnection {
  if (!isLoggerReady) {
    isLoggerReady = true;
    // Without a callback the binding throws. The library's own lines are about single packets.
    nodeDataChannel.initLogger('Fatal', () => {});
  }
  const peer = new nodeDataChannel.PeerConnection(name, {
    iceServers: [...options.iceServers],
    ...(options.bindAddress ? { bindAddress: options.bindAddress } : {}),
    ...(options.portRange
      ? { portRangeBegin: options.portRange.first, portRangeEnd: options.portRange.last }
      : {}),
    ...(options.udpMux ? { enableIceUdpMux: true } : {}),
  });
  held.set(peer, { peer, tracks: new Set(), channels: new Set() });
  return peer;
}

/** Adds a track and keeps it referenced. Must be called before `setRemoteDescription`. */
export function addTrack(peer: PeerConnection, media: Video | Audio): Track {
  const track = peer.addTrack(media);
  // The callback itself also keeps the native wrapper out of the set that cleanup() walks.
  track.onClosed(() => {});
  held.get(peer)?.tracks.add(track);
  return track;
}

/** Keeps a data channel referenced as long as its connection. */
export function holdChannel(peer: PeerConnection, channel: DataChannel): void {
  held.get(peer)?.channels.add(channel);
}

/** Closes a connection and lets go of its tracks; harmless when repeated. */
export function closePeer(peer: PeerConnection): void {
  const entry = held.get(peer);
  if (!entry) return;
  held.delete(peer);
  try {
    peer.onStateChange(() => {});
    peer.close();
    // What a track holds natively, its callbacks too, would stay until its wrapper is collected.
    for (const track of entry.tracks) track.close();
  } catch {
    // Closing a connection that failed meanwhile throws; it is gone either way.
  }
}

/**
 * A callback for the library. What it throws would end the whole process, with every other viewer;
 * here it is told, once a connection, and the next call runs all the same.
 */
export function contained<Args extends unknown[]>(
  logger: Logger,
  run: (...args: Args) => void,
): (...args: Args) => void {
  let isTold = false;
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      if (!isTold) logger.error('A callback of a connection failed', { error: String(error) });
      isTold = true;
    }
  };
}

/** Connections that are open now; a leak shows here. */
export function openPeerCount(): number {
  return held.size;
}

export function describeVideo(mid: string, direction: 'SendOnly' | 'RecvOnly'): Video {
  return new nodeDataChannel.Video(mid, direction);
}

export function describeAudio(mid: string, direction: 'SendOnly' | 'RecvOnly'): Audio {
  return new nodeDataChannel.Audio(mid, direction);
}

/**
 * Sends bytes on a track or channel. False when it was closed meanwhile (the library throws then)
 * or refused them. `buffer` must be a Buffer: the binding does not take a plain Uint8Array.
 */
export function trySend(
  target: { isOpen(): boolean; sendMessageBinary(buffer: Buffer): boolean },
  buffer: Buffer,
): boolean {
  try {
    return target.sendMessageBinary(buffer);
  } catch {
    return false;
  }
}

/**
 * Resolves when the local description is complete, candidates included, or after `timeoutMs` with
 * what is there. Rejects when there is none at all.
 */
export function gatheredDescription(
  peer: PeerConnection,
  after: (delayMs: number, run: () => void) => () => void,
  timeoutMs = 3000,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const finish = () => {
      if (isDone) return;
      isDone = true;
      cancel();
      const description = peer.localDescription();
      if (description) resolve(description.sdp);
      else reject(new Error('The peer connection made no local description'));
    };
    const cancel = after(timeoutMs, finish);
    peer.onGatheringStateChange((state) => {
      if (state === 'complete') finish();
    });
    if (peer.gatheringState() === 'complete') finish();
  });
}

/** Adds candidates that came by trickle; those that the library does not take are left out. */
export function addCandidates(
  peer: PeerConnection,
  candidates: readonly { candidate: string; mid: string }[],
): void {
  for (const { candidate, mid } of candidates) {
    try {
      peer.addRemoteCandidate(candidate, mid);
    } catch {
      // RFC 9725 section 4.4.1: a candidate that cannot be used is ignored.
    }
  }
}
