// Proves that the shared link works from another host with an address of its own: a real studio and
// relay here, a real Chromium in a network namespace that can reach nothing but a router between
// them. The link opens over TLS, plays and takes a bet (a) when the router forwards one UDP port and
// the relay announces the router's address, (b) when only a TURN server (coturn) gets through, with
// timed credentials from the answer's Link headers, (c) when UDP is blocked altogether, by the page's
// WebSocket. Which way the media took is read from the browser's own figures.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { DESKTOP, openViewer, type Viewer } from './harness/browser.ts';
import { certificateSkip, makeCertificate } from './harness/certificate.ts';
import {
  type OtherHost,
  openOtherHost,
  otherHostSkip,
  STREET_ADDRESS,
} from './harness/otherHost.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { freePort } from './harness/relay.ts';
import { type RunningStudio, startStudio, waitFor } from './harness/studio.ts';

const skip = otherHostSkip || certificateSkip;
const TURNSERVER = '/usr/bin/turnserver';
const turnSkip =
  skip || (isExecutable(TURNSERVER) ? false : 'coturn (turnserver) is not installed');
const TURN_PORT = 3479;
/** Frames that prove a picture that moves, two seconds of it. */
const FRAMES_MIN = 60;

/** Open as long as the test takes, whatever else the machine does; nobody decides it. */
const LONG_QUESTION = {
  ...{ id: 'long', title: 'Does it rain tonight?', outcomes: ['Yes', 'No'] },
  ...{ suggestOn: null, decideOn: null, otherwise: 1, guardMs: 500, opening: 'ask' as const },
  ...{ betWindowSeconds: 1_800, horizonSeconds: 3_600, deadlineSeconds: 7_200 },
};

const folder = mkdtempSync(join(tmpdir(), 'other-host-test-'));
const turnSecret = randomBytes(16).toString('hex');
let host: OtherHost | null = null;
let studio: RunningStudio | null = null;
let owner: Owner | null = null;
let browser: Browser | null = null;
let webPort = 0;
let udpPort = 0;

before(async () => {
  if (skip !== false) return;
  host = openOtherHost();
  const { hereAddress } = host;
  [webPort, udpPort] = [await freePort(), await freePort()];
  const names = ['127.0.0.1', hereAddress, STREET_ADDRESS].map((address) => `IP:${address}`);
  const { certificateFile, keyFile } = makeCertificate(folder, names);
  studio = await startStudio({
    args: [
      ...['--relay-host', hereAddress, '--relay-port', `${webPort}`],
      ...['--relay-public-url', `https://${STREET_ADDRESS}:${webPort}`],
      ...['--relay-cert', certificateFile, '--relay-key', keyFile],
      ...['--relay-udp-port', `${udpPort}`, '--relay-announce', STREET_ADDRESS],
      ...['--ice-server', `turn:${STREET_ADDRESS}:${TURN_PORT}`],
    ],
    env: { MORPHINE_TURN_SECRET: turnSecret, NODE_EXTRA_CA_CERTS: certificateFile },
  });
  owner = await enterStudio(studio.facts().studio ?? '');
  const { markets } = owner.client.studio;
  const market = { marketId: randomBytes(16).toString('hex'), template: LONG_QUESTION };
  // A machine that is busy elsewhere may let the picture stall for a moment: then nothing opens.
  await waitFor('the market', () =>
    markets.create(market).then(
      () => true,
      (cause: unknown) => (/stalled|suspended/.test(String(cause)) ? false : Promise.reject(cause)),
    ),
  );
  browser = await host.launchBrowser(['--ignore-certificate-errors']);
});

