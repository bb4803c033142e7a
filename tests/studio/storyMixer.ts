// The sounds of a studio without a show, and the level of the same tone over and over. Never shipped.

import type { Action } from '../../core/contract/actions.ts';
import { FIRST_SOUND_SETTINGS, type SoundStrip } from '../../core/contract/mixer.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';

const LEVELS_EVERY_MS = 60;

export function storyStrip(changes: Partial<SoundStrip> = {}): SoundStrip {
  return {
    ...{ key: 'demo:', title: 'Demo match', isHeard: true, reason: '', isPacketsOnly: false },
    settings: FIRST_SOUND_SETTINGS,
    ...changes,
  };
}

export function storyMixer(
  state: () => StudioState,
  apply: (action: Action) => void,
  calls: string[],
): Handlers['mixer'] {
  let number = 0;
  return {
    set({ key, settings }) {
      calls.push(`mixer.set ${key} ${JSON.stringify(settings)}`);
      const strips = (state().mixer?.strips ?? []).map((strip) =>
        strip.key === key ? { ...strip, settings } : strip,
      );
      apply({ type: 'mixer.changed', mixer: { strips } });
      return {};
    },
    levels: () =>
      new Promise((done) => {
        setTimeout(() => {
          number++;
          const strips = (state().mixer?.strips ?? []).filter(({ isHeard }) => isHeard);
          const levels = strips.map(({ key, settings: { gainDb } }): LevelOf => {
            const peak = Math.min(0, -7 + gainDb);
            return { key, peakDb: [peak, peak - 3], rmsDb: [peak - 9, peak - 12] };
          });
          done({ number, levels });
        }, LEVELS_EVERY_MS);
      }),
  };
}

type LevelOf = Awaited<ReturnType<Handlers['mixer']['levels']>>['levels'][number];
