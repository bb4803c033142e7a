// What is inside RTMP's audio and video messages: FLV tag bodies (Adobe, "Video File Format
// Specification 10.1", annex E.4) and their extension by FourCC ("Enhanced RTMP" v2). Only H.264 is
// taken for pictures; everything else is named, so that the person can be told what was sent.

import { number24 } from './chunks.ts';

export type VideoTag =
  | { kind: 'configuration'; record: Uint8Array }
  | { kind: 'picture'; isKey: boolean; compositionMs: number; bytes: Uint8Array }
  | { kind: 'unsupported'; name: string }
  /** An end mark, a seek mark, colour facts or nothing at all. */
  | { kind: 'other' };

export type AudioTag =
  | { kind: 'configuration'; name: string }
  | { kind: 'sound'; name: string }
  | { kind: 'unsupported'; name: string }
  | { kind: 'other' };

const AVC = 7;
const VIDEO_CODECS: Record<number, string> = {
  2: 'Sorenson H.263',
  3: 'Screen video',
  4: 'VP6',
  5: 'VP6 with alpha',
  6: 'Screen video 2',
  12: 'HEVC (H.265)',
  13: 'AV1',
};
const FOUR_CC: Record<string, string> = {
  hvc1: 'HEVC (H.265)',
  hev1: 'HEVC (H.265)',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
  vvc1: 'VVC (H.266)',
};
const AUDIO_FOUR_CC: Record<string, string> = {
  mp4a: 'AAC',
  Opus: 'Opus',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  fLaC: 'FLAC',
  '.mp3': 'MP3',
};
/** Sound formats that ffmpeg reads from FLV, by their number. */
const SOUND_FORMATS: Record<number, string> = { 2: 'MP3', 10: 'AAC', 11: 'Speex', 14: 'MP3' };
const SEEK_FRAME = 5;

/** Reads the body of a video message. Cut-off bodies are `other`. */
export function readVideoTag(body: Uint8Array): VideoTag {
  const first = body[0];
  if (first === undefined) return { kind: 'other' };
  if (first & 0x80) return enhancedVideo(body, (first >> 4) & 7, first & 15, 1);
  const codec = first & 15;
  const frame = first >> 4;
  if (frame === SEEK_FRAME) return { kind: 'other' };
  if (codec !== AVC) {
    return { kind: 'unsupported', name: VIDEO_CODECS[codec] ?? `video codec ${codec}` };
  }
  if (body.length < 5) return { kind: 'other' };
  const bytes = body.subarray(5);
  if (body[1] === 0) return { kind: 'configuration', record: bytes };
  if (body[1] !== 1 || bytes.length === 0) return { kind: 'other' };
  return { kind: 'picture', isKey: frame === 1, compositionMs: signed24(body, 2), bytes };
}

/** Packet types of ExVideoTagHeader. */
const PACKET = { start: 0, coded: 1, codedNoTime: 3, multitrack: 6, modifier: 7 } as const;

/** @param at where the FourCC, or what stands before it, begins */
function enhancedVideo(body: Uint8Array, frame: number, packet: number, at: number): VideoTag {
  if (packet === PACKET.modifier) {
    const after = afterModifier(body, at);
    return after === null ? { kind: 'other' } : enhancedVideo(body, frame, after.packet, after.at);
  }
  if (packet === PACKET.multitrack) return { kind: 'unsupported', name: 'multitrack video' };
  // A command frame carries no FourCC.
  if (frame === SEEK_FRAME && packet !== PACKET.start) return { kind: 'other' };
  if (body.length < at + 4) return { kind: 'other' };
  const code = String.fromCharCode(...body.subarray(at, at + 4));
  if (code !== 'avc1') return { kind: 'unsupported', name: FOUR_CC[code] ?? printable(code) };
  const rest = at + 4;
  if (packet === PACKET.start) return { kind: 'configuration', record: body.subarray(rest) };
  const isKey = frame === 1;
  if (packet === PACKET.coded && body.length > rest + 3) {
    const compositionMs = signed24(body, rest);
    return { kind: 'picture', isKey, compositionMs, bytes: body.subarray(rest + 3) };
  }
  if (packet === PACKET.codedNoTime && body.length > rest) {
    return { kind: 'picture', isKey, compositionMs: 0, bytes: body.subarray(rest) };
  }
  return { kind: 'other' };
}

/** Skips one ModEx (nanoseconds and the like); null when it is cut off. */
function afterModifier(body: Uint8Array, at: number): { at: number; packet: number } | null {
  let size = (body[at] ?? 0) + 1;
  let next = at + 1;
  if (size === 256) {
    size = (body[next] ?? 0) * 256 + (body[next + 1] ?? 0) + 1;
    next += 2;
  }
  next += size;
  const byte = body[next];
  if (byte === undefined) return null;
  return { at: next + 1, packet: byte & 15 };
}

const ENHANCED_AUDIO = 9;
const AUDIO_MULTITRACK = 5;

/** Reads the head of an audio message; its bytes go to ffmpeg as they are. */
export function readAudioTag(body: Uint8Array): AudioTag {
  const first = body[0];
  if (first === undefined || body.length < 2) return { kind: 'other' };
  const format = first >> 4;
  if (format === ENHANCED_AUDIO) return enhancedAudio(body, first & 15);
  const name = SOUND_FORMATS[format];
  if (!name) return { kind: 'unsupported', name: `sound format ${format}` };
  if (name === 'AAC' && body[1] === 0) return { kind: 'configuration', name };
  return { kind: 'sound', name };
}

function enhancedAudio(body: Uint8Array, packet: number): AudioTag {
  if (packet === AUDIO_MULTITRACK) return { kind: 'unsupported', name: 'multitrack audio' };
  if (body.length < 5) return { kind: 'other' };
  const code = String.fromCharCode(...body.subarray(1, 5));
  return { kind: 'unsupported', name: AUDIO_FOUR_CC[code] ?? printable(code) };
}

function printable(code: string): string {
  return `codec ${code.replace(/[^\x20-\x7e]/g, '?')}`;
}

function signed24(bytes: Uint8Array, at: number): number {
  return (number24(bytes, at) << 8) >> 8;
}
