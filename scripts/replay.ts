// `npm run replay -- SHOW [--data DIR] [--guard MS] [--no-picture] [--exact]`: runs a recorded show
// again. The picture goes through vision, the facts through the rules of markets, and what these ask
// for, with what viewers and people asked then, into a ledger that begins where the real one stood;
// its journal must end in the same hash. Exit code 0: it does; 1: it does not, and the first row,
// event or decision that differs is named; 2: the command line or the folder is wrong.

import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { GameEvent } from '../core/contract/events.ts';
import { toldArgs } from '../native/recording/toldLines.ts';
import { type Facts, factsAsSeen, factsAsTold } from './replay/facts.ts';
import { flipWords, guardFlips, withGuard } from './replay/guardFlips.ts';
import { type AboutShow, type Command, NoShow, readShow, readUnits } from './replay/readShow.ts';
import { openFreshLedger } from './replay/replayLedger.ts';
import { replayRules } from './replay/replayRules.ts';
import { seeAgain } from './replay/replayVision.ts';

const USAGE = 'npm run replay -- SHOW [--data DIR] [--guard MS] [--no-picture] [--exact]';
const GUARD_MS_MAX = 10_000;
const LINES_MAX = 20;
const callerFolder = process.env.INIT_CWD ?? process.cwd();
const root = resolve(import.meta.dirname, '..');
const say = (line: string) => void process.stdout.write(`${line}\n`);

function leave(exitCode: number, line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(exitCode);
}

function readCommandLine() {
  const options = {
    data: { type: 'string' },
    guard: { type: 'string' },
    'no-picture': { type: 'boolean' },
    exact: { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [show, ...others] = positionals;
    if (show === undefined || others.length > 0) leave(2, `Name one recorded show.\n${USAGE}`);
    const guardMs = values.guard === undefined ? null : Number(values.guard);
    if (
      guardMs !== null &&
      !(Number.isInteger(guardMs) && guardMs >= 0 && guardMs <= GUARD_MS_MAX)
    ) {
      leave(2, `--guard takes whole milliseconds from 0 to ${GUARD_MS_MAX}, not ${values.guard}.`);
    }
    const folder = resolve(callerFolder, show);
    // A show lies in recordings/ of its studio's data folder.
    const data = values.data ? resolve(callerFolder, values.data) : dirname(dirname(folder));
    const withPicture = values['no-picture'] !== true;
    return { folder, data, guardMs, withPicture, isExact: values.exact === true };
  } catch (cause) {
    leave(2, `${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  }
}

type CommandLine = ReturnType<typeof readCommandLine>;

/** What vision sees now, beside what it said then. */
async function facts(line: CommandLine, about: AboutShow, commands: Command[]): Promise<Facts> {
  if (!line.withPicture || !about.rules) return factsAsTold();
  const seen = await seeAgain(readUnits(line.folder, about), {
    ...{ pack: about.pack, choice: about.rules.choice, isSlateFirst: about.rules.isSlate },
    ...{ modelsFolder: resolve(root, 'models'), dataFolder: line.data, commands },
  });
  const told = commands.flatMap(({ name, args }): GameEvent[] => {
    if (name !== 'told.event') return [];
    const { witness, event } = toldArgs[name].parse(args);
    return witness === 'picture' ? [event] : [];
  });
  const again = factsAsSeen(seen, told);
  const differences = again.differences();
  list(differences);
  if (differences.length === 0) say(`Vision saw the same ${seen.events.length} events.`);
  return again;
}

function list(lines: readonly string[]): void {
  for (const one of lines.slice(0, LINES_MAX)) say(one);
  if (lines.length > LINES_MAX) say(`… and ${lines.length - LINES_MAX} more.`);
}

/** Runs the rules; what was recorded before rules were is run as it stands. */
async function decide(
  line: CommandLine,
  about: AboutShow,
  recorded: Command[],
): Promise<{ commands: Command[]; isSame: boolean }> {
  const ledger = openFreshLedger(line.data, about, recorded);
  try {
    let commands = recorded;
    let differences: string[] = [];
    if (about.rules) {
      const told = await facts(line, about, recorded);
      const { isExact } = line;
      const start = about.rules;
      const again = await replayRules({ start, commands: recorded, ledger, facts: told, isExact });
      ({ commands, differences } = again);
      say(`The rules made ${again.decisions} decisions anew; ${differences.length} are others.`);
      if (again.takenOver > 0) {
        say(`${again.takenOver} were taken from the recording: their markets began before it.`);
      }
      list(differences);
      list(again.figures);
    } else {
      say('This recording lacks what the rules were told: decisions are taken from it.');
      for (const command of recorded) ledger.take(command);
    }
    const { rows, hash, recordedHash, differsAt, refused } = ledger.result();
    say(`${rows} rows (${refused} commands refused, as then), hash ${hash}`);
    if (differsAt > 0) say(`Row ${differsAt} differs: the journal had ${recordedHash} at its end.`);
    return { commands, isSame: differsAt === 0 && differences.length === 0 };
  } finally {
    ledger.close();
  }
}

/** What another guard would have changed, with its money. */
function tellFlips(
  line: CommandLine,
  about: AboutShow,
  commands: Command[],
  guardMs: number,
): void {
  const then = openFreshLedger(line.data, about, commands);
  const now = openFreshLedger(line.data, about, commands);
  try {
    for (const command of commands) then.take(command);
    for (const command of withGuard(commands, guardMs)) now.take(command);
    const changed = guardFlips(then, now, commands);
    for (const flip of changed) say(flipWords(flip));
    const flipped = changed.filter(({ was, is }) => was !== is).length;
    const moved = changed.reduce((sum, { effectMinor }) => sum + Math.max(0, effectMinor), 0);
    const lost = changed.reduce((sum, { effectMinor }) => sum + Math.max(0, -effectMinor), 0);
    say(
      `A guard of ${guardMs} ms would have flipped ${flipped} bets and changed what ` +
        `${changed.length - flipped} others brought: viewers +${moved} and -${lost} points.`,
    );
  } finally {
    then.close();
    now.close();
  }
}

async function main(): Promise<void> {
  const line = readCommandLine();
  const { about, commands: recorded } = readShow(line.folder);
  say(`"${about.title}": ${recorded.length} lines, pack ${about.pack || '(none)'}.`);
  const { commands, isSame } = await decide(line, about, recorded);
  if (line.guardMs !== null) tellFlips(line, about, commands, line.guardMs);
  if (!isSame) leave(1, 'The show does not run again as it was.');
  say('The journal ends in the same hash.');
  process.exit(0);
}

main().catch((cause: unknown) => {
  if (cause instanceof NoShow) leave(2, cause.message);
  leave(1, cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
});
