// What viewers see: the picture from the relay with the facts that come with it, or in words why
// there is none. Nothing of the studio's own picture is shown in its place.

import { RpcError } from '../../core/contract/rpc.ts';
import type { StudioState } from '../../core/contract/state.ts';
import { StateDot } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';
import { NotLive, type WhepSession } from '../ui/whepConnection.ts';
import { studio, usePage } from './store.ts';

const RETRY_MS = 1_500;

/** Offer and answer by RPC; the studio asks the relay as a viewer does. */
export async function viewersSession(offerSdp: string): Promise<WhepSession> {
  const watching = studio.viewersPicture.watch({ offerSdp });
  const session = await watching.catch((cause: unknown) => {
    if (cause instanceof RpcError && cause.code !== 'unavailable') throw new NotLive(RETRY_MS);
    throw cause;
  });
  const { sessionId, answerSdp, iceServers } = session;
  return {
    answerSdp,
    iceServers: iceServers.map(({ urls, username = '', credential = '' }) =>
      username === '' ? { urls } : { urls, username, credential },
    ),
    leave() {
      studio.viewersPicture.leave({ sessionId }).catch(() => {
        // The relay ends sessions that no longer answer by itself.
      });
    },
  };
}

/** Why viewers have no picture, or what it is that they have. */
function stateOf({ show, source }: StudioState): 'notLive' | 'sealed' | 'slate' | 'relay' {
  if (show.state !== 'live') return 'notLive';
  if (show.isEncrypted) return 'sealed';
  return source.isSlate ? 'slate' : 'relay';
}

/** Over the picture: that this is not the studio's own. */
export function ViewersBadge({ state }: { state: StudioState }) {
  const delayMs = usePage((page) => page.readings?.viewerDelayMs ?? null);
  const what = stateOf(state);
  const isNone = what === 'notLive' || what === 'sealed';
  return (
    <>
      <p className="viewersBadge" role="status">
        <StateDot tone={what === 'relay' ? 'go' : 'warn'}>
          {text(`studio.viewersSee.${what}`)}
          {isNone || delayMs === null
            ? ''
            : ` · ${text('studio.viewersSee.delay', { ms: Math.round(delayMs) })}`}
        </StateDot>
      </p>
      {isNone ? (
        <div className="program-words viewersNone">
          <p>{text(`studio.viewersSee.${what}.long`)}</p>
        </div>
      ) : null}
    </>
  );
}
