// What a capture page and the engine say to each other, all of it in binary messages: encoded
// frames begin with their track, everything else is JSON and begins with its brace. The page names
// times on its own clock; the engine asks for that clock and does the mapping. Frames cost
// credits, so that a slow engine never fills a page's memory.

import { z } from 'zod';
import { LOWER_LAYERS, type LowerLayer, type TrackKind } from './feed.ts';

export const CAPTURE_PORT_VERSION = 2;
/** What a page makes pictures of; each is a source, and two run while one takes over. */
export const CAPTURE_PROGRAMS = ['camera', 'screen', 'window'] as const;
export type CaptureProgram = (typeof CAPTURE_PROGRAMS)[number];
/** Frames on their way at most: 0.8 s of picture and sound. Beyond that the page drops. */
export const CAPTURE_CREDITS = 64;
/** One encoded frame; a key frame at 10 Mbit/s is far below. */
export const CAPTURE_FRAME_BYTES_MAX = 4 * 1024 * 1024;

/** Control messages are short sentences and numbers. */
const MESSAGE_BYTES_MAX = 4_096;

/** True for sources that a capture page makes. */
export function isPageSource(url: string): boolean {
  return CAPTURE_PROGRAMS.some((one) => url.startsWith(`${one}:`));
}

const lowerLayer = z.enum(Object.keys(LOWER_LAYERS) as [LowerLayer, ...LowerLayer[]]);
const text = z.string().max(300);
const program = z.enum(CAPTURE_PROGRAMS);
const size = z.number().int().min(0).max(16_384);

/** A market as a picture shows it: who has which part of the pool. */
export const marketCardSchema = z.object({
  title: z.string().max(160),
  /** Betting may still be done. */
  isOpen: z.boolean(),
  outcomes: z
    .array(z.object({ label: z.string().max(60), sharePercent: z.number().min(0).max(100) }))
    .max(10),
});
export type MarketCardFacts = z.infer<typeof marketCardSchema>;

export const fromPageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), version: z.number().int() }),
  z.object({
    type: z.literal('state'),
    program,
    /** What a person calls what is seen: "FaceTime HD Camera"; empty while nothing is. */
    title: text,
    state: z.enum(['starting', 'live', 'failed']),
    /** One plain sentence; empty when all is well. */
    reason: text,
    width: size,
    height: size,
    framesPerSecond: z.number().min(0).max(240),
    hasSound: z.boolean(),
  }),
  /** Frames that the page threw away since the last such message. */
  z.object({ type: z.literal('dropped'), count: z.number().int().min(0).max(1_000_000) }),
  z.object({ type: z.literal('pong'), id: z.number().int(), pageUs: z.number().min(0) }),
]);
export type FromPage = z.infer<typeof fromPageSchema>;

export const toPageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), credits: z.number().int().positive() }),
  /** Another page was opened, or the page is of another version; it must not try again. */
  z.object({ type: z.literal('refused'), reason: text }),
  z.object({ type: z.literal('ping'), id: z.number().int() }),
  z.object({ type: z.literal('credit'), count: z.number().int().positive() }),
  z.object({ type: z.literal('keyFrame') }),
  z.object({
    type: z.literal('bitrate'),
    bitsPerSecond: z.number().int().min(50_000).max(50_000_000),
  }),
  /** Most that the picture may be; a page that knows no such message keeps 720p30. */
  z.object({
    type: z.literal('picture'),
    width: z.number().int().min(16).max(3_840),
    height: z.number().int().min(16).max(2_160),
    framesPerSecond: z.number().min(1).max(60),
  }),
  /** Smaller copies that are wanted beside the picture. A page that knows none sends none. */
  z.object({ type: z.literal('layers'), layers: z.array(lowerLayer).max(2) }),
  /** What the show shows now or is about to; the page keeps running either way. */
  z.object({ type: z.literal('wanted'), programs: z.array(program).max(CAPTURE_PROGRAMS.length) }),
  /** The market that is open, for scenes that carry its card; null when there is none. */
  z.object({ type: z.literal('market'), card: marketCardSchema.nullable() }),
]);
export type ToPage = z.infer<typeof toPageSchema>;

/** "{": no frame begins with it. */
const BRACE = 0x7b;

/** A control message as bytes. */
export function encodeCaptureMessage(message: FromPage | ToPage): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** True for a control message, false for a frame. */
export function isCaptureMessage(bytes: Uint8Array): boolean {
  return bytes[0] === BRACE;
}