after(async () => {
  owner?.close();
  await browser?.close();
  await studio?.stop();
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the link on the other host, waits for the picture, places a bet; tells the media's way. */
async function watchAndBet() {
  assert.ok(browser && studio && owner);
  const link = studio.facts().viewer ?? '';
  assert.ok(link.startsWith(`https://${STREET_ADDRESS}:${webPort}/s/`), link);
  const viewer = await openViewer(browser, link, DESKTOP, keepPeers);
  try {
    await viewer.untilState('live');
    await viewer.untilFigure('frames', (frames) => frames >= FRAMES_MIN);
    await viewer.openMarket();
    await placeBet(viewer);
    await viewer.untilFigure('staked', (staked) => staked >= 10);
    await viewer.untilFigure('frames', (frames) => frames >= 2 * FRAMES_MIN);
    const transport = await viewer.page.locator('#root').getAttribute('data-transport');
    return { transport, ...(await viewer.page.evaluate(chosenWay)) };
  } catch (cause) {
    const attributes = await viewer.page.locator('#root').evaluate((root) => ({ ...root.dataset }));
    const seen = JSON.stringify({ ...attributes, complaints: viewer.complaints });
    throw new Error(`The page says: ${seen}`, { cause });
  } finally {
    await viewer.page.context().close();
  }
}

/** One bet, confirmed. What is refused while the picture stalls is tried again, as a person would. */
async function placeBet(viewer: Viewer): Promise<void> {
  const market = viewer.page.locator('[data-testid="market"][data-state="OPEN"]').first();
  const ended = viewer.page.locator(
    '[data-testid="bet-state"]:is([data-state="confirmed"], [data-state="refused"])',
  );
  for (;;) {
    await owner?.until('betting to be possible', ({ show }) => show.bettingSuspended === '');
    await market.getByTestId('outcome-0').click();
    await market.getByTestId('stake-10').click();
    await market.getByTestId('place-bet').click();
    await ended.waitFor();
    if ((await ended.getAttribute('data-state')) === 'confirmed') return;
  }
}

type WindowWithPeers = typeof globalThis & { peers: RTCPeerConnection[] };

async function keepPeers(page: { addInitScript(run: () => void): Promise<unknown> }) {
  await page.addInitScript(() => {
    const kept: RTCPeerConnection[] = [];
    (globalThis as WindowWithPeers).peers = kept;
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        kept.push(this);
      }
    };
  });
}

/** Runs in the page: the candidate pair that carries the media, and that it does. */
async function chosenWay() {
  const peer = (globalThis as WindowWithPeers).peers.find(
    (each) => each.iceConnectionState !== 'closed',
  );
  const all = new Map<string, Record<string, unknown>>();
  (await peer?.getStats())?.forEach((value, key) => {
    all.set(key, value);
  });
  const reports = [...all.values()];
  const transport = reports.find(({ type }) => type === 'transport');
  const pair = all.get(String(transport?.selectedCandidatePairId));
  const local = all.get(String(pair?.localCandidateId));
  const remote = all.get(String(pair?.remoteCandidateId));
  return {
    local: String(local?.candidateType),
    remote: String(remote?.address),
    protocol: String(local?.relayProtocol ?? local?.protocol),
  };
}

test('(a) one forwarded UDP port and an announced address', { skip }, async () => {
  await host?.letThrough({ tcp: [webPort], udp: [udpPort] });
  const way = await watchAndBet();
  assert.equal(way.transport, 'webrtc');
  assert.equal(way.remote, STREET_ADDRESS);
  assert.notEqual(way.local, 'relay');
});

test('(b) nothing but a TURN server', { skip: turnSkip }, async () => {
  await host?.letThrough({ tcp: [webPort], udp: [] });
  await startTurnServer();
  const way = await watchAndBet();
  assert.deepEqual([way.transport, way.local, way.protocol], ['webrtc', 'relay', 'udp']);
});

test('(c) UDP is blocked and no TURN server answers: the picture comes by WebSocket', {
  skip,
}, async () => {
  await host?.letThrough({ tcp: [webPort], udp: [] });
  const way = await watchAndBet();
  assert.equal(way.transport, 'websocket');
});

/** The secret goes by a file: an argument could be read by everybody on the machine. */
async function startTurnServer(): Promise<void> {
  assert.ok(host);
  const file = join(folder, 'turnserver.conf');
  const lines = [
    ...[`listening-ip=${STREET_ADDRESS}`, `listening-port=${TURN_PORT}`],
    ...[`relay-ip=${host.streetInnerAddress}`, 'min-port=51000', 'max-port=51100'],
    ...['use-auth-secret', `static-auth-secret=${turnSecret}`, 'realm=relay.test'],
    ...['fingerprint', 'no-tls', 'no-dtls', 'no-cli', 'no-multicast-peers', 'verbose'],
    ...['log-file=stdout', `pidfile=${join(folder, 'turnserver.pid')}`],
    ...[`userdb=${join(folder, 'turndb')}`, 'no-software-attribute'],
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  const server = host.runInStreet(TURNSERVER, ['-c', file]);
  let said = '';
  server.stdout?.on('data', (part) => {
    said += part;
  });
  await waitFor('the TURN server', () => {
    if (server.exitCode !== null) throw new Error(`turnserver ended: ${said}`);
    return /listener opened on ?: 198\.51\.100\.1:3479/.test(said);
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
