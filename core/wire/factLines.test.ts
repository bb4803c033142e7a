// Proves that the text of facts is read back to the same messages, whatever they hold (fast-check
// prints the seed), that no fact is longer than a line, and that a broken line is refused with its
// number, the key and what was expected.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, equals } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { FactLineError, readFactLines, writeEvent, writeFacts } from './factLines.ts';
import { FrameFactsSchema, type GameEvent, GameEventSchema } from './gen/facts_pb.js';

const seed = Number(process.env.MORPHINE_TEST_SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

const word = fc.string({ unit: 'grapheme', maxLength: 12 });
const uint32 = fc.nat({ max: 0xffff_ffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const number = fc.oneof(fc.constantFrom(0, 1, 0.1, -0.25), fc.float({ noNaN: true }));
const share = number.map(Math.fround);
const box = fc.record({ x: share, y: share, width: share, height: share });
const keypoint = fc.record({ x: share, y: share, confidence: share });
const track = fc.record(
  {
    ...{ id: uint32, label: word, box, velocityX: share, velocityY: share, confidence: share },
    ...{ ageFrames: uint32, predicted: fc.boolean(), keypointsAgeUs: uint32 },
    action: word,
    keypoints: fc.array(keypoint, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const stages = fc.record({ decodeUs: uint32, motionUs: uint32, totalUs: uint32 });
const scene = fc.record({
  ...{ cut: fc.boolean(), black: fc.boolean(), replay: fc.boolean(), cameraMoving: fc.boolean() },
  ...{ shiftX: share, motion: share, background: word },
});
const facts = fc
  .record(
    {
      ...{ captureUs: uint64, rtpTimestamp: uint32, frameSequence: uint64, model: word },
      ...{ stages, scene, tracks: fc.array(track, { maxLength: 4 }) },
    },
    { requiredKeys: [] },
  )
  .map((init) => create(FrameFactsSchema, init));
const event = fc
  .record(
    {
      ...{ id: word, type: word, captureUs: uint64, rtpTimestamp: uint32, detectedUs: uint64 },
      ...{ confidence: share, why: word, subject: word, score: share, replayToUs: uint64 },
      ...{ trackIds: fc.array(uint32), reasons: fc.array(word) },
    },
    { requiredKeys: [] },
  )
  .map((init) => create(GameEventSchema, init));

test('what is written is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(facts, event), { maxLength: 5 }), (told) => {
      const text = told
        .map((one) => ('tracks' in one ? writeFacts(one) : writeEvent(one as GameEvent)))
        .join('');
      const read = readFactLines(text);
      assert.equal(read.length, told.length);
      told.forEach((one, index) => {
        const other = read[index];
        if ('tracks' in one) {
          assert.ok(other && 'tracks' in other && equals(FrameFactsSchema, one, other), text);
        } else {
          assert.ok(other && !('tracks' in other) && equals(GameEventSchema, one, other), text);
        }
      });
      // A line for each fact: frame, stages, scene, tracks, events.
      const count = told.reduce((sum, one) => {
        if (!('tracks' in one)) return sum + 1;
        return sum + 1 + one.tracks.length + (one.stages ? 1 : 0) + (one.scene ? 1 : 0);
      }, 0);
      assert.equal(text.split('\n').length - 1, count);
    }),
    { seed, numRuns: 400 },
  );
});

test('a picture reads like this', () => {
  const told = create(FrameFactsSchema, {
    ...{ captureUs: 12n, frameSequence: 3n, model: 'demo' },
    scene: { cut: true, motion: Math.fround(0.25) },
    tracks: [{ id: 7, label: 'ball "1"', box: { x: Math.fround(0.1), width: 0.5 } }],
  });
  assert.equal(
    writeFacts(told),
    [
      '@12 frame frame_sequence=3 model="demo"',
      '@12 track id=7 label="ball \\"1\\"" box.x=0.1 box.width=0.5',
      '@12 scene cut=yes motion=0.25',
      '',
    ].join('\n'),
  );
});

test('a broken line is refused with its number, the key and what was expected', () => {
  const refused: [string, RegExp][] = [
    ['hello', /^Line 1: a fact starts with @/],
    [
      '@5 frame\n@5 tracks id=1',
      /^Line 2: the kind "tracks" is unknown; expected one of frame, event/,
    ],
    ['@5 track id=1', /^Line 1: a track belongs to the frame line before it/],
    ['@5 frame\n@6 track id=1', /^Line 2: a track belongs to the frame/],
    ['@5 frame\n@5 track ident=1', /ident of a track: it is unknown; expected one of id, label/],
    ['@5 frame\n@5 track id=-1', /id of a track: expected a whole number of 32 bits, not -1/],
    ['@5 frame\n@5 track id=1 id=2', /id stands twice in a track/],
    ['@5 frame\n@5 track label=ball', /label of a track: expected text in double quotes, not ball/],
    ['@5 frame\n@5 track box.x=wide', /box\.x of a track: expected a number, not wide/],
    ['@5 frame\n@5 track predicted=1', /predicted of a track: expected yes or no, not 1/],
    ['@5 frame\n@5 track id.x=1', /it has no parts/],
    ['@5 frame\n@5 track id', /"id" is no key=value/],
    ['@5 event track_ids=3', /track_ids of a event: expected a list in \[ \]/],
    ['@99999999999999999999 frame', /no number of 64 bits/],
  ];
  for (const [text, sentence] of refused) {
    assert.throws(
      () => readFactLines(text),
      (error) => error instanceof FactLineError && sentence.test(error.message),
      text,
    );
  }
});

test('any text is read or refused in words, never anything else', () => {
  const piece = fc.constantFrom('@5 ', 'frame', 'track', ' id=', ' box.x=', '"a', '[', '(1,', '\n');
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, word), { maxLength: 12 }), (pieces) => {
      try {
        readFactLines(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof FactLineError, String(error));
      }
    }),
    { seed, numRuns: 500 },
  );
});