/** Reads a control message of either side. Returns null when it is not one. */
export function decodeCaptureMessage<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
): z.infer<Schema> | null {
  if (bytes.length > MESSAGE_BYTES_MAX) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export type PageFrame = {
  program: CaptureProgram;
  track: TrackKind;
  /** A smaller copy; absent: the picture itself, or sound. */
  layer?: LowerLayer;
  keyFrame: boolean;
  /** When it was made, whole microseconds on the page's clock. */
  pageUs: number;
  /** avcC record where the browser encodes without start codes; empty otherwise. */
  description: Uint8Array;
  bytes: Uint8Array;
};

/** First byte of a frame. */
const PICTURE = 1;
const SOUND = 2;
const COPIES: Record<LowerLayer, number> = { medium: 3, low: 4 };

/** track (1) | flags (1): key frame, above it program | pageUs (8) | length of description (2) */
const HEADER_BYTES = 12;
const FLAG_KEY = 1;
const PROGRAM_SHIFT = 1;

/** One frame as a binary message. Throws RangeError when a part does not fit. */
export function encodePageFrame(frame: PageFrame): Uint8Array<ArrayBuffer> {
  const { description, bytes } = frame;
  if (description.length > 65_535 || bytes.length > CAPTURE_FRAME_BYTES_MAX) {
    throw new RangeError(`A frame of ${bytes.length} bytes does not fit into one message`);
  }
  const message = new Uint8Array(HEADER_BYTES + description.length + bytes.length);
  const view = new DataView(message.buffer);
  const picture = frame.layer ? COPIES[frame.layer] : PICTURE;
  message[0] = frame.track === 'video' ? picture : SOUND;
  const programBits = CAPTURE_PROGRAMS.indexOf(frame.program) << PROGRAM_SHIFT;
  message[1] = programBits | (frame.keyFrame ? FLAG_KEY : 0);
  view.setFloat64(2, frame.pageUs);
  view.setUint16(10, description.length);
  message.set(description, HEADER_BYTES);
  message.set(bytes, HEADER_BYTES + description.length);
  return message;
}

/** Reads a binary message; the parts are views into it. Null when it is malformed. */
export function decodePageFrame(message: Uint8Array): PageFrame | null {
  if (message.length < HEADER_BYTES) return null;
  if (message.length > HEADER_BYTES + 65_535 + CAPTURE_FRAME_BYTES_MAX) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const layer = message[0] === COPIES.low ? 'low' : message[0] === COPIES.medium && 'medium';
  const isPicture = message[0] === PICTURE || layer;
  const track = isPicture ? 'video' : message[0] === SOUND ? 'audio' : null;
  const pageUs = view.getFloat64(2);
  const bytesAt = HEADER_BYTES + view.getUint16(10);
  const flags = message[1] ?? 0;
  const program = CAPTURE_PROGRAMS[flags >> PROGRAM_SHIFT];
  if (!program || !track || !Number.isSafeInteger(pageUs) || pageUs < 0) return null;
  // A frame without bytes cannot be decoded by anyone.
  if (bytesAt >= message.length) return null;
  return {
    program,
    track,
    ...(layer ? { layer } : {}),
    keyFrame: (flags & FLAG_KEY) !== 0,
    pageUs,
    description: message.subarray(HEADER_BYTES, bytesAt),
    bytes: message.subarray(bytesAt),
  };
}

export type CreditGate = {
  add(count: number): void;
  /** Back to nothing: a connection was lost. */
  reset(): void;
  /** May this frame be sent? Pays for it when so. */
  take(frame: Pick<PageFrame, 'program' | 'track' | 'keyFrame'>): boolean;
  /** A picture was lost otherwise; the next one of its program that goes out is a key frame. */
  breakPicture(program: CaptureProgram): void;
  /** True while pictures are held back until a key frame; the encoder should be asked for one. */
  needsKeyFrame(program: CaptureProgram): boolean;
};

/** Spends credits; after a dropped picture nothing is sent that builds on it. */
export function createCreditGate(): CreditGate {
  let credits = 0;
  const broken = new Set<CaptureProgram>(CAPTURE_PROGRAMS);
  return {
    add(count) {
      credits += count;
    },
    reset() {
      credits = 0;
      for (const program of CAPTURE_PROGRAMS) broken.add(program);
    },
    take({ program, track, keyFrame }) {
      const isUseless = track === 'video' && broken.has(program) && !keyFrame;
      if (credits < 1 || isUseless) {
        if (track === 'video') broken.add(program);
        return false;
      }
      credits--;
      if (track === 'video') broken.delete(program);
      return true;
    },
    breakPicture: (program) => void broken.add(program),
    needsKeyFrame: (program) => broken.has(program),
  };
}

export type RemoteClock = {
  /** One answered ping: when it left and came back on our clock, and what the other clock said. */
  add(sentUs: number, remoteUs: number, receivedUs: number): void;
  /** A time of the other clock on ours, or null before the first answer. */
  toLocalUs(remoteUs: number): number | null;
  /** Half of the round trip that the mapping rests on, microseconds. */
  uncertaintyUs(): number;
};

/** Pings that count; the fastest of them is believed (as NTP's clock filter, RFC 5905 10). */
const PINGS_KEPT = 8;

/** Maps another clock onto ours by the ping with the shortest round trip of the last eight. */
export function createRemoteClock(): RemoteClock {
  const pings: { offsetUs: number; roundTripUs: number }[] = [];
  const best = () => {
    let found = pings[0];
    for (const ping of pings) if (found && ping.roundTripUs < found.roundTripUs) found = ping;
    return found;
  };
  return {
    add(sentUs, remoteUs, receivedUs) {
      if (receivedUs < sentUs) return;
      const offsetUs = (sentUs + receivedUs) / 2 - remoteUs;
      pings.push({ offsetUs, roundTripUs: receivedUs - sentUs });
      if (pings.length > PINGS_KEPT) pings.shift();
    },
    toLocalUs(remoteUs) {
      const ping = best();
      return ping ? Math.round(remoteUs + ping.offsetUs) : null;
    },
    uncertaintyUs: () => (best()?.roundTripUs ?? 0) / 2,
  };
}
