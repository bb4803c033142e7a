// Proves the command line as a table: what each flag gives, and that every refusal is one line that
// names the flag and the fix.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BadCommandLine, readCommandLine } from './commandLine.ts';

const read = (...args: string[]) => readCommandLine(args, '/caller');

test('without flags: the demo, loopback, the standard ports', () => {
  const options = read();
  assert.equal(options.source, 'demo:');
  assert.equal(options.host, '127.0.0.1');
  assert.deepEqual(options.port, { port: 47_800, isNamed: false });
  assert.deepEqual(options.relay.port, { port: 47_801, isNamed: false });
  assert.equal(options.isLive, false);
  assert.equal(options.isHeadless, false);
  assert.equal(options.dataFolder, null);
});

test('every flag is understood', () => {
  const options = read(
    ...['--headless', '--live', '--source', 'file:clip.mp4', '--data', 'here', '--host', '::1'],
    ...['--port', '5', '--seed', '7', '--ready-file', '/r.json', '--relay-host', '0.0.0.0'],
    ...['--relay-port', '0', '--relay-public-url', 'https://x.example/', '--relay-cert', 'c.pem'],
    ...['--relay-udp-port', '47802', '--relay-announce', '203.0.113.7'],
    ...['--rtmp-host', '0.0.0.0', '--rtmp-port', '1936', '--rtmp-cert', 'r.pem'],
    ...['--rtmp-cert-key', 'rk.pem'],
    ...['--relay-key', 'k.pem', '--ice-server', 'stun:a:1', '--ice-server', 'turn:u:p@b:2'],
  );
  assert.equal(options.source, 'file:clip.mp4');
  assert.equal(options.dataFolder, '/caller/here');
  assert.equal(options.readyFile, '/r.json');
  assert.deepEqual(options.port, { port: 5, isNamed: true });
  assert.equal(options.seed, 7);
  assert.equal(options.relay.publicUrl, 'https://x.example');
  assert.equal(options.relay.udpPort, 47_802);
  assert.deepEqual(options.relay.announce, ['203.0.113.7']);
  assert.equal(options.relay.certificateFile, '/caller/c.pem');
  assert.deepEqual(options.rtmp, {
    ...{ host: '0.0.0.0', port: { port: 1_936, isNamed: true } },
    ...{ certificateFile: '/caller/r.pem', certificateKeyFile: '/caller/rk.pem' },
  });
  assert.deepEqual(options.iceServers, ['stun:a:1', 'turn:u:p@b:2']);
});

const refusals: [string[], RegExp][] = [
  [['--hedless'], /Unknown flag --hedless.*--headless/],
  [['clip.mp4'], /Unexpected argument clip\.mp4/],
  [['--port', '70000'], /--port takes a whole number from 0 to 65535, not 70000/],
  [['--port', '-1'], /--port/],
  [['--port', '4.5'], /--port takes a whole number/],
  [['--port'], /--port/],
  [['--seed', 'abc'], /--seed takes a whole number/],
  [['--relay', 'relay.example'], /--relay takes an http:\/\/ or https:\/\/ address/],
  [['--relay', 'https://a.example', '--relay-port', '1'], /remove --relay-port or remove --relay/],
  [['--relay-udp-port', '0'], /--relay-udp-port takes a whole number from 1 to 65535/],
  [['--relay-cert', 'c.pem'], /--relay-cert and --relay-key belong together/],
  [['--rtmp-cert', 'c.pem'], /--rtmp-cert and --rtmp-cert-key belong together/],
  [['--ice-server', 'http://x'], /--ice-server takes stun:/],
];

for (const [args, line] of refusals) {
  test(`refused: ${args.join(' ')}`, () => {
    assert.throws(
      () => read(...args),
      (cause) => cause instanceof BadCommandLine && line.test(cause.message),
    );
  });
}

test('any other words give options or one line, never another error', () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const word = fc.oneof(
    fc.constantFrom('--port', '--live', '--source', '--relay', '--seed', '--', '-p', '--port=3'),
    fc.string({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      try {
        read(...args);
      } catch (cause) {
        assert.ok(cause instanceof BadCommandLine, String(cause));
        assert.ok(!cause.message.includes('\n'), cause.message);
      }
    }),
    { seed, numRuns: 500 },
  );
});
