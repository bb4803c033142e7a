// Proves the relay's certificates: had from an authority over real ACME against a small authority of
// this test, kept 0600, renewed in time without a restart, kept when renewal fails; files of one's
// own read anew; TLS 1.3 at least; and where plain HTTP is warned of or refused.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { ManualTime } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import { makeCertificate, certificateSkip as skip } from '../tests/harness/certificate.ts';
import { freePort } from '../tests/harness/relay.ts';
import { type AcmeOptions, openAcme } from './acme.ts';
import { BadRelaySetting } from './badRelaySetting.ts';
import { isPublicAddress, PLAIN_WARNING, plainHttpWarning } from './plainHttp.ts';
import { openAcmeAuthority } from './testing/acmeAuthority.ts';
import { removeFolder, startTestRelay, temporaryFolder } from './testing/harness.ts';

const folder = temporaryFolder();
after(() => removeFolder(folder));

const NAME = 'live.example.test';
const DAY_MS = 24 * 60 * 60 * 1000;

function folderOf(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}

async function options(name: string, directoryUrl: string, challengePort: number) {
  const time = new ManualTime();
  const errors: string[] = [];
  const wall = { ms: Date.now() };
  const settings = { name: NAME, directoryUrl, email: null, challengePort };
  const acme: AcmeOptions = {
    ...settings,
    challengeHost: '127.0.0.1',
    dataFolder: folderOf(name),
    wallMs: () => wall.ms,
    timers: time,
    logger: { ...silentLogger, error: (words) => errors.push(words) },
  };
  return { acme, time, wall, errors };
}

/** The certificate that a client sees, by serial number; throws when the handshake fails. */
async function seenAt(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion });
  await once(socket, 'secureConnect');
  const { serialNumber, subjectaltname } = socket.getPeerCertificate();
  const seen = { serialNumber, subjectaltname, protocol: socket.getProtocol() };
  socket.destroy();
  return seen;
}

test('ACME: a certificate is had, kept, renewed in time, and kept when that fails', {
  skip,
}, async () => {
  const port = await freePort();
  const authority = await openAcmeAuthority(folderOf('authority'), port);
  const { acme, time, wall, errors } = await options('acme', authority.directoryUrl, port);
  const first = await openAcme(acme);
  const leaf = new X509Certificate(first.pair.cert);
  assert.equal(leaf.subjectAltName, `DNS:${NAME}`);
  assert.equal(authority.asked.length, 1, 'the authority asked for the proof');
  for (const file of readdirSync(join(acme.dataFolder, 'acme'))) {
    assert.equal(statSync(join(acme.dataFolder, 'acme', file)).mode & 0o777, 0o600, file);
  }
  // The port says nothing else: no such proof, and everything else is sent to https.
  const elsewhere = await new Promise<string>((done) => {
    get({ port, path: '//evil.example/x', host: '127.0.0.1' }, (answer) => {
      done(`${answer.statusCode} ${answer.headers.location}`);
    });
  });
  assert.equal(elsewhere, `308 https://${NAME}/`);
  first.close();

  const again = await openAcme(acme);
  assert.equal(String(again.pair.cert), String(first.pair.cert), 'what is kept is used');
  assert.equal(authority.givenCount(), 1);

  wall.ms += 59 * DAY_MS;
  time.advance(DAY_MS);
  assert.equal(authority.givenCount(), 1, 'not while more than a third is left');
  wall.ms += 3 * DAY_MS;
  const renewed = new Promise<string>((done) => again.onChange(({ cert }) => done(String(cert))));
  time.advance(DAY_MS / 24);
  const next = new X509Certificate(await renewed);
  assert.notEqual(next.serialNumber, leaf.serialNumber);
  again.close();

  // The authority cannot reach us any more: what is there goes on, and it is said.
  const other = await options('acme', authority.directoryUrl, await freePort());
  const going = await openAcme(other.acme);
  assert.equal(new X509Certificate(going.pair.cert).serialNumber, next.serialNumber);
  other.wall.ms += 80 * DAY_MS;
  const said = new Promise<void>((done) => {
    other.acme.logger.error = () => done();
  });
  other.time.advance(DAY_MS / 24);
  await said;
  assert.equal(authority.givenCount(), 2);
  going.close();
  assert.deepEqual(errors, []);

  const none = await options('none', authority.directoryUrl, await freePort());
  const refused = (error: unknown) =>
    error instanceof BadRelaySetting && error.setting === 'acme' && /port 80/.test(error.message);
  // The challenge port of this one is not where the authority asks.
  await assert.rejects(openAcme(none.acme), refused);
  const taken = createServer().listen(none.acme.challengePort, '127.0.0.1');
  await once(taken, 'listening');
  await assert.rejects(openAcme(none.acme), /needs port/);
  taken.close();
  await authority.close();
});

