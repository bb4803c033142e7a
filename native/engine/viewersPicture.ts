// The picture as viewers get it, for the studio's page: asks the relay for a session as a viewer's
// page does, so that what is seen there came through the relay (or the engine that carries the
// picture in its place). The picture goes from there to the page, and never through here.

import { newId } from '../../core/base/ids.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { iceServersOf } from '../../core/media/iceServerLinks.ts';
import type { EngineSurroundings } from '../engine.ts';
import type { RelayRoom } from './relayRoom.ts';
import type { Show } from './show.ts';

/** Pages that look at once; the oldest session makes room. */
const SESSIONS_MAX = 8;
const ANSWER_MS_MAX = 5_000;
const ANSWER_LENGTH_MAX = 65_536;

export function createViewersPicture(rooms: {
  around: Pick<EngineSurroundings, 'fetch' | 'random'>;
  relay: Pick<RelayRoom, 'show'>;
  show: Pick<Show, 'view' | 'isLive'>;
}): Handlers['viewersPicture'] {
  const { around, relay, show } = rooms;
  /** Addresses at the relay by session, oldest first. */
  const sessions = new Map<string, string>();

  async function end(sessionId: string): Promise<void> {
    const address = sessions.get(sessionId);
    sessions.delete(sessionId);
    if (!address) return;
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    // The relay ends by itself what no longer answers.
    await around.fetch(address, { method: 'DELETE', signal }).catch(() => {});
  }

  async function post(offerSdp: string): Promise<Response> {
    const { channelId } = show.view();
    try {
      return await around.fetch(new URL(`/whep/${channelId}`, relay.show().url), {
        method: 'POST',
        headers: { 'content-type': 'application/sdp' },
        body: offerSdp,
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
    } catch {
      throw new RpcError('unavailable', 'The relay does not answer; viewers who come now wait.');
    }
  }

  return {
    async watch({ offerSdp }) {
      const isSealed = show.view().isEncrypted ?? false;
      if (!show.isLive()) throw new RpcError('wrongState', 'The show is not live.');
      if (isSealed) {
        throw new RpcError(
          'refused',
          'The show is sealed: only pages with its link open the picture.',
        );
      }
      const response = await post(offerSdp);
      if (response.status === 409 || response.status === 503) {
        throw new RpcError('wrongState', 'The relay has no picture for viewers yet.');
      }
      const location = response.headers.get('location');
      const answerSdp = await response.text();
      if (response.status !== 201 || !location || answerSdp.length > ANSWER_LENGTH_MAX) {
        throw new RpcError('unavailable', `The relay gave no picture (HTTP ${response.status}).`);
      }
      const sessionId = newId(around.random);
      sessions.set(sessionId, new URL(location, response.url).href);
      const [oldest] = sessions.keys();
      if (sessions.size > SESSIONS_MAX && oldest !== undefined) void end(oldest);
      return { sessionId, answerSdp, iceServers: iceServersOf(response.headers.get('link')) };
    },
    leave: ({ sessionId }) => end(sessionId),
  };
}
