// Proves that what the studio writes as fragmented MP4 is read by others as it was meant: ffprobe
// finds every picture and sound at its time, whatever the times were; every cut of a file gives its
// whole fragments; our own reader gives back the units with their exact capture times.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeTestVideo, OPUS_SILENCE } from '../../native/webrtc/testVideo.ts';
import type { Unit } from './feed.ts';
import { Fmp4Error, readFmp4 } from './fmp4Reader.ts';
import { createFragmenter, FRAGMENT_US, type Piece } from './fragmenter.ts';

const made = makeTestVideo({ frames: 60, size: '320x180', kilobits: 300 });
const other = makeTestVideo({ frames: 30, size: '640x360', kilobits: 300 });
const hasFfprobe = spawnSync('ffprobe', ['-version']).status === 0;
const skip =
  typeof made === 'string' || typeof other === 'string'
    ? 'ffmpeg with libx264 is not installed'
    : hasFfprobe
      ? false
      : 'ffprobe is not installed';
const START_US = 1_700_000_000_123_457;

function unit(track: 'video' | 'audio', captureUs: number, from: Partial<Unit>): Unit {
  const bytes = OPUS_SILENCE;
  return { track, captureUs, rtpTimestamp: 0, keyFrame: true, config: 0, bytes, ...from };
}

/** Pictures with these gaps between them, in microseconds, and sound every 20 ms. */
function feed(gapsUs: readonly number[], options: { hasSound?: boolean } = {}): Unit[] {
  assert.ok(typeof made !== 'string');
  const units: Unit[] = [];
  let captureUs = START_US;
  for (const [at, gapUs] of gapsUs.entries()) {
    const frame = made.frames[at % made.frames.length];
    if (frame) units.push(unit('video', captureUs, frame));
    captureUs += gapUs;
  }
  if (!options.hasSound) return units;
  for (let soundUs = START_US + 3_001; soundUs < captureUs; soundUs += 20_000) {
    units.push(unit('audio', soundUs, {}));
  }
  return units.sort((one, next) => one.captureUs - next.captureUs);
}

function piecesOf(units: readonly Unit[], entry?: 'avc1'): Piece[] {
  const pieces: Piece[] = [];
  const fragmenter = createFragmenter({
    onPiece: (piece) => pieces.push(piece),
    ...(entry ? { entry } : {}),
  });
  for (const one of units) fragmenter.push(one);
  fragmenter.flush();
  return pieces;
}

function fileOf(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.flatMap(({ header, bytes }) => (header ? [header, bytes] : [bytes])));
}

type Probed = { stream_index: number; pts: number; flags: string };

function probe(file: Uint8Array): Probed[] {
  const entries = 'packet=stream_index,pts,flags';
  const run = spawnSync(
    'ffprobe',
    [...`-v error -of json -show_entries ${entries}`.split(' '), '-'],
    {
      input: file,
      encoding: 'utf8',
    },
  );
  assert.equal(run.status, 0, run.stderr);
  return (JSON.parse(run.stdout) as { packets: Probed[] }).packets;
}

test('ffprobe finds every picture and sound at its time', { skip }, () => {
  const gap = fc.oneof(fc.constant(33_333), fc.integer({ min: 1, max: 2_000_000 }));
  fc.assert(
    fc.property(fc.array(gap, { minLength: 2, maxLength: 70 }), fc.boolean(), (gaps, hasSound) => {
      const units = feed(gaps, { hasSound });
      const pieces = piecesOf(units);
      assert.equal(pieces.filter(({ header }) => header).length, 1);
      const packets = probe(fileOf(pieces));
      for (const [index, track] of (['video', 'audio'] as const).entries()) {
        const sent = units.filter((one) => one.track === track);
        const found = packets.filter((packet) => packet.stream_index === index);
        const times = found.map(({ pts }) => pts + START_US);
        assert.deepEqual(times, sent.map(({ captureUs }) => captureUs).slice(0, times.length));
        if (track === 'video') {
          assert.equal(found.length, sent.length);
          const keys = found.map(({ flags }) => flags.startsWith('K'));
          assert.deepEqual(
            keys,
            sent.map(({ keyFrame }) => keyFrame),
          );
        }
      }
    }),
    { numRuns: 7, verbose: 1 },
  );
});

