// The JSON messages of the view for outside tools: `{ type, payload }` with the types of the source
// documents. Fields are only ever added; docs/json-view.md describes them. Positions are shares of
// the picture, times the studio's media clock in microseconds, points whole numbers.

import { type FrameFacts, type Market, Market_State } from '../core/wire/gen/facts_pb.js';

/** COCO's joints in the order of the wire. */
const JOINTS = [
  ...['nose', 'leftEye', 'rightEye', 'leftEar', 'rightEar'],
  ...['leftShoulder', 'rightShoulder', 'leftElbow', 'rightElbow', 'leftWrist', 'rightWrist'],
  ...['leftHip', 'rightHip', 'leftKnee', 'rightKnee', 'leftAnkle', 'rightAnkle'],
];
const STATES: Record<Market_State, string> = {
  [Market_State.STATE_UNSPECIFIED]: 'draft',
  [Market_State.DRAFT]: 'draft',
  [Market_State.OPEN]: 'open',
  [Market_State.LOCKED]: 'locked',
  [Market_State.RESOLVED]: 'resolved',
  [Market_State.VOID]: 'void',
};

/** 32-bit floats carry seven digits; more are noise. */
const short = (value: number) => Number(value.toPrecision(6));

function frameOf(facts: FrameFacts) {
  return {
    captureUs: Number(facts.captureUs),
    rtpTimestamp: facts.rtpTimestamp,
    frame: Number(facts.frameSequence),
  };
}

/** Everything seen on one frame, an empty list included. */
export function detectionOf(facts: FrameFacts) {
  const objects = facts.tracks.map(({ id, label, confidence, box, predicted, action }) => ({
    ...{ id, label, confidence: short(confidence), predicted },
    box: {
      x: short(box?.x ?? 0),
      y: short(box?.y ?? 0),
      width: short(box?.width ?? 0),
      height: short(box?.height ?? 0),
    },
    ...(action === '' ? {} : { action }),
  }));
  return { type: 'detection', payload: { ...frameOf(facts), objects } } as const;
}

/** People's joints; null when nobody's are known. */
export function poseOf(facts: FrameFacts) {
  const posed = facts.tracks.filter(({ keypoints }) => keypoints.length > 0);
  if (posed.length === 0) return null;
  const people = posed.map(({ id, keypoints, keypointsAgeUs }) => ({
    id,
    ageUs: keypointsAgeUs,
    joints: keypoints.map(({ x, y, confidence }, index) => ({
      name: JOINTS[index] ?? `joint${index}`,
      ...{ x: short(x), y: short(y), confidence: short(confidence) },
    })),
  }));
  return { type: 'pose', payload: { ...frameOf(facts), people } } as const;
}

/** How fast what is seen moves, in pictures a second; null when nothing is seen. */
export function speedOf(facts: FrameFacts) {
  if (facts.tracks.length === 0) return null;
  const objects = facts.tracks.map(({ id, label, velocityX, velocityY }) => ({
    ...{ id, label, x: short(velocityX), y: short(velocityY) },
    speed: short(Math.hypot(velocityX, velocityY)),
  }));
  return { type: 'speed', payload: { ...frameOf(facts), objects } } as const;
}

/** A market as it stands now. */
export function opportunityOf(market: Market) {
  const { id, title, state, suspended, reason, winner, prices } = market;
  const payload = {
    ...{ marketId: id, title, state: STATES[state] ?? 'draft' },
    outcomes: market.outcomes.map(({ label, poolMinor, bettors }, index) => ({
      ...{ label, bettors, pool: Number(poolMinor) },
      ...(prices ? { pricePermille: prices.permille[index] ?? 0 } : {}),
    })),
    opensAtUs: Number(market.opensAtUs),
    lockAtUs: Number(market.lockAtUs),
    horizonAtUs: Number(market.horizonAtUs),
    ...(suspended === '' ? {} : { suspended }),
    ...(reason === '' ? {} : { reason }),
    ...(winner === undefined ? {} : { winner }),
  };
  return { type: 'betting_opportunity', payload } as const;
}
