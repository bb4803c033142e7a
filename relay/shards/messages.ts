// What a relay and its shards say to each other, over the pipe between a process and its child.
// Media may be dropped on the way when a shard does not keep up; everything else may not.

import type { TrackKind } from '../../core/media/feed.ts';
import type { SenderClock } from '../../core/media/rtcp.ts';
import type { PeerOptions } from '../../native/webrtc/peer.ts';
import type { IceServerLink, MediaResponse } from '../../native/webrtc/responses.ts';
import type { LayerId } from '../media/layerSource.ts';
import type { MediaRequest } from '../media/mediaRoom.ts';

/** One layer of one channel. */
export type LayerName = { channel: string; layer: LayerId };

export type ToShard =
  | { type: 'start'; peer: PeerOptions; logLevel: 'debug' | 'info' | 'warn' | 'error' }
  | (LayerName & { type: 'packet'; track: TrackKind; bytes: Uint8Array })
  | (LayerName & { type: 'senderReport'; track: TrackKind; clock: SenderClock })
  /** Packets of the layer come, or stopped coming. */
  | (LayerName & { type: 'flow'; isFlowing: boolean })
  | { type: 'request'; id: number; request: MediaRequest; iceServers: readonly IceServerLink[] }
  | { type: 'analytics'; channel: string; bytes: Uint8Array }
  | { type: 'end'; channel: string };

export type FromShard =
  | { type: 'ready' }
  | { type: 'response'; id: number; response: MediaResponse }
  | (LayerName & { type: 'keyFrame' })
  | { type: 'viewers'; channel: string; count: number }
  /** Sessions that stand now; those that ended are forgotten by it. */
  | { type: 'sessions'; sessionIds: string[] };

/** A shard's process as the relay sees it. */
export type ShardProcess = {
  readonly pid: number;
  send(message: ToShard): void;
  /** False: it does not keep up, and this was dropped. */
  sendMedia(message: ToShard): boolean;
  onMessage(run: (message: FromShard) => void): void;
  /** Once; also when it could not be started. */
  onExit(run: () => void): void;
  kill(): void;
};
