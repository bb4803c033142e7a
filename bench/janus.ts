// The peer: Janus' streaming plugin on this machine, fed by ffmpeg's RTP with the same drawn match,
// the same barcode and the same encoder settings as ours, watched by a page of ours over its HTTP
// API. It is given what it needs to be quick: a kept key frame, the playout-delay extension, no
// sound to wait for, and the machine for itself, while our figure was taken with vision, ledger and
// relay running. Janus gathers no loopback candidate, so a machine with loopback alone cannot do it.

import { type ChildProcess, fork, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { waitFor } from '../tests/harness/studio.ts';
import { delayRounds, remarksOf } from './delay.ts';
import type { BenchContext, Measured } from './figure.ts';
import { janusPage } from './janusPage.ts';
import { pageWithLink, servePages, takeJoins, takeLoadedJoins } from './linkPage.ts';
import { watchFrames } from './pageFrames.ts';

type PeerFigure = NonNullable<Measured['peer']>;

/** Delay through Janus, media clock = monotonic clock. */
export function measurePeerDelay(context: BenchContext, browser: Browser): Promise<PeerFigure> {
  return withJanus(context, async (janus) => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await watchFrames(page, true);
    await page.goto(janus.watchUrl);
    const rounds = await delayRounds(page, 0, context.isFull);
    await page.close();
    return { rounds: rounds.map(({ presented }) => presented), remarks: remarksOf(rounds) };
  });
}

/** Click to first frame through Janus. */
export function measurePeerJoin(
  context: BenchContext,
  browser: Browser,
  perRound: number,
): Promise<PeerFigure> {
  return withJanus(context, async (janus) => {
    const { clicks } = await takeJoins(browser, janus.linkUrl, perRound);
    return { rounds: clicks, remarks: [] };
  });
}

/** Click in a loaded page to first frame through Janus. */
export function measurePeerJoinLoaded(
  context: BenchContext,
  browser: Browser,
  perRound: number,
): Promise<PeerFigure> {
  return withJanus(context, async (janus) => {
    const rounds = await takeLoadedJoins(browser, janus.waitingUrl, perRound);
    return { rounds, remarks: [] };
  });
}

type Janus = { watchUrl: string; linkUrl: string; waitingUrl: string };

/** A running Janus with one mountpoint (id 1) for H.264 (96) and, if asked for, Opus (111). */
export type JanusServer = {
  pid: number;
  /** Base address of its HTTP API. */
  api: string;
  /** The address besides loopback that it serves viewers at. */
  address: string;
  videoPort: number;
  audioPort: number;
  end(): Promise<void>;
};

/**
 * Starts Janus tuned for many viewers: one event loop, a kept key frame.
 *
 * @param prefix words in front of the program, for example those that pin it to a core
 * @returns why it cannot be had here, as a sentence, instead
 */
export async function startJanus(options: {
  hasSound: boolean;
  prefix?: readonly string[];
}): Promise<JanusServer | string> {
  const program = programOf('janus');
  const libraries = libraryFolder();
  if (!program || !libraries) return 'not installed';
  const network = outwardInterface();
  const address = outwardAddress();
  if (!network || !address) return 'not measured: no address besides loopback';
  const folder = mkdtempSync(join(tmpdir(), 'morphine-janus-'));
  const [apiPort, videoPort, audioPort] = [await freePort(), await freePort(), await freePort()];
  const ports = { apiPort, mediaPort: videoPort };
  writeConfiguration(folder, {
    ...{ libraries, network, ...ports },
    audioPort: options.hasSound ? audioPort : null,
  });
  const [command = '', ...words] = [
    ...(options.prefix ?? []),
    ...[program, '-F', folder, '-C', join(folder, 'janus.jcfg')],
  ];
  const janus = spawn(command, words, { stdio: 'ignore' });
  janus.on('error', () => {});
  const end = async () => {
    await endOf(janus);
    rmSync(folder, { recursive: true, force: true });
  };
  const api = `http://127.0.0.1:${apiPort}/janus`;
  try {
    await waitFor('Janus', async () => (await fetch(`${api}/info`).catch(() => null))?.ok, 10_000);
  } catch (cause) {
    await end();
    throw cause;
  }
  return { pid: janus.pid ?? 0, api, address, videoPort, audioPort, end };
}

