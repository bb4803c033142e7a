// Proves that a foreign engine's WHEP is read: Janus with npm's janus-whep-server hands out what we
// send it by plain RTP (it has no WHIP server here), our own reader proves it, and a real Chromium
// page moves there and finds its boxes. Janus gathers no loopback address, so a machine without
// another one skips this.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packetizeAccessUnit } from '../core/media/h264Rtp.ts';
import { makeTestVideo } from '../native/webrtc/testVideo.ts';
import { browserSkip } from './harness/browser.ts';
import {
  dataOf,
  ownFrameShare,
  startHandoverShow,
  untilData,
  untilFrames,
} from './harness/handoverShow.ts';
import { freePort } from './harness/relay.ts';
import { waitFor } from './harness/studio.ts';

const PROGRAM = '/usr/bin/janus';
const video = makeTestVideo({ frames: 300 });
const libraries = librariesOf('/usr/lib');
const network = Object.entries(networkInterfaces()).find(([, addresses]) =>
  addresses?.some(({ family, internal }) => family === 'IPv4' && !internal),
)?.[0];
const skip =
  browserSkip ||
  (typeof video === 'string' ? video : false) ||
  (existsSync(PROGRAM) && libraries ? false : 'Janus is not installed (apt install janus)') ||
  (network ? false : 'Janus needs an address besides loopback');

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  setImmediate(() => process.exit());
});

function librariesOf(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const places = [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  return places
    .map((place) => join(place, 'janus'))
    .find((place) => existsSync(join(place, 'transports/libjanus_websockets.so')));
}

type Ports = { api: number; video: number; audio: number };

function writeConfiguration(folder: string, ports: Ports): void {
  const part = (name: string) => join(folder, name);
  for (const name of ['plugins', 'transports', 'events', 'loggers']) {
    mkdirSync(part(name), { recursive: true });
  }
  const link = (kind: string, file: string) =>
    symlinkSync(join(libraries ?? '', kind, file), join(folder, kind, file));
  link('plugins', 'libjanus_streaming.so');
  link('transports', 'libjanus_websockets.so');
  const write = (name: string, text: string) => writeFileSync(part(name), text);
  write(
    'janus.jcfg',
    `general: { configs_folder = "${folder}" plugins_folder = "${part('plugins')}"
  transports_folder = "${part('transports')}" events_folder = "${part('events')}"
  loggers_folder = "${part('loggers')}" debug_level = 2 }
nat: { ice_enforce_list = "${network}" }
media: { }
`,
  );
  write(
    'janus.transport.websockets.jcfg',
    `general: { json = "compact" ws = true ws_port = ${ports.api} ws_ip = "127.0.0.1" wss = false }
admin: { admin_ws = false }
`,
  );
  write(
    'janus.plugin.streaming.jcfg',
    `show: { type = "rtp" id = 1 media = (
  { type = "audio" mid = "a" port = ${ports.audio} pt = 111 codec = "opus" },
  { type = "video" mid = "v" port = ${ports.video} pt = 96 codec = "h264"
    fmtp = "profile-level-id=42e01f;packetization-mode=1" bufferkf = true }
) }
`,
  );
}

type WhepServer = {
  multistream: boolean;
  start(): Promise<unknown>;
  destroy(): Promise<void>;
  createEndpoint(endpoint: { id: string; mountpoint: number }): unknown;
};

async function startWhepServer(apiPort: number, port: number): Promise<WhepServer> {
  // Its way to Janus over Unix sockets needs an addon that is built at installation; we use none.
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'unix-dgram'
        ? { url: 'data:text/javascript,export%20const%20createSocket=null', shortCircuit: true }
        : next(specifier, context),
  });
  const name = 'janus-whep-server';
  const { JanusWhepServer } = (await import(name)) as {
    JanusWhepServer: new (config: object) => WhepServer;
  };
  const server = new JanusWhepServer({
    janus: { address: `ws://127.0.0.1:${apiPort}` },
    rest: { port, basePath: '/whep' },
    debug: 'err',
  });
  await server.start();
  // Janus before 1.2 only offers; its server believes otherwise from 1.0 on.
  server.multistream = false;
  server.createEndpoint({ id: 'show', mountpoint: 1 });
  return server;
}

test('a page moves to Janus and finds its boxes there', { skip }, async (t) => {
  if (typeof video === 'string') return;
  const show = await startHandoverShow(video);
  const ports = { api: await freePort(), video: await freePort(), audio: await freePort() };
  const folder = join(show.folder, 'janus');
  mkdirSync(folder);
  writeConfiguration(folder, ports);
  const janus = spawn(PROGRAM, ['-F', folder, '-C', join(folder, 'janus.jcfg')], {
    stdio: 'ignore',
  });
  children.push(janus);
  const whepPort = await freePort();
  let server: WhepServer | null = null;
  await waitFor('Janus and its WHEP server', async () => {
    server ??= await startWhepServer(ports.api, whepPort).catch(() => null);
    return server !== null;
  });
  const socket: Socket = createSocket('udp4');
  // In the place of a WHIP leg: the same pictures, as plain RTP.
  let sequence = 0;
  show.onUnit((unit) => {
    if (unit.track !== 'video') return;
    const stream = { payloadType: 96, ssrc: 77, sequence, timestamp: unit.rtpTimestamp };
    const packets = packetizeAccessUnit(unit.bytes, stream);
    sequence = (sequence + packets.length) & 0xffff;
    for (const packet of packets) socket.send(packet, ports.video, '127.0.0.1');
  });
  const whepUrl = `http://127.0.0.1:${whepPort}/whep/endpoint/show`;
  const handover = await show.handOver(
    { whipUrl: 'http://127.0.0.1:9/none', token: '', whepUrl },
    {
      peer: { iceServers: [] },
      publisher: {
        openBranch: () => ({ state: () => 'connected', close: async () => {} }),
        stats: () => show.publisher.stats(),
      },
    },
  );
  t.after(async () => {
    handover.close();
    await server?.destroy();
    await show.stop();
    socket.close();
  });
  const { page } = await show.openViewer();
  await untilData(page, 'state', 'live');
  handover.goLive();
  await untilData(page, 'place', 'elsewhere');
  assert.equal(handover.view().state, 'moved');
  await untilFrames(page, 60);
  t.diagnostic(`shift by Janus: ${await dataOf(page, 'clock-shift')} ticks`);
  t.diagnostic(`gap of the move: ${await dataOf(page, 'move-gap-ms')} ms`);
  assert.notEqual(await dataOf(page, 'clock-shift'), '');
  assert.ok((await ownFrameShare(page)) > 0.5, 'boxes there');
  // Janus is stopped: everybody is back.
  janus.kill('SIGKILL');
  await untilData(page, 'place', 'here');
  await untilFrames(page, 30);
});
