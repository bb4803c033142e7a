// `npm run pack:test -- [PACK] [FILE…] [--data DIR]`: runs the cases of a sport pack, or of all: those
// that come with the studio (models/cases), those kept in the data folder (cases/), or the files that
// are named. `--add FILE` takes a case from elsewhere into the data folder. Exit code 0: all pass; 1:
// one fails or cannot be tried, and why; 2: the command line is wrong. Sends nothing anywhere.

import { constants, copyFileSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CASE_ENDING } from '../core/contract/packCases.ts';
import { defaultDataFolder } from '../native/host/dataFolder.ts';
import { judgeCase } from './packTest/judgeCase.ts';
import { casesIn, type FoundCase, readCaseFile } from './packTest/readCases.ts';
import type { Verdict } from './packTest/verdict.ts';

const USAGE = `npm run pack:test -- [PACK] [FILE${CASE_ENDING} …] [--data DIR]
npm run pack:test -- --add FILE${CASE_ENDING} [--data DIR]`;
const callerFolder = process.env.INIT_CWD ?? process.cwd();
const modelsFolder = resolve(import.meta.dirname, '../models');
const say = (line: string) => void process.stdout.write(`${line}\n`);

function leave(exitCode: number, line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(exitCode);
}

function readCommandLine() {
  const options = { data: { type: 'string' }, add: { type: 'string' } } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const files = positionals.filter((name) => name.endsWith('.json'));
    const [pack = null, ...others] = positionals.filter((name) => !name.endsWith('.json'));
    if (others.length > 0) leave(2, `Name one pack, not ${others.join(' and ')}, too.\n${USAGE}`);
    const data = values.data
      ? resolve(callerFolder, values.data)
      : defaultDataFolder(process.platform, process.env);
    return { pack, files, data, add: values.add ?? null };
  } catch (cause) {
    leave(2, `${cause instanceof Error ? cause.message.split('\n')[0] : cause}\n${USAGE}`);
  }
}

/** Checked before it is taken; never over one that is there. */
function add(path: string, data: string): never {
  const { found } = readCaseFile(path);
  if ('reason' in found) leave(1, found.reason);
  const folder = join(data, 'cases');
  const name = basename(path).endsWith(CASE_ENDING)
    ? basename(path)
    : `${basename(path)}${CASE_ENDING}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    copyFileSync(path, join(folder, name), constants.COPYFILE_EXCL);
  } catch (cause) {
    const isThere = (cause as { code?: string }).code === 'EEXIST';
    leave(1, isThere ? `${folder} has a case ${name} already.` : `${folder} cannot be written.`);
  }
  say(`Taken: ${join(folder, name)} (pack ${found.pack}).`);
  process.exit(0);
}

const WORDS: Record<Verdict['state'], string> = {
  pass: 'pass     ',
  fail: 'FAIL     ',
  untried: 'NOT TRIED',
};

async function main(): Promise<void> {
  const { pack, files, data, add: added } = readCommandLine();
  if (added !== null) add(resolve(callerFolder, added), data);
  const all: FoundCase[] =
    files.length > 0
      ? files.map((file) => readCaseFile(resolve(callerFolder, file)))
      : casesIn([join(modelsFolder, 'cases'), join(data, 'cases')]);
  const ours = all.filter(({ found }) => 'reason' in found || pack === null || found.pack === pack);
  if (ours.length === 0)
    leave(1, `There is no case${pack === null ? '' : ` of the pack ${pack}`}.`);
  const packFolders = [join(data, 'packs'), join(modelsFolder, 'packs')];
  const counts: Record<Verdict['state'], number> = { pass: 0, fail: 0, untried: 0 };
  for (const { file, found } of ours) {
    const verdict: Verdict =
      'reason' in found
        ? { state: 'untried', why: found.reason }
        : await judgeCase(found, { modelsFolder, dataFolder: data, packFolders });
    counts[verdict.state]++;
    const title = 'reason' in found ? file : `${found.pack} · ${file} · ${found.title}`;
    say(`${WORDS[verdict.state]} ${title}: ${verdict.why}`);
    if (verdict.state === 'fail' && !('reason' in found)) {
      const { role, reason } = found.said;
      say(`          right is what the ${role} said${reason === '' ? '' : `: ${reason}`}`);
      if (found.was !== '') say(`          then ${found.was}`);
    }
  }
  say(`${counts.pass} passed, ${counts.fail} failed, ${counts.untried} not tried`);
  process.exit(counts.fail + counts.untried === 0 ? 0 : 1);
}

main().catch((cause: unknown) => {
  leave(1, cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
});
