// A settings file that cannot be used, be it broken or of a newer version: the person is told what
// is wrong with it, and may have it kept aside under a name of its own and start with defaults.
// Nothing is deleted, no file of an earlier time is written over, and nothing is moved unasked.

import type { ShellWords } from './words.ts';

/** What is asked of the person. */
export type SettingsQuestion = {
  message: string;
  detail: string;
  /** The first one keeps it aside; the second one quits. */
  buttons: [keep: string, quit: string];
};

export type SettingsAside = {
  words: ShellWords;
  /** What is wrong, in a line that names the file. */
  line: string;
  /** The name that it would get; none has it now. */
  name: string;
  /** Gives the number of the button. */
  ask(question: SettingsQuestion): Promise<number>;
  /** Moves the file. Throws where the disk does not allow it. */
  keep(name: string): void;
};

/** `start`: it is out of the way. Else the line to end with; the exit code is 2 either way. */
export type SettingsAnswer = 'start' | { line: string };

export async function askAboutSettings(at: SettingsAside): Promise<SettingsAnswer> {
  const { words, line, name } = at;
  const button = await at.ask({
    message: words('settingsTitle'),
    detail: words('settingsDetail', { line, name }),
    buttons: [words('settingsKeep'), words('settingsQuit')],
  });
  if (button !== 0) return { line };
  try {
    at.keep(name);
    return 'start';
  } catch (cause) {
    // It was taken away while the question stood: there is nothing in the way any more.
    if (codeOf(cause) === 'ENOENT') return 'start';
    return { line: `${line} ${words('settingsNotKept', { name, reason: reasonOf(cause) })}` };
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
