// How a command is written.

import { type TextKey, text } from '../../ui/texts.ts';
import { chordText } from './chord.ts';
import type { Command, CommandArea } from './command.ts';

const AREAS: Record<CommandArea, TextKey> = {
  show: 'studio.command.area.show',
  markets: 'studio.markets',
  sources: 'studio.sources',
  program: 'studio.program',
  manage: 'studio.command.area.manage',
  page: 'studio.command.area.page',
};

export const areaText = (area: CommandArea) => text(AREAS[area]);
export const commandText = ({ title, values = {} }: Command) => text(title, values);

/** Meta is Command there, and the signs on the keys are others. */
const isMac = /^Mac/.test(navigator.platform);
export const keyText = (chord: string) => chordText(chord, isMac);
