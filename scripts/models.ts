// `npm run models -- list|accept|download|import|remove|check`: the models of a studio's data folder
// from the command line. Exit code 0: done; 1: it did not work, in one sentence; 2: the command line
// is wrong. A licence is shown and accepted before a download begins.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { realTimers } from '../core/base/clock.ts';
import type { ModelCard } from '../core/contract/modelCards.ts';
import { defaultDataFolder, readSettings } from '../native/host/dataFolder.ts';
import { checkModel } from '../native/vision/models/checkModel.ts';
import { findModel } from '../native/vision/models/manifest.ts';
import { ModelStore } from '../native/vision/models/store.ts';

const USAGE = `npm run models -- list
npm run models -- accept ID
npm run models -- download ID [--accept-licence]
npm run models -- import FILE.onnx [--manifest FILE.json]
npm run models -- remove ID
npm run models -- check [ID] [--provider NAME]
--data DIR names a studio's data folder.`;

const callerFolder = process.env.INIT_CWD ?? process.cwd();
const say = (line: string) => void process.stdout.write(`${line}\n`);

function leave(exitCode: number, line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(exitCode);
}

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        manifest: { type: 'string' },
        provider: { type: 'string', multiple: true, default: [] },
        'accept-licence': { type: 'boolean', default: false },
      },
    });
    const [command = 'list', subject, ...others] = positionals;
    if (others.length > 0) leave(2, `${others.join(' ')} is too much.\n${USAGE}`);
    return { command, subject, ...values };
  } catch (cause) {
    leave(2, `${cause instanceof Error ? cause.message.split('\n')[0] : cause}\n${USAGE}`);
  }
}

const line = readCommandLine();
const data = line.data
  ? resolve(callerFolder, line.data)
  : defaultDataFolder(process.platform, process.env);
const settings = existsSync(join(data, 'settings.json')) ? readSettings(data) : null;
const shippedFolder = resolve(import.meta.dirname, '../models');
const folders = [
  process.env.MORPHINE_MODELS,
  settings?.models,
  join(data, 'models'),
  shippedFolder,
].filter((folder): folder is string => typeof folder === 'string' && folder !== '');
const store = new ModelStore({
  ...{ folders, shippedFolder, fetch, timers: realTimers },
  folder: join(data, 'models'),
});

function needSubject(what: string): string {
  return line.subject ?? leave(2, `Name ${what}.\n${USAGE}`);
}

async function list(): Promise<void> {
  const { models, notOurs, troubles } = await store.list();
  for (const card of models) sayCard(card);
  for (const { name, reason } of notOurs) say(`\nNot offered: ${name}\n  ${reason}`);
  for (const trouble of troubles) process.stderr.write(`${trouble}\n`);
}

function sayCard(card: ModelCard): void {
  const facts = [
    ['state', card.reason === '' ? card.state : `${card.state}: ${card.reason}`],
    ['use', `${card.use}, layout ${card.layout}`],
    ['licence', [card.licence || 'not named', card.licenceUrl].filter(Boolean).join(' ')],
    ['source', card.source],
    ['trained on', card.trainedOn],
    ['speed', card.measured],
    ['golden', card.golden],
    ['sha256', card.sha256],
  ] as const;
  say(`\n${card.id}: ${card.title}`);
  for (const [name, value] of facts) if (value !== '') say(`  ${name.padEnd(10)} ${value}`);
}

async function cardOf(id: string): Promise<ModelCard> {
  const { models } = await store.list();
  const found = models.find((card) => card.id === id);
  return found ?? leave(1, `There is no model "${id}"; npm run models -- list names them.`);
}

async function acceptIfNeeded(id: string): Promise<void> {
  const card = await cardOf(id);
  if (card.isAccepted) return;
  say(`${card.title} is ${card.licence}: ${card.licenceUrl}\n${card.source}`);
  if (!line['accept-licence']) {
    if (!process.stdin.isTTY) {
      leave(1, 'Read the licence, then say --accept-licence, or accept it at a terminal.');
    }
    const reader = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await reader.question('Type yes to accept its licence: ');
    reader.close();
    if (answer.trim().toLowerCase() !== 'yes') leave(1, 'Not accepted; nothing was downloaded.');
  }
  await store.accept(id);
}

async function download(id: string): Promise<void> {
  await acceptIfNeeded(id);
  const { bytes } = await cardOf(id);
  let shown = -1;
  await store.download(id, (received) => {
    const percent = bytes > 0 ? Math.floor((received / bytes) * 10) * 10 : -1;
    if (percent === shown) return;
    shown = percent;
    say(percent < 0 ? `${received} bytes` : `${percent} %`);
  });
  say(`"${id}" is in ${join(data, 'models')}.`);
}

async function importFile(path: string): Promise<void> {
  const file = resolve(callerFolder, path);
  const beside = file.replace(/\.onnx$/, '.json');
  const manifest = line.manifest ? resolve(callerFolder, line.manifest) : beside;
  let entry: unknown = {};
  if (existsSync(manifest)) {
    try {
      entry = JSON.parse(readFileSync(manifest, 'utf8'));
    } catch (cause) {
      leave(1, `${manifest} is no JSON: ${cause instanceof Error ? cause.message : cause}`);
    }
  } else if (line.manifest) leave(1, `${manifest} is not there.`);
  const id = await store.import(file, entry);
  const { licence } = await cardOf(id);
  const found = await findModel(id, folders);
  const trouble = 'reason' in found ? found.reason : await troubleOf(found.model);
  if (trouble !== null) {
    await store.remove(id);
    leave(1, `Not taken in: ${trouble}`);
  }
  say(`"${id}" was taken in (licence: ${licence || 'not named in its entry'}); packs find it.`);
}

async function troubleOf(model: Parameters<typeof checkModel>[0]): Promise<string | null> {
  try {
    const { provider, medianMs } = await checkModel(model, []);
    say(`It runs on ${provider}: ${medianMs.toFixed(1)} ms a picture.`);
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

async function check(id: string | undefined): Promise<void> {
  const { models } = await store.list();
  const wanted = id === undefined ? models.filter(isHere) : [await cardOf(id)];
  let isFine = true;
  for (const card of wanted) {
    const found = await findModel(card.id, folders);
    if ('reason' in found) {
      isFine = false;
      say(`${card.id}: ${found.reason}`);
      continue;
    }
    try {
      const { provider, medianMs, refusals } = await checkModel(found.model, line.provider);
      say(`${card.id}: ${provider}, ${medianMs.toFixed(1)} ms a picture`);
      for (const one of refusals) say(`  ${one.provider}: ${one.reason}`);
    } catch (cause) {
      isFine = false;
      say(`${card.id}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  if (!isFine) leave(1, 'Not every model works.');
}

const isHere = (card: ModelCard) => card.state === 'here' || card.state === 'shipped';

const COMMANDS: Record<string, () => Promise<void>> = {
  list,
  accept: () => store.accept(needSubject('a model')),
  download: () => download(needSubject('a model')),
  import: () => importFile(needSubject('an ONNX file')),
  remove: () => store.remove(needSubject('a model')),
  check: () => check(line.subject),
};
const run = COMMANDS[line.command] ?? leave(2, `There is no command ${line.command}.\n${USAGE}`);
try {
  await run();
} catch (cause) {
  leave(1, cause instanceof Error ? cause.message : String(cause));
}