async function withJanus(
  context: BenchContext,
  run: (janus: Janus) => Promise<PeerFigure>,
): Promise<PeerFigure> {
  let source: ChildProcess | undefined;
  let janus: JanusServer | undefined;
  let server: Awaited<ReturnType<typeof servePages>> | undefined;
  try {
    const started = await startJanus({ hasSound: false });
    if (typeof started === 'string') return { rounds: [], remarks: [started] };
    janus = started;
    const { api, videoPort } = janus;
    const fed = fork(join(import.meta.dirname, 'peerSource.ts'), [String(videoPort)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    source = fed;
    await new Promise<void>((done, fail) => {
      fed.once('message', () => done());
      fed.once('exit', (code) => fail(new Error(`The peer's source ended with ${code}`)));
    });
    server = await servePages({
      '/': pageWithLink('/watch'),
      '/watch': janusPage(api),
      '/waiting': janusPage(api, true),
    });
    const { origin } = server;
    const figure = await run({
      watchUrl: `${origin}/watch`,
      linkUrl: `${origin}/`,
      waitingUrl: `${origin}/waiting`,
    });
    return { ...figure, remarks: ['Janus streaming plugin, picture only', ...figure.remarks] };
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    context.say(`Janus could not be measured: ${reason}`);
    return { rounds: [], remarks: [`not measured: ${reason}`] };
  } finally {
    server?.close();
    source?.removeAllListeners('exit');
    if (source) await endOf(source);
    await janus?.end();
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', () => done());
    child.kill('SIGKILL');
  });
}

function programOf(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Where the plugins lie: /usr/lib/janus, or the same under the machine's triplet. */
function libraryFolder(): string | undefined {
  const roots = ['/usr/lib', '/usr/local/lib', '/opt/janus/lib'].filter((path) => existsSync(path));
  const candidates = roots.flatMap((root) => [
    join(root, 'janus'),
    ...readdirSync(root).map((name) => join(root, name, 'janus')),
  ]);
  return candidates.find((path) => existsSync(join(path, 'plugins/libjanus_streaming.so')));
}

function outwardInterface(): string | undefined {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ family, internal }) => family === 'IPv4' && !internal),
  );
  return found?.[0];
}

function outwardAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address ? address.port : 0;
}

/** One mountpoint and one transport; every other plugin is left out. */
function writeConfiguration(
  folder: string,
  of: {
    libraries: string;
    network: string;
    apiPort: number;
    mediaPort: number;
    audioPort: number | null;
  },
): void {
  const folders = ['plugins', 'transports', 'events', 'loggers'].map((name) => join(folder, name));
  for (const path of folders) mkdirSync(path);
  const [plugins = '', transports = '', events = '', loggers = ''] = folders;
  const link = (kind: string, file: string, into: string) =>
    symlinkSync(join(of.libraries, kind, file), join(into, file));
  link('plugins', 'libjanus_streaming.so', plugins);
  link('transports', 'libjanus_http.so', transports);
  const sound =
    of.audioPort === null
      ? '  audio = false'
      : `  audio = true
  audioport = ${of.audioPort}
  audiopt = 111
  audiocodec = "opus"`;
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write(
    'janus.jcfg',
    `general: {
  configs_folder = "${folder}"
  plugins_folder = "${plugins}"
  transports_folder = "${transports}"
  events_folder = "${events}"
  loggers_folder = "${loggers}"
  debug_level = 2
  event_loops = 1
  session_timeout = 0
}
nat: { ice_enforce_list = "${of.network}" }
media: { }
`,
  );
  write(
    'janus.transport.http.jcfg',
    `general: {
  json = "compact"
  base_path = "/janus"
  http = true
  port = ${of.apiPort}
  ip = "127.0.0.1"
  https = false
}
admin: { admin_http = false }
`,
  );
  write(
    'janus.plugin.streaming.jcfg',
    `match: {
  type = "rtp"
  id = 1
${sound}
  video = true
  videoport = ${of.mediaPort}
  videopt = 96
  videocodec = "h264"
  videofmtp = "profile-level-id=42e01f;packetization-mode=1"
  videobufferkf = true
  playoutdelay_ext = true
  threads = 1
}
`,
  );
}
