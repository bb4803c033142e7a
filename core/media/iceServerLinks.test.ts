// Proves that pages and publishers read the ICE servers of an answer's Link headers: several in one value, quoted
// with commas and escapes, and that a damaged or foreign link costs nothing but itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { created } from '../../native/webrtc/responses.ts';
import { iceServerAddress, iceServersOf } from './iceServerLinks.ts';

const session = { sessionId: 'a'.repeat(32), answerSdp: 'v=0' };

test('what a relay writes is what the page reads', () => {
  const servers = [
    { url: 'stun:[2001:db8::7]:3478' },
    { url: 'turn:t.example?transport=tcp', username: '17:a,"b"\\', credential: 'x/y+z==' },
  ];
  const { link } = created('/whep/a/b', session, servers).headers;
  assert.ok(Array.isArray(link));
  assert.deepEqual(iceServersOf(link.join(', ')), [
    { urls: 'stun:[2001:db8::7]:3478' },
    { urls: 'turn:t.example?transport=tcp', username: '17:a,"b"\\', credential: 'x/y+z==' },
  ]);
});

test('foreign, damaged and useless links are left out', () => {
  const header = [
    '<https://x.example/style.css>; rel=preload',
    '<turn:t.example>; rel="ice-server"; username="u"',
    '<javascript:alert(1)>; rel="ice-server"',
    '<stun:s.example>; rel=ice-server',
    '<turn:broken; rel="ice-server"',
  ].join(', ');
  assert.deepEqual(iceServersOf(header), [{ urls: 'stun:s.example' }]);
  assert.deepEqual(iceServersOf(null), []);
  assert.deepEqual(iceServersOf(''), []);
  const flood = Array.from({ length: 30 }, () => '<stun:s.example>; rel=ice-server').join(',');
  assert.equal(iceServersOf(flood).length, 8);
});

test('as one address the credentials are escaped', () => {
  assert.equal(iceServerAddress({ urls: 'stun:s.example:1' }), 'stun:s.example:1');
  const turn = {
    urls: 'turn:t.example:3478?transport=udp',
    username: '17:a@b',
    credential: 'p/w+=',
  };
  assert.equal(iceServerAddress(turn), 'turn:17%3Aa%40b:p%2Fw%2B%3D@t.example:3478?transport=udp');
});