test('a relay by ACME: TLS 1.3 and no less, and a renewal reaches new connections', {
  skip,
}, async () => {
  const port = await freePort();
  const authority = await openAcmeAuthority(folderOf('authority2'), port);
  const { acme, time, wall } = await options('relay', authority.directoryUrl, port);
  const relay = await startTestRelay({
    ...{ dataFolder: acme.dataFolder, timers: time, wallMs: acme.wallMs },
    acme,
  });
  assert.equal(relay.url, `https://${NAME}:${relay.port}`);
  assert.equal(relay.plainWarning, null);
  const before = await seenAt(relay.port);
  assert.equal(before.protocol, 'TLSv1.3');
  assert.equal(before.subjectaltname, `DNS:${NAME}`);
  await assert.rejects(seenAt(relay.port, 'TLSv1.2'), /protocol|alert|version/i);
  wall.ms += 65 * DAY_MS;
  time.advance(DAY_MS / 24);
  while ((await seenAt(relay.port)).serialNumber === before.serialNumber);
  assert.equal(authority.givenCount(), 2);
  await relay.close();
  await authority.close();
});

test('files of one’s own are read anew when both halves changed', { skip }, async () => {
  const time = new ManualTime();
  const now = folderOf('now');
  const files = makeCertificate(now, ['IP:127.0.0.1']);
  makeCertificate(folderOf('next'), ['IP:127.0.0.1']);
  const relay = await startTestRelay({ dataFolder: folderOf('own'), ...files, timers: time });
  const before = await seenAt(relay.port);
  const later = new Date(Date.now() + 5_000);
  // A half that does not fit changes nothing.
  writeFileSync(files.certificateFile, 'half of it');
  utimesSync(files.certificateFile, later, later);
  time.advance(60_000);
  assert.equal((await seenAt(relay.port)).serialNumber, before.serialNumber);
  for (const name of ['key.pem', 'cert.pem']) cpSync(join(folder, 'next', name), join(now, name));
  do time.advance(60_000);
  while ((await seenAt(relay.port)).serialNumber === before.serialNumber);
  await relay.close();
});

test('plain HTTP: silent here, warned of on private networks, refused in public', () => {
  const at = (host: string, publicUrl: string | null = null, own: string[] = ['192.168.1.5']) =>
    plainHttpWarning({ host, publicUrl }, own);
  for (const host of ['127.0.0.1', 'localhost', '::1']) assert.equal(at(host), null, host);
  assert.equal(at('0.0.0.0', 'https://live.example'), null, 'a proxy speaks TLS');
  assert.equal(at('192.168.1.5'), PLAIN_WARNING);
  assert.equal(at('0.0.0.0'), PLAIN_WARNING);
  assert.equal(at('127.0.0.1', 'http://studio.local:5'), PLAIN_WARNING);
  const refused = (setting: string) => (error: unknown) =>
    error instanceof BadRelaySetting && error.setting === setting && /proxy/.test(error.message);
  assert.throws(() => at('9.9.9.9'), refused('host'));
  assert.throws(() => at('0.0.0.0', null, ['10.0.0.1', '9.9.9.9']), refused('host'));
  assert.throws(() => at('::', null, ['2606:4700::1']), refused('host'));
  assert.throws(() => at('127.0.0.1', 'http://live.example.org'), refused('publicUrl'));
  assert.throws(() => at('127.0.0.1', 'http://[2606:4700::1]'), refused('publicUrl'));
  assert.equal(at('0.0.0.0', null, ['10.0.0.1', '2606:4700::1']), PLAIN_WARNING, 'IPv4 only');
  for (const address of ['100.64.0.1', 'fe80::1%eth0', 'fd00::2', '[::1]', '172.31.0.1']) {
    assert.equal(isPublicAddress(address), false, address);
  }
  assert.equal(isPublicAddress('172.32.0.1'), true);
  assert.equal(isPublicAddress('no address'), false);
});
