// What engine and vision say to each other over native/link: encoded units one way, facts, events
// and progress the other. It must never carry a decoded picture; those stay in vision's process.
// Control travels as JSON checked on arrival, units and facts as bytes.

import { z } from 'zod';
import { runningModelSchema } from '../../core/contract/modelCards.ts';
import { courtProposalSchema, placesSchema } from '../../core/contract/places.ts';
import { placesStateSchema, sceneStateSchema } from '../../core/contract/visionState.ts';
import type { Unit } from '../../core/media/feed.ts';

/** Frame kinds on the link. */
export const VISION_LINK = {
  unit: 1,
  control: 2,
  facts: 10,
  event: 11,
  status: 12,
  judged: 13,
  court: 14,
} as const;

/** Engine -> vision. */
export const visionControlSchema = z.discriminatedUnion('type', [
  /**
   * First message on a link. Events up to `judgedUntilUs` and facts up to `factsUntilUs` (capture
   * time, media clock) are already known to the engine and are not said again; 0: nothing is.
   */
  z.object({
    type: z.literal('resume'),
    judgedUntilUs: z.number().int().nonnegative(),
    factsUntilUs: z.number().int().nonnegative(),
  }),
  /** `pack`: id of a sport pack, null for none. `model`: manifest id, null for the pack's own. */
  z.object({
    type: z.literal('configure'),
    pack: z.string().min(1).max(60).nullable(),
    model: z.string().min(1).max(60).nullable(),
    /** What the owner drew for this pack; it stands before the pack's own. */
    places: placesSchema.nullable().optional(),
    /** Another number: it was drawn anew, on the picture of now, even where it is the same. */
    drawn: z.number().int().nonnegative().optional(),
  }),
  /** What the show was like besides its picture: highlights are found in it, too. */
  z.object({
    type: z.literal('signal'),
    channel: z.enum(['loudness', 'crowd', 'bets']),
    /** Media clock, microseconds. */
    atUs: z.number().int().nonnegative(),
    /** Loudness in LUFS; crowd: steady noise in dB; bets a second. */
    value: z.number(),
  }),
  /** The units that follow show something else (source switched): tracks are forgotten. */
  z.object({ type: z.literal('streamReset') }),
  /** Answered by a court with the same id. */
  z.object({ type: z.literal('proposeCourt'), id: z.number().int() }),
  /** Files of models changed: what is chosen is looked for again. */
  z.object({ type: z.literal('modelsChanged') }),
]);
export type VisionControl = z.infer<typeof visionControlSchema>;
export type VisionSignal = Omit<Extract<VisionControl, { type: 'signal' }>, 'type'>;
/** Which pack judges, and with which model and drawings when not its own. */
export type VisionChoice = Omit<Extract<VisionControl, { type: 'configure' }>, 'type'>;

const stageSchema = z.number().nonnegative().nullable();

/** Vision -> engine, once a second and at each change. Stage times: p95 of the last 10 s, ms. */
export const visionStatusSchema = z.object({
  state: z.enum(['starting', 'running', 'degraded', 'off']),
  /** One plain sentence; empty when all is well. */
  reason: z.string().max(500),
  /** Manifest id of the detector in use; empty when only motion judges. */
  model: z.string(),
  /** ONNX Runtime execution provider in use; empty when there is none. */
  provider: z.string(),
  pack: z.string(),
  framesJudged: z.number().int().nonnegative(),
  /** Pictures that arrived and were never judged. */
  framesDropped: z.number().int().nonnegative(),
  /** Judged frames on which the detector did not run because it was behind. */
  detectorSkipped: z.number().int().nonnegative(),
  /** Every model that the pack asks for and that is there. */
  models: z.array(runningModelSchema),
  /** How units are decoded: "software", or a hardware decoder; with the reason for it. */
  decoder: z.object({ name: z.string(), reason: z.string() }),
  scene: sceneStateSchema,
  places: placesStateSchema,
  stagesMs: z.object({
    decode: stageSchema,
    motion: stageSchema,
    infer: stageSchema,
    track: stageSchema,
    event: stageSchema,
    /** Facts, events and progress handed to the link. */
    send: stageSchema,
    /** Picture received by vision -> poses of up to six people known. */
    pose: stageSchema,
    /** Unit received by vision -> result sent. */
    total: stageSchema,
    /** Frame captured -> result sent. */
    frameToResult: stageSchema,
  }),
});
export type VisionStatus = z.infer<typeof visionStatusSchema>;

/** Vision -> engine: the corners of a court on the newest picture. */
export const courtSchema = z.object({ id: z.number().int(), proposal: courtProposalSchema });

/**
 * Every event whose `captureUs` is at most `untilUs` has been sent. Never goes backwards.
 * `blindUntilUs`: the newest picture at which the pack's detector was broken or before which
 * pictures were lost (0: none); "it did not happen" is not known of times around it.
 * `lostUntilUs`: the same of what needs places (EVENTS_OF_PLACES), which were lost.
 */
export const judgedSchema = z.object({
  untilUs: z.number().int().nonnegative(),
  blindUntilUs: z.number().int().nonnegative(),
  lostUntilUs: z.number().int().nonnegative(),
});
export type Judged = z.infer<typeof judgedSchema>;

const UNIT_HEADER_BYTES = 21;

/** A video unit: captureUs (8), rtpTimestamp (4), config (8, double), flags (1), Annex B. */
export function encodeUnit(unit: Unit): Buffer {
  const out = Buffer.allocUnsafe(UNIT_HEADER_BYTES + unit.bytes.length);
  out.writeBigUInt64BE(BigInt(unit.captureUs), 0);
  out.writeUInt32BE(unit.rtpTimestamp, 8);
  out.writeDoubleBE(unit.config, 12);
  out[20] = unit.keyFrame ? 1 : 0;
  out.set(unit.bytes, UNIT_HEADER_BYTES);
  return out;
}

/** Reads what `encodeUnit` wrote; null when the bytes are no unit. The picture is not copied. */
export function decodeUnit(payload: Buffer): Unit | null {
  if (payload.length <= UNIT_HEADER_BYTES) return null;
  const captureUs = Number(payload.readBigUInt64BE(0));
  const config = payload.readDoubleBE(12);
  if (!Number.isSafeInteger(captureUs) || !Number.isFinite(config)) return null;
  return {
    track: 'video',
    captureUs,
    rtpTimestamp: payload.readUInt32BE(8),
    config,
    keyFrame: payload[20] === 1,
    bytes: payload.subarray(UNIT_HEADER_BYTES),
  };
}

/** Parses JSON against a schema; null when it is neither. */
export function parseChecked<Schema extends z.ZodType>(
  schema: Schema,
  payload: Uint8Array,
): z.infer<Schema> | null {
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** JSON as the payload of a link frame. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
