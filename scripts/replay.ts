// `npm run replay -- SHOW [--data DIR] [--guard-ms N] [--no-picture]`: runs a recorded show again.
// The picture goes through vision, what it decides goes into the ledger with everything else that
// was asked of it, and the journal must end in the same hash. Exit code 0: it does; 1: it does not,
// and the first row or event that differs is named; 2: the command line or the folder is wrong.

import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decideAgain, sameEvents } from './replay/decideAgain.ts';
import { guardFlips } from './replay/guardFlips.ts';
import { NoShow, readAbout, readCommands, readEvents, readUnits } from './replay/readShow.ts';
import { replayLedger } from './replay/replayLedger.ts';
import { seeAgain } from './replay/replayVision.ts';

const USAGE = 'npm run replay -- SHOW [--data DIR] [--guard-ms N] [--no-picture]';
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
    'guard-ms': { type: 'string' },
    'no-picture': { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [show, ...others] = positionals;
    if (show === undefined || others.length > 0) leave(2, `Name one recorded show.\n${USAGE}`);
    const guardMs = values['guard-ms'] === undefined ? null : Number(values['guard-ms']);
    if (guardMs !== null && !(Number.isInteger(guardMs) && guardMs >= 0 && guardMs <= 10_000)) {
      leave(2, `--guard-ms takes whole milliseconds from 0 to 10000, not ${values['guard-ms']}.`);
    }
    const folder = resolve(callerFolder, show);
    // A show lies in recordings/ of its studio's data folder.
    const data = values.data ? resolve(callerFolder, values.data) : dirname(dirname(folder));
    return { folder, data, guardMs, withPicture: values['no-picture'] !== true };
  } catch (cause) {
    leave(2, `${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  }
}

async function main(): Promise<void> {
  const { folder, data, guardMs, withPicture } = readCommandLine();
  const about = readAbout(folder);
  const recorded = readCommands(folder);
  say(`"${about.title}": ${recorded.length} commands, pack ${about.pack || '(none)'}.`);
  let commands = recorded;
  if (withPicture) {
    const modelsFolder = resolve(root, 'models');
    const seen = await seeAgain(readUnits(folder, about), { pack: about.pack, modelsFolder });
    const { missing, added } = sameEvents(readEvents(folder), seen);
    for (const event of missing) say(`Not seen again: ${event.type} at ${event.captureUs}.`);
    for (const event of added) say(`Only seen now: ${event.type} at ${event.captureUs}.`);
    if (missing.length + added.length === 0) say(`Vision saw the same ${seen.length} events.`);
    commands = decideAgain(recorded, seen);
  }
  const again = replayLedger(data, about, commands);
  const { rows, hash, recordedHash, differsAt, refused, bets } = again;
  say(`${rows} rows (${refused} commands refused, as then), hash ${hash}`);
  if (guardMs !== null) {
    const flips = guardFlips(recorded, guardMs, bets);
    for (const { title, betId, amountMinor, beforeMs, now } of flips) {
      say(`${title}: bet ${betId} of ${amountMinor}, ${beforeMs.toFixed(0)} ms before: ${now}.`);
    }
    say(`A guard of ${guardMs} ms would have flipped ${flips.length} bets.`);
  }
  if (differsAt > 0)
    leave(1, `Row ${differsAt} differs: the journal had ${recordedHash} at its end.`);
  say('The journal ends in the same hash.');
  process.exit(0);
}

main().catch((cause: unknown) => {
  if (cause instanceof NoShow) leave(2, cause.message);
  leave(1, cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
});
