// The playing file of a studio without a show. Never shipped.

import type { Action } from '../../core/contract/actions.ts';
import type { Playback } from '../../core/contract/playback.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';

type Own = Omit<Handlers['sources'], 'select'>;

export function storyPlayback(
  state: () => StudioState,
  apply: (action: Action) => void,
  calls: string[],
): Own {
  function change(words: string, changed: Partial<Playback>) {
    calls.push(`sources.${words}`);
    const { source } = state();
    if (!source.playback) throw new RpcError('refused', 'What is on air cannot be paused.');
    const playback = { ...source.playback, ...changed };
    const { isPaused } = playback;
    const { isSlate: _isSlate, ...rest } = source;
    const still = isPaused ? { state: 'stalled', isSlate: true } : { state: 'live' };
    const reason = isPaused ? `${source.title} is paused` : '';
    apply({
      type: 'source.changed',
      source: { ...rest, reason, playback, ...still } as StudioState['source'],
    });
    return {};
  }
  return {
    setPaused: ({ isPaused }) => change(`setPaused ${isPaused}`, { isPaused }),
    seek: ({ positionMs }) => change(`seek ${positionMs}`, { positionMs }),
    setSystemSound({ isOn }) {
      calls.push(`sources.setSystemSound ${isOn}`);
      const { systemSound: _before, ...source } = state().source;
      const systemSound = { isLive: true, reason: '' };
      apply({ type: 'source.changed', source: isOn ? { ...source, systemSound } : source });
      return {};
    },
    skip: ({ to }) => change(`skip ${to}`, { positionMs: 0 }),
  };
}
