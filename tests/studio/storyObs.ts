// The OBS of a studio without a show: it plays by the same rules as the room does. Never shipped.

import type { Action } from '../../core/contract/actions.ts';
import { OBS_OFF, type ObsState } from '../../core/contract/obs.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';

export const STORY_OBS_PASSWORD = 'of-the-story';

export function storyObs(
  state: () => StudioState,
  apply: (action: Action) => void,
  calls: string[],
): Handlers['obs'] {
  const change = (obs: Partial<ObsState>) => {
    apply({ type: 'obs.changed', obs: { ...state().obs, ...obs } });
    return {};
  };
  const figures = { framesDropped: 12, framesTotal: 5400, kilobitsPerSecond: 2512 };
  return {
    find: () => ({ isInstalled: true, isServerOn: true, port: 4455, needsPassword: true }),
    connect({ address, password }) {
      calls.push(`obs.connect ${address}`);
      if (password !== STORY_OBS_PASSWORD) {
        const reason =
          'OBS does not take this password. ' +
          'OBS shows it under Tools → WebSocket Server Settings → Show Connect Info.';
        change({ state: 'wrongPassword', address, reason });
        throw new RpcError('refused', reason);
      }
      const scenes = ['Match', 'Break', 'Interview'];
      return change({
        state: 'connected',
        address,
        reason: '',
        version: '30.1.2',
        scenes,
        scene: 'Match',
      });
    },
    disconnect: () => change(OBS_OFF),
    setUp: () => change({ setUp: 'whip' }),
    undo: () => change({ setUp: 'none' }),
    start: () => change({ isStreaming: true, ...figures }),
    stop: () => change({ isStreaming: false, kilobitsPerSecond: 0 }),
    showScene: ({ scene }) => change({ scene }),
    dockLink: () => ({ url: 'http://127.0.0.1:47800/?code=a-link' }),
  };
}
