// Proves what whip: refuses and with which words: B-frames, said by the stream or seen in the order
// of its pictures, and profiles that browsers do not decode; and that the next publisher is judged
// anew. The pictures are the encoder's own, the parameter sets are changed by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SourceState } from '../../../core/contract/state.ts';
import { joinAnnexB } from '../../../core/media/h264.ts';
import type { Source, SourceSurroundings } from '../source.ts';
import { SenderTimes } from './senderTimes.ts';
import type { WhipIngest, WhipReceiver } from './whipIngest.ts';
import { openWhipSource } from './whipSource.ts';

/** Sequence parameter sets of x264: baseline 640x360, and the same claiming High 4:2:2. */
const BASELINE = Uint8Array.from(
  Buffer.from('6742c01ed900a02ff9610000030001000003003c8f162e48', 'hex'),
);
const OF_PROFILE_122 = Uint8Array.from(BASELINE);
OF_PROFILE_122[1] = 122;
const PICTURES = [Uint8Array.of(0x68, 0xcb, 0x83, 0xcb, 0x20), Uint8Array.of(0x65, 0x88, 0x84, 1)];

function openSource(): {
  source: Source;
  receiver: WhipReceiver;
  states: Partial<SourceState>[];
  frames: number[];
} {
  const states: Partial<SourceState>[] = [];
  const frames: number[] = [];
  let receiver: WhipReceiver | undefined;
  const ingest = {
    setReceiver(given: WhipReceiver) {
      receiver = given;
      given.onPublisher(null);
      return () => {};
    },
    requestKeyFrame: () => false,
  } as unknown as WhipIngest;
  const around = {
    onFrame: ({ captureUs }: { captureUs: number }) => frames.push(captureUs),
    onState: (change: Partial<SourceState>) => states.push(change),
    onDropped() {},
  } as unknown as SourceSurroundings;
  const source = openWhipSource(ingest, around);
  assert.ok(receiver);
  return { source, receiver, states, frames };
}

function picture(sps: Uint8Array, rtpTimestamp: number, isKeyFrame = true) {
  const bytes = joinAnnexB(isKeyFrame ? [sps, ...PICTURES] : [Uint8Array.of(0x41, 0x9a, 1, 1)]);
  return { track: 'video' as const, isKeyFrame, rtpTimestamp, senderUs: null, bytes };
}

test('pictures out of order are B-frames: refused with the cure, until somebody else comes', () => {
  const { receiver, states, frames } = openSource();
  receiver.onPublisher({ title: 'OBS 30', state: 'connecting' });
  receiver.onUnit(picture(BASELINE, 3000), 1);
  receiver.onUnit(picture(BASELINE, 12_000, false), 2);
  assert.equal(states.at(-1)?.state, 'live');
  receiver.onUnit(picture(BASELINE, 6000, false), 3);
  assert.equal(states.at(-1)?.state, 'failed');
  assert.match(states.at(-1)?.reason ?? '', /OBS 30: It sends B-frames.*bframes=0/);
  receiver.onUnit(picture(BASELINE, 15_000), 4);
  assert.equal(frames.length, 2, 'nothing more is shown');
  receiver.onPublisher(null);
  receiver.onPublisher({ title: 'OBS 30', state: 'connecting' });
  receiver.onUnit(picture(BASELINE, 90), 5);
  assert.equal(states.at(-1)?.state, 'live');
  assert.equal(frames.length, 3);
});

test('a profile that browsers do not decode is refused by name', () => {
  const { receiver, states, frames } = openSource();
  receiver.onPublisher({ title: 'ffmpeg', state: 'flowing' });
  receiver.onUnit(picture(OF_PROFILE_122, 3000), 1);
  assert.equal(states.at(-1)?.state, 'failed');
  assert.match(states.at(-1)?.reason ?? '', /H\.264 profile|cannot be read/);
  assert.deepEqual(frames, []);
});

test('capture times rise, are never in the future, and follow the best arrival', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 80_000 }), { minLength: 30, maxLength: 90 }),
      (lates) => {
        const times = new SenderTimes();
        let last = -1;
        let arrivedUs = 0;
        lates.forEach((lateUs, index) => {
          const madeUs = 1_000_000 + index * 33_333;
          // A network may be late, but it keeps the order.
          arrivedUs = Math.max(arrivedUs + 1, madeUs + 5_000 + lateUs);
          const rtpTimestamp = (4_294_960_000 + index * 3000) >>> 0;
          const frame = { track: 'video' as const, rtpTimestamp, senderUs: null };
          const captureUs = times.captureUs(frame, arrivedUs);
          assert.ok(captureUs > last, `${captureUs} after ${last}`);
          assert.ok(captureUs <= arrivedUs);
          last = captureUs;
        });
        const bestUs = Math.min(...lates) + 5_000;
        const trueUs = 1_000_000 + (lates.length - 1) * 33_333;
        assert.ok(last <= trueUs + 5_000 + Math.max(...lates), `${last - trueUs} best ${bestUs}`);
      },
    ),
    { numRuns: 200 },
  );
});
