// Proves that what the studio seals, the page's opener opens, byte for byte, over key changes and
// through RTP; that no start code stands in a sealed picture and its key frame is still known; that
// a wrong key, a changed header and a changed byte open nothing; and that a decoder gets no picture
// out of what a relay holds. Vectors are made by the browser's own cipher API.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Unit } from '../../../core/media/feed.ts';
import {
  clearLength,
  keySteps,
  readSealFragment,
  sealFragment,
  splitSealed,
} from '../../../core/media/frameSeal.ts';
import { joinAnnexB, splitAnnexB } from '../../../core/media/h264.ts';
import { Depacketizer, packetizeAccessUnit, startsKeyFrame } from '../../../core/media/h264Rtp.ts';
import { parseRtp } from '../../../core/media/rtp.ts';
import { FrameOpener } from '../../../renderer/ui/frameOpener.ts';
import { TEST_FFMPEG_PATH } from '../../ffmpeg/testFfmpeg.ts';
import { makeTestVideo } from '../../webrtc/testVideo.ts';
import { FrameSealer, nextSecret, type SealSecret } from './frameSealer.ts';

const random = (length: number) => new Uint8Array(randomBytes(length));
const subtle = webcrypto.subtle as SubtleCrypto;
const secret: SealSecret = { secret: random(32), keyIndex: 1 };
const openerOf = (of: SealSecret) => new FrameOpener(of, subtle);

function unitOf(track: 'video' | 'audio', bytes: Uint8Array): Unit {
  return { track, captureUs: 1, rtpTimestamp: 1, keyFrame: true, config: 0, bytes };
}

/** Parameter sets and one slice; zeros are frequent, because they make start codes. */
const bytesWithZeros = fc
  .array(
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 }), fc.integer({ max: 255, min: 0 })),
    {
      minLength: 3,
      maxLength: 400,
    },
  )
  .map((bytes) =>
    joinAnnexB([
      Uint8Array.of(0x67, 0x42, 0xe0, 0x1f, 0x95),
      Uint8Array.of(0x68, 0xce, 0x3c, 0x80),
      Uint8Array.from([0x65, 0x88, ...bytes, 0x80]),
    ]),
  );

test('whatever is sealed opens again, and looks like one picture without a start code in it', async () => {
  const sealer = new FrameSealer(secret, random);
  const opener = openerOf(secret);
  await fc.assert(
    fc.asyncProperty(bytesWithZeros, async (bytes) => {
      const sealed = sealer.seal(unitOf('video', bytes)).bytes;
      assert.equal(splitAnnexB(sealed).length, 3);
      assert.deepEqual(joinAnnexB(splitAnnexB(sealed)), sealed, 'no byte is taken off its end');
      const clear = await opener.open('video', sealed);
      assert.ok(clear);
      assert.deepEqual([...clear], [...bytes]);
    }),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      const sealed = sealer.seal(unitOf('audio', bytes)).bytes;
      assert.equal(sealed[0], bytes[0], 'the first byte of Opus stays clear');
      assert.deepEqual([...((await opener.open('audio', sealed)) ?? [])], [...bytes]);
    }),
    { numRuns: 200 },
  );
});

test('a wrong key, a changed byte and a changed header open nothing', async () => {
  const slice = Uint8Array.from([0x65, 0x88, ...random(300), 0x80]);
  const parameters = [Uint8Array.of(0x67, 0x42, 0xe0, 0x1f), Uint8Array.of(0x68, 0xce)];
  const { bytes } = new FrameSealer(secret, random).seal(
    unitOf('video', joinAnnexB([...parameters, slice])),
  );
  assert.ok(await openerOf(secret).open('video', bytes));
  assert.equal(await openerOf({ secret: random(32), keyIndex: 1 }).open('video', bytes), null);
  for (const at of [5, clearLength('video', bytes) - 1, clearLength('video', bytes) + 20]) {
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    assert.equal(await openerOf(secret).open('video', changed), null, `byte ${at}`);
  }
  // A picture that was never sealed is not passed on by who holds a key.
  assert.equal(await openerOf(secret).open('video', joinAnnexB([...parameters, slice])), null);
});

