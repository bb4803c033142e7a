// What a person can have done from the palette or by a key. One list feeds the palette, the
// hotkeys, their settings and the help, so that none of them can forget one.

import type { StudioState } from '../../../core/contract/state.ts';
import type { TextKey } from '../../ui/texts.ts';

export const COMMAND_AREAS = ['show', 'markets', 'sources', 'program', 'manage', 'page'] as const;
export type CommandArea = (typeof COMMAND_AREAS)[number];

export type Command = {
  /** Stays for ever: a browser's hotkeys name it. */
  id: string;
  area: CommandArea;
  title: TextKey;
  /** For the placeholders of the title. */
  values?: Readonly<Record<string, string>>;
  /** What it moves, where it moves points: shown before it is run. */
  effect?: string;
  /** Absent: always. */
  isEnabled?: (state: StudioState) => boolean;
  run: () => void;
  /** The key that it comes with. */
  chord?: string;
};
