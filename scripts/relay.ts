// `npm run relay`: a relay on its own, without a studio. It is its own supervisor: one process,
// which ends on SIGINT or SIGTERM within three seconds, and when its npm launcher is killed.

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultDataFolder, writeFileAtomically } from '../native/host/dataFolder.ts';
import { BadRelaySetting, type RelaySetting } from '../relay/badRelaySetting.ts';
import type { Relay } from '../relay/relay.ts';
import { type RelayConfiguration, startRelay } from '../relay/startRelay.ts';
import { buildIfStale } from './build.ts';

const RELAY_PORT_DEFAULT = 47_801;
/** Closing takes no longer than this, ms; then the process ends all the same. */
const CLOSE_MS_MAX = 2_500;
const BAD_SETTING_EXIT_CODE = 2;

const FLAGS: Readonly<Record<RelaySetting, string>> = {
  host: '--host',
  port: '--port',
  publicUrl: '--public-url',
  certificateFile: '--cert',
  keyFile: '--key',
  dataFolder: '--data',
  databaseUrl: 'DATABASE_URL',
  redisUrl: 'REDIS_URL',
  relayKey: 'MORPHINE_RELAY_KEY',
  nodeUrl: '--node-url',
  owners: '--owners',
  iceServers: '--ice-server',
  udpPort: '--udp-port',
  announce: '--announce',
  acme: '--acme',
  openIdIssuer: 'MORPHINE_OPENID_ISSUER',
};

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'public-url': { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  data: { type: 'string' },
  owners: { type: 'string' },
  'ice-server': { type: 'string', multiple: true },
  'udp-port': { type: 'string' },
  shards: { type: 'string' },
  'node-url': { type: 'string' },
  'allow-origin': { type: 'string', multiple: true },
  announce: { type: 'string', multiple: true },
  acme: { type: 'string' },
  'acme-directory': { type: 'string' },
  'acme-email': { type: 'string' },
  'acme-port': { type: 'string' },
  'ready-file': { type: 'string' },
  pair: { type: 'boolean' },
} as const;

/** The command line is wrong; `message` is the line for the person. */
export class BadCommandLine extends Error {}

type CommandLine = RelayConfiguration & { readyFile: string | null; isPairing: boolean };

function readCommandLine(args: readonly string[], callerFolder: string): CommandLine {
  const values = parse(args);
  const path = (value: string | undefined) =>
    value === undefined ? null : resolve(callerFolder, value);
  if ((values.cert === undefined) !== (values.key === undefined)) {
    throw new BadCommandLine('--cert and --key belong together: give both or neither.');
  }
  const owners = values.owners ?? 'open';
  return {
    host: values.host ?? '127.0.0.1',
    port: values.port === undefined ? RELAY_PORT_DEFAULT : portOf(values.port),
    portIsNamed: values.port !== undefined,
    publicUrl:
      values['public-url'] === undefined ? null : addressOf('--public-url', values['public-url']),
    certificateFile: path(values.cert),
    keyFile: path(values.key),
    acme: acmeOf(values),
    dataFolder:
      path(values.data) ?? join(defaultDataFolder(process.platform, process.env), 'relay'),
    // What holds a secret comes by the environment: everybody on the machine can read arguments.
    databaseUrl: process.env.DATABASE_URL || null,
    owners: owners === 'open' || owners === 'paired' ? owners : resolve(callerFolder, owners),
    allowedOrigins: values['allow-origin']?.map((text) => addressOf('--allow-origin', text)) ?? [
      '*',
    ],
    redisUrl: process.env.REDIS_URL || null,
    redisPrefix: process.env.MORPHINE_REDIS_PREFIX || 'morphine',
    nodeUrl: values['node-url'] === undefined ? null : addressOf('--node-url', values['node-url']),
    relayKey: process.env.MORPHINE_RELAY_KEY || null,
    iceServers: values['ice-server'] ?? [],
    turnSecret: process.env.MORPHINE_TURN_SECRET || null,
    udpPort: values['udp-port'] === undefined ? null : onePortOf('--udp-port', values['udp-port']),
    announce: values.announce ?? [],
    shards: values.shards === undefined ? 1 : shardsOf(values.shards),
    shardPath: resolve(import.meta.dirname, '../relay/shards/shardEntry.ts'),
    viewerPageFolder: resolve(import.meta.dirname, '../out/renderer/viewer'),
    storeThreadPath: resolve(import.meta.dirname, '../relay/witness/storeThread.ts'),
    logLevel: levelOf(process.env.MORPHINE_LOG),
    readyFile: path(values['ready-file']),
    isPairing: values.pair ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false })
      .values;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const named = /'([^']*)'/.exec(text)?.[1] ?? '';
    const known = Object.keys(flags).map((name) => `--${name}`);
    if (named.startsWith('--database')) {
      throw new BadCommandLine('--database is no flag: put the address into DATABASE_URL.');
    }
    if (text.startsWith('Unknown option')) {
      throw new BadCommandLine(`Unknown flag ${named}. Known flags: ${known.join(' ')}.`);
    }
    if (text.startsWith('Unexpected argument')) {
      throw new BadCommandLine(`Unexpected argument ${named}. Flags start with two dashes.`);
    }
    throw new BadCommandLine(`${text.split('\n')[0]} Check the flag and try again.`);
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new BadCommandLine(`--port takes a whole number from 0 to 65535, not ${text}.`);
}