test('a key change is followed forward, and never back', async () => {
  const opener = openerOf(secret);
  let now = secret;
  const sound = Uint8Array.from([0xf8, ...random(40)]);
  for (let step = 0; step < 8; step++) {
    now = nextSecret(now);
    const { bytes } = new FrameSealer(now, random).seal(unitOf('audio', sound));
    assert.deepEqual([...((await opener.open('audio', bytes)) ?? [])], [...sound], `${step + 1}`);
  }
  const old = new FrameSealer(secret, random).seal(unitOf('audio', sound)).bytes;
  assert.equal(await openerOf(now).open('audio', old), null);
  assert.equal(keySteps(15, 1), 1);
  const wrapped = nextSecret({ ...secret, keyIndex: 15 });
  assert.equal(wrapped.keyIndex, 1);
});

test('a link carries the secret behind its #, and anything else is no key', () => {
  const fragment = sealFragment(secret.secret, 7);
  const read = readSealFragment(`#${fragment}`);
  assert.deepEqual([read?.keyIndex, [...(read?.secret ?? [])]], [7, [...secret.secret]]);
  for (const bad of [
    '',
    '#',
    '#k=',
    `#${fragment}0`,
    '#k=short.1',
    `#${fragment.slice(0, -1)}0`,
    `#${fragment.slice(3)}`,
  ]) {
    assert.equal(readSealFragment(bad), null, bad);
  }
});

const made = makeTestVideo({ frames: 30 });
const skip = typeof made === 'string' ? made : false;

test('through RTP the bytes stay the same, the key frame is known, and no decoder sees it', {
  skip,
}, async () => {
  const frames = typeof made === 'string' ? [] : made.frames;
  const sealer = new FrameSealer(secret, random);
  const opener = openerOf(secret);
  const received: Uint8Array[] = [];
  for (const [index, { bytes, keyFrame }] of frames.entries()) {
    const sealed = sealer.seal({ ...unitOf('video', bytes), keyFrame }).bytes;
    const stream = { payloadType: 96, ssrc: 1, sequence: index * 100, timestamp: index };
    const depacketizer = new Depacketizer();
    const packets = packetizeAccessUnit(sealed, stream);
    const units = packets.flatMap((packet) => {
      const { payloadStart, payloadEnd } = parseRtp(packet) ?? { payloadStart: 0, payloadEnd: 0 };
      return depacketizer.push(packet.subarray(payloadStart, payloadEnd));
    });
    const first = packets[0] ?? new Uint8Array();
    assert.equal(startsKeyFrame(first, parseRtp(first)?.payloadStart), keyFrame);
    const got = joinAnnexB(units);
    assert.deepEqual(await opener.open('video', got), bytes);
    received.push(got);
  }
  const clear = decoded(frames.map(({ bytes }) => bytes));
  assert.equal(clear.length, 30);
  const seen = new Set(clear);
  const open = decoded(received).filter((picture) => seen.has(picture));
  assert.deepEqual(open, [], 'what the relay holds decodes to none of the pictures');
  assert.ok(splitSealed('video', received[0] ?? new Uint8Array()), 'it is sealed at all');
});

/** A hash of each picture that ffmpeg gets out of the stream. */
function decoded(frames: readonly Uint8Array[]): string[] {
  const input = Buffer.concat(frames);
  const from = ['-v', 'quiet', '-f', 'h264', '-i', 'pipe:0', '-f', 'framemd5', 'pipe:1'];
  const { stdout } = spawnSync(TEST_FFMPEG_PATH, from, { input });
  return String(stdout)
    .split('\n')
    .filter((line) => /^0,/.test(line))
    .map((line) => line.split(',').at(-1)?.trim() ?? '');
}
