// The further destinations of a studio without a show. Never shipped.

import type { Action } from '../../core/contract/actions.ts';
import type { DestinationView } from '../../core/contract/destinations.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';

export function storyDestinations(
  state: () => StudioState,
  apply: (action: Action) => void,
): Handlers['destinations'] {
  const change = (destinations: DestinationView[]) => {
    apply({ type: 'destinations.changed', destinations });
    return {};
  };
  const all = () => state().destinations;
  return {
    add({ title, url }) {
      const kind = url.startsWith('http') ? 'whip' : 'rtmp';
      const figures = { attempts: 1, bytesDropped: 0 };
      const view = { title, url, kind, isOn: true, state: 'live', reason: '', ...figures } as const;
      return change([...all(), { id: `place-${all().length}`, ...view }]);
    },
    setOn: ({ id, isOn }) =>
      change(
        all().map((one) =>
          one.id === id ? { ...one, isOn, state: isOn ? 'connecting' : 'off' } : one,
        ),
      ),
    remove: ({ id }) => change(all().filter((one) => one.id !== id)),
  };
}
