// Which key runs which command, in this browser. A key means one command: when a person gives it to
// another one, the first loses it and is named before. Pure but for the store at the end.

import { z } from 'zod';
import { create } from 'zustand';
import { readKept, writeKept } from '../kept.ts';
import type { Command } from './command.ts';

const NAME = 'hotkeys';
/** By command: a key, or null where a person took it away. What is absent is as it comes. */
const hotkeysSchema = z.record(z.string().max(120), z.string().min(1).max(40).nullable());
export type Hotkeys = z.infer<typeof hotkeysSchema>;

/** The key of a command now, if any. */
export function chordFor(hotkeys: Hotkeys, command: Pick<Command, 'id' | 'chord'>): string | null {
  return (Object.hasOwn(hotkeys, command.id) ? hotkeys[command.id] : command.chord) ?? null;
}

/** The commands that this key runs; more than one only while a kept file says so. */
export function commandsOf<One extends Pick<Command, 'id' | 'chord'>>(
  hotkeys: Hotkeys,
  commands: readonly One[],
  chord: string,
): One[] {
  return commands.filter((command) => chordFor(hotkeys, command) === chord);
}

/** Gives the key to this command, and takes it from whatever has it. */
export function withChord(
  hotkeys: Hotkeys,
  commands: readonly Pick<Command, 'id' | 'chord'>[],
  id: string,
  chord: string | null,
): Hotkeys {
  const changed = { ...hotkeys, [id]: chord };
  if (chord === null) return changed;
  for (const other of commandsOf(hotkeys, commands, chord)) {
    if (other.id !== id) changed[other.id] = null;
  }
  return changed;
}

export const useHotkeys = create<{ hotkeys: Hotkeys }>(() => ({
  hotkeys: readKept(NAME, hotkeysSchema, {}),
}));

export function keepHotkeys(hotkeys: Hotkeys): void {
  useHotkeys.setState({ hotkeys });
  writeKept(NAME, hotkeys);
}