function onePortOf(flag: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new BadCommandLine(`${flag} takes one port from 1 to 65535, not ${text}.`);
}

function shardsOf(text: string): number {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 64) return count;
  throw new BadCommandLine(`--shards takes a whole number from 1 to 64, not ${text}.`);
}

function acmeOf(values: ReturnType<typeof parse>): RelayConfiguration['acme'] {
  const { acme: name, 'acme-directory': directory, 'acme-email': email } = values;
  const port = values['acme-port'];
  if (name === undefined) {
    const lonely = Object.keys(values).find((flag) => flag.startsWith('acme-'));
    if (lonely === undefined) return null;
    throw new BadCommandLine(`--${lonely} belongs to --acme NAME: give that, too.`);
  }
  if (!/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i.test(name)) {
    throw new BadCommandLine(`--acme takes a public name such as live.example.org, not ${name}.`);
  }
  if (directory !== undefined && !/^https?:$/.test(protocolOf(directory))) {
    throw new BadCommandLine(`--acme-directory takes an https:// address, not ${directory}.`);
  }
  return {
    name: name.toLowerCase(),
    directoryUrl: directory ?? null,
    email: email ?? null,
    challengeHost: values.host ?? '127.0.0.1',
    challengePort: port === undefined ? 80 : onePortOf('--acme-port', port),
  };
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : '';
}

function addressOf(flag: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') {
    return url.origin;
  }
  throw new BadCommandLine(
    `${flag} takes an http:// or https:// address without a path, not ${text}.`,
  );
}

function levelOf(text: string | undefined): RelayConfiguration['logLevel'] {
  return text === 'debug' || text === 'warn' || text === 'error' ? text : 'info';
}

function leave(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(BAD_SETTING_EXIT_CODE);
}

/**
 * Reads the command line and starts the relay it describes.
 * @throws BadCommandLine when a person must change a flag or the environment
 */
export async function openRelay(args: readonly string[], callerFolder: string) {
  const { readyFile, isPairing, ...configuration } = readCommandLine(args, callerFolder);
  removeReadyFile(readyFile);
  try {
    mkdirSync(configuration.dataFolder, { recursive: true, mode: 0o700 });
    const relay = await startRelay(configuration);
    return { relay, readyFile, isPairing, configuration };
  } catch (error) {
    if (error instanceof BadRelaySetting) {
      throw new BadCommandLine(`${FLAGS[error.setting]} ${error.message}`);
    }
    if (error instanceof Error && 'code' in error && 'path' in error) {
      const { dataFolder } = configuration;
      throw new BadCommandLine(
        `--data ${dataFolder} cannot be made (${error.code}); name another.`,
      );
    }
    throw error;
  }
}

async function run(): Promise<void> {
  const callerFolder = process.env.INIT_CWD ?? process.cwd();
  const { relay, readyFile, isPairing, configuration } = await openRelay(
    process.argv.slice(2),
    callerFolder,
  ).catch((error) => {
    if (error instanceof BadCommandLine) leave(error.message);
    throw error;
  });
  await buildPage(configuration.viewerPageFolder);

  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    removeReadyFile(readyFile);
    setTimeout(() => process.exit(0), CLOSE_MS_MAX);
    await relay.close();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
  process.on('SIGHUP', () => void stop());
  // The npm launcher holds this channel; when it is killed the relay must not stay behind.
  process.once('disconnect', () => void stop());

  if (readyFile !== null) {
    const facts = {
      version: 1,
      pid: process.pid,
      state: 'ready',
      relay: relay.url,
      metrics: relay.metricsUrl,
      health: relay.healthUrl,
      data: configuration.dataFolder,
    };
    try {
      writeFileAtomically(readyFile, `${JSON.stringify(facts)}\n`);
    } catch {
      await relay.close();
      leave(`--ready-file ${readyFile} cannot be written; name a file in a folder that exists.`);
    }
  }
  if (relay.plainWarning !== null) process.stderr.write(`${relay.plainWarning}\n`);
  if (configuration.acme !== null) {
    process.stderr.write('By --acme you agree to the terms of the certificate authority.\n');
  }
  process.stdout.write(`Relay    ${relay.url}\nMetrics  ${relay.metricsUrl}\n`);
  if (isPairing || relay.pairing.count === 0) tellPairingCode(relay);
  // For one more studio, without a restart.
  process.on('SIGUSR2', () => tellPairingCode(relay));
}

/** The only place where a code is shown: it must reach no log. */
function tellPairingCode({ url, pairing }: Relay): void {
  const how = 'in the studio: Manage, Relay; it pairs one studio, within 10 minutes';
  process.stdout.write(`Pair     ${pairing.newCode()}\n         with ${url} (${how})\n`);
}

/** A fresh clone has no viewer page yet; without one the relay still carries everything else. */
async function buildPage(folder: string): Promise<void> {
  if (existsSync(join(folder, 'index.html'))) return;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  try {
    await buildIfStale({ force: true, say });
  } catch (error) {
    say(`The viewer page could not be built (${error}); its links will say so.`);
  }
}

function removeReadyFile(path: string | null): void {
  if (path !== null) rmSync(path, { force: true });
}

if (process.argv[1] === import.meta.filename) await run();
