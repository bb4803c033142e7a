// The frames of the story's picture: the real ring with the real moments of its units. What its
// vision and its relay would tell of them is made up, because there is neither.

import { realTimers } from '../../core/base/clock.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { FrameFacts, FrameTimes } from '../../core/wire/gen/facts_pb.js';
import { createFrameRing } from '../../native/engine/frameRing.ts';
import { testClock } from '../../native/webrtc/testVideo.ts';

const KEPT = 300;
/** What the story's relay adds, and what it may be wrong by, microseconds. */
const RELAY = { firstUs: 700, lastUs: 1_300, uncertaintyUs: 60 };
/** Vision has judged a frame so long after it was made; the engine hears it a moment later. */
const JUDGED_US = 24_000;
const HEARD_MS = 27;

export function storyFrames() {
  const passed: { rtpTimestamp: number; sentUs: number }[] = [];
  let tell: (times: FrameTimes) => void = () => {};
  const ring = createFrameRing(testClock, {
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
        passed.push({ rtpTimestamp: unit.rtpTimestamp, sentUs: testClock.nowUs() });
        if (passed.length > KEPT) passed.shift();
      };
    },
    judged: (facts: FrameFacts) => void realTimers.after(HEARD_MS, () => ring.judged(facts)),
  };
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
