// Proves that a decoded picture's bytes are copied once, as they arrive, and never again: motion and
// the camera's motion read them in the decoder's memory with the same result as from a copy, a
// detector's input is made of what lies at the address, and the counter of copies stays at nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { hasFfmpeg } from '../ffmpeg/resolve.ts';
import { createDecodeTap, createPictureMemory, type DecodedFrame } from './decodeTap.ts';
import { FastInput } from './models/fastInput.ts';
import type { InputShape, Picture } from './models/picture.ts';
import { EMPTY_PACK } from './moriarty/pack.ts';
import { PictureMemory } from './pictureMemory.ts';
import { Sight } from './sight.ts';
import { encodeClip } from './testFeed.ts';
import { FFMPEG, FFMPEG_SKIP as skip } from './testing/openVision.ts';
import { makeIds } from './tracking/track.ts';
import { PICTURE } from './vibrio/motion.ts';

const FRAMES = 90;

/** Everything that is told of a picture but when. */
function withoutTimes(facts: Uint8Array) {
  const { stages: _, knownUs: __, ...rest } = fromBinary(FrameFactsSchema, facts);
  return rest;
}

test('motion reads pictures where the decoder put them, as it would read copies', {
  skip,
}, async (t) => {
  assert.ok(hasFfmpeg(FFMPEG));
  // It moves and it pans: the picture before is read, too.
  const units = await encodeClip({
    input: ['-f', 'lavfi', '-i', 'testsrc2=s=720x360:r=30'],
    ...{ filter: "crop=640:360:'if(gt(n,60),(n-60)*2,0)':0", frames: FRAMES },
  });
  const pictures = createPictureMemory();
  const options = { clock: { nowUs: () => 1 }, timers: realTimers, pack: EMPTY_PACK };
  const parts = () => ({ ...options, takeId: makeIds(), detector: null });
  const inPlace = new Sight({ ...parts(), pictures });
  const copying = new Sight(parts());
  let judged = 0;
  let queue = Promise.resolve();
  const compared = async (frame: DecodedFrame, copy: Uint8Array) => {
    const one = await inPlace.judge(frame, true);
    const other = await copying.judge({ ...frame, yuv: copy }, true);
    assert.deepEqual(withoutTimes(one.facts), withoutTimes(other.facts));
    judged++;
  };
  await new Promise<void>((done, fail) => {
    const tap = createDecodeTap({
      ...{ ffmpeg: FFMPEG as never, timers: realTimers, logger: silentLogger, pictures },
      onTrouble: (reason) => fail(new Error(reason)),
      onFrame(frame) {
        assert.notEqual(pictures.addressOf(frame.yuv), null);
        const copy = frame.yuv.slice();
        queue = queue.then(() => compared(frame, copy));
        void queue.then(() => judged === FRAMES && done(), fail);
      },
    });
    t.after(() => tap.close());
    for (const unit of units) tap.push(unit);
  });
  assert.equal(pictures.copiedBytes, 0);
});

test('a detector’s input is made of what lies at the address', () => {
  const shape: InputShape = {
    ...{ width: 320, height: 192, channels: 'RGB', scale: 1 / 255, fit: 'letterbox', pad: 114 },
    ...{ mean: [0, 0, 0], deviation: [1, 1, 1] },
  } as InputShape;
  const bytesEach = (PICTURE.width * PICTURE.height * 3) / 2;
  const memory = new PictureMemory({ bytesEach, count: 3 });
  memory.take();
  const place = memory.take();
  place.forEach((_, at) => {
    place[at] = 16 + ((at * 31) % 200);
  });
  const rest = { ...PICTURE, range: 'video', matrix: 'bt709' } as const;
  const here: Picture = { ...rest, bytes: new Uint8Array(0), address: place.byteOffset };
  const shared = FastInput.for(here, shape, memory.memory);
  const own = FastInput.for({ ...rest, bytes: place }, shape);
  assert.ok(shared && own);
  shared.write(here);
  own.write({ ...rest, bytes: place });
  assert.deepEqual(shared.values, own.values);
  assert.equal(memory.copiedBytes, 0);
});

test('places are used in turn, and what lies elsewhere is copied and counted', () => {
  const memory = new PictureMemory({ bytesEach: 100, count: 3 });
  const places = [memory.take(), memory.take(), memory.take(), memory.take()];
  const [first, second, third, fourth] = places.map((place) => memory.addressOf(place));
  assert.equal(fourth, first);
  assert.deepEqual([first, second, third], [0, 112, 224]);
  const elsewhere = new Uint8Array(120).fill(7);
  assert.equal(memory.addressOf(elsewhere), null);
  assert.deepEqual(memory.at(memory.copyIn(elsewhere), 100), new Uint8Array(100).fill(7));
  assert.equal(memory.copiedBytes, 100);
});
