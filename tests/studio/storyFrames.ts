// The frames of the story's picture: the real ring with the real moments of its units. What its
// vision and its relay would tell of them is made up, because there is neither.

import { create } from '@bufbuild/protobuf';
import { ManualTime, type MediaClock, realTimers, type Timers } from '../../core/base/clock.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { rtpTimestampOf, type Unit } from '../../core/media/feed.ts';
import {
  type FrameFacts,
  FrameFactsSchema,
  type FrameTimes,
} from '../../core/wire/gen/facts_pb.js';
import { createFrameRing } from '../../native/engine/frameRing.ts';
import { testClock } from '../../native/webrtc/testVideo.ts';

const KEPT = 300;
/** What the story's relay adds, and what it may be wrong by, microseconds. */
const RELAY = { firstUs: 700, lastUs: 1_300, uncertaintyUs: 60 };
/** Vision has judged a frame so long after it was made; the engine hears it a moment later. */
const JUDGED_US = 24_000;
const HEARD_MS = 27;
const FRAME_MS = 33;

export function storyFrames(clock: MediaClock = testClock, timers: Timers = realTimers) {
  const passed: { rtpTimestamp: number; sentUs: number }[] = [];
  let tell: (times: FrameTimes) => void = () => {};
  const ring = createFrameRing(clock, {
    askFrameTimes(afterUs) {
      tell(relayTimes(passed.filter(({ sentUs }) => sentUs + RELAY.lastUs > afterUs)));
      return true;
    },
    onFrameTimes(run) {
      tell = run;
    },
  });
  const frames: Handlers['frames'] = { recent: ({ after }) => ring.recent(after) };
  return {
    frames,
    taken(unit: Unit): () => void {
      const sent = ring.taken(unit);
      return () => {
        sent();
        if (unit.track === 'audio') return;
        passed.push({ rtpTimestamp: unit.rtpTimestamp, sentUs: clock.nowUs() });
        if (passed.length > KEPT) passed.shift();
      };
    },
    judged: (facts: FrameFacts) => void timers.after(HEARD_MS, () => ring.judged(facts)),
  };
}

/** The last ten seconds of a show whose picture no page has seen. */
export function toldFrames(): Handlers['frames'] {
  const time = new ManualTime(testClock.nowUs() - (KEPT * FRAME_MS + 100) * 1000);
  const told = storyFrames(time, time);
  for (let frame = 0; frame < KEPT; frame++) {
    const captureUs = time.nowUs();
    const rtpTimestamp = rtpTimestampOf(captureUs, 90_000, 0);
    const bytes = new Uint8Array(frame % 30 === 0 ? 32_000 : 5_000);
    const unit = { captureUs, rtpTimestamp, keyFrame: frame % 30 === 0, config: 1, bytes };
    time.advance(8 + (frame % 5));
    const sent = told.taken({ track: 'video', ...unit });
    time.advance(0.3);
    sent();
    const facts = { captureUs: BigInt(captureUs), rtpTimestamp, ...storyStages(captureUs) };
    told.judged(create(FrameFactsSchema, facts));
    time.advance(FRAME_MS - 8.3 - (frame % 5));
  }
  time.advance(100);
  return told.frames;
}

function relayTimes(passed: readonly { rtpTimestamp: number; sentUs: number }[]): FrameTimes {
  return {
    $typeName: 'morphine.facts.v1.FrameTimes',
    uncertaintyUs: RELAY.uncertaintyUs,
    frames: passed.map(({ rtpTimestamp, sentUs }) => ({
      $typeName: 'morphine.facts.v1.FrameTime',
      rtpTimestamp,
      firstUs: BigInt(sentUs + RELAY.firstUs),
      lastUs: BigInt(sentUs + RELAY.lastUs),
    })),
  };
}

export function storyStages(captureUs: number) {
  const [decodeUs, waitedUs, motionUs, inferUs] = [4_100, 900 + (captureUs % 2_000), 1_200, 11_800];
  const [trackUs, eventUs] = [310, 220];
  const lookedUs = motionUs + inferUs + 150;
  const totalUs = decodeUs + waitedUs + lookedUs + trackUs + eventUs + 80;
  const stages = { decodeUs, waitedUs, motionUs, inferUs, trackUs, eventUs, lookedUs, totalUs };
  return { knownUs: BigInt(captureUs + JUDGED_US), stages };
}