test('every cut of a file gives its whole fragments, with exact times and bytes', { skip }, () => {
  const units = feed(
    Array.from({ length: 120 }, () => 33_333),
    { hasSound: true },
  );
  const pieces = piecesOf(units);
  const file = fileOf(pieces);
  const headBytes = pieces[0]?.header?.length ?? 0;
  const whole = [...readFmp4(file)];
  for (const track of ['video', 'audio'] as const) {
    const sent = units.filter((one) => one.track === track);
    const read = whole.filter((one) => one.track === track);
    assert.deepEqual(
      read.map(({ captureUs, keyFrame }) => ({ captureUs, keyFrame })),
      sent.map(({ captureUs, keyFrame }) => ({ captureUs, keyFrame })),
    );
    assert.deepEqual(
      read.map(({ bytes }) => Buffer.from(bytes)),
      sent.map(({ bytes }) => Buffer.from(bytes)),
    );
  }
  fc.assert(
    fc.property(fc.integer({ min: headBytes, max: file.length }), (length) => {
      let end = headBytes;
      let known = 0;
      for (const { bytes, toUs } of pieces) {
        end += bytes.length;
        if (end > length) break;
        known = units.filter((one) => one.track === 'video' && one.captureUs < toUs).length;
      }
      const read = [...readFmp4(file.subarray(0, length))].filter(({ track }) => track === 'video');
      assert.equal(read.length, known);
    }),
    { numRuns: 60, verbose: 1 },
  );
  // ffprobe is asked about a few of them; it must open all and find at least the whole fragments.
  for (const part of [0.31, 0.5, 0.77, 0.99]) {
    const cut = file.subarray(0, headBytes + Math.floor((file.length - headBytes) * part));
    const least = [...readFmp4(cut)].filter(({ track }) => track === 'video').length;
    assert.ok(least > 0);
    assert.ok(probe(cut).filter(({ stream_index }) => stream_index === 0).length >= least);
  }
});

test('the picture changes its size inside a file; sound that comes later begins a file', {
  skip,
}, () => {
  assert.ok(typeof other !== 'string');
  const before = feed(Array.from({ length: 60 }, () => 33_333));
  const changed = other.frames.map((frame, at) =>
    unit('video', START_US + (60 + at) * 33_333, { ...frame, config: 1 }),
  );
  const mixed = piecesOf([...before, ...changed]);
  assert.equal(mixed.filter(({ header }) => header).length, 1);
  const decoded = spawnSync(
    'ffmpeg',
    [...'-v error -i - -fps_mode passthrough -f framemd5 -c:v rawvideo -'.split(' ')],
    { input: fileOf(mixed), encoding: 'utf8' },
  );
  assert.equal(decoded.stderr, '');
  assert.equal(decoded.stdout.split('\n').filter((line) => /^0,/.test(line)).length, 90);
  // For television there is a header for each size, on the same times.
  const perSize = piecesOf([...before, ...changed], 'avc1');
  assert.equal(perSize.filter(({ header }) => header).length, 2);
  const sound = Array.from({ length: 50 }, (_, at) =>
    unit('audio', START_US + 1_000_000 + at * 20_000, {}),
  );
  const late = [...before, ...sound].sort((one, next) => one.captureUs - next.captureUs);
  const files = piecesOf(late).filter(({ header }) => header);
  assert.equal(files.length, 2);
  assert.ok(files.every(({ startsWithKeyFrame }) => startsWithKeyFrame));
});

test('fragments begin at key frames and last about half a second', { skip }, () => {
  const pieces = piecesOf(feed(Array.from({ length: 240 }, () => 33_333)));
  const keyed = pieces.filter(({ startsWithKeyFrame }) => startsWithKeyFrame);
  assert.equal(keyed.length, 8, 'a key frame every second, each at a beginning');
  for (const { fromUs, toUs } of pieces.slice(0, -1)) {
    assert.ok(toUs - fromUs >= FRAGMENT_US / 2 && toUs - fromUs <= FRAGMENT_US + 33_333);
  }
  assert.ok(pieces.every(({ fromUs }, at) => at === 0 || fromUs === pieces[at - 1]?.toUs));
});

test('other files and damaged ones are refused or cut, never believed', { skip }, () => {
  const file = fileOf(piecesOf(feed(Array.from({ length: 60 }, () => 33_333))));
  assert.throws(() => [...readFmp4(Buffer.from('no recording at all'))], Fmp4Error);
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
      const damaged = Buffer.from(file);
      damaged[at] = value;
      try {
        for (const read of readFmp4(damaged)) assert.ok(read.bytes.length <= file.length * 2);
      } catch (cause) {
        assert.match(String(cause), /^(Fmp4Error|H264Error)/);
      }
    }),
    { numRuns: 300, verbose: 1 },
  );
});
