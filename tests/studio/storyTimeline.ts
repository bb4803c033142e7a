// The moments of a studio without a show: its events, one picture for all of them, and facts as
// vision writes them. Older events are those that a test put there. Never shipped.

import type { GameEvent } from '../../core/contract/events.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';
import { PICTURED } from '../../core/contract/timeline.ts';
import { storyStill } from './storyClips.ts';

/** Events from before the page was opened, oldest first. */
export const storyHistory: GameEvent[] = [];

export function storyTimeline(state: () => StudioState): Handlers['timeline'] {
  const all = () => [...storyHistory, ...state().events];
  return {
    events: ({ beforeUs, limit }) =>
      all()
        .filter(({ captureUs }) => beforeUs === null || captureUs < beforeUs)
        .slice(-limit),
    moment({ eventId }) {
      const event = all().find(({ id }) => id === eventId);
      if (!event) throw new RpcError('notFound', 'This event is no longer kept.');
      const clip = event.type === 'goal' ? '2026-11-21 18.43.07 Highlight.mp4' : '';
      const lines = [`@${event.captureUs} frame model=demo-nano tracks=2`, '  7 ball 0.93'];
      if (state().show.isEncrypted && !state().recording.settings.sealedStills) {
        return { still: '', stillState: 'sealed', lines, clip };
      }
      const still = PICTURED.has(event.type) ? Buffer.from(storyStill()).toString('base64') : '';
      return { still, stillState: still === '' ? 'gone' : 'made', lines, clip };
    },
  };
}
