// Fragmented MP4 (ISO/IEC 14496-12 section 8.8) of H.264 and Opus, as bytes. A file is one header
// and then whole fragments, so every cut of it opens: what was being written is all that is lost.
// Times are capture times in microseconds less the file's start, so they are read back exactly.
// Parameter sets stay in the samples (avc3, ISO/IEC 14496-15 section 5.3.3): the picture may change
// its size inside a file. Never re-encodes and never looks into a slice.

import { type BytePart, bigEndian, joinBytes } from '../base/bytes.ts';
import type { MediaTimeUs } from '../base/clock.ts';
import {
  buildAvcDescription,
  joinAvcc,
  NAL_DELIMITER,
  NAL_FILLER,
  NAL_PPS,
  NAL_SPS,
  nalTypeOf,
  parseSps,
  splitAnnexB,
} from './h264.ts';

export const VIDEO_TRACK = 1;
export const AUDIO_TRACK = 2;
/** Ticks per second of both tracks: capture times are stored as they are. */
export const FMP4_TIMESCALE = 1_000_000;
/** Marks the box that says when a file's time 0 was: ours alone, skipped by every player. */
export const START_BOX_ID = Uint8Array.from([
  ...[0x6d, 0x6f, 0x72, 0x70, 0x68, 0x69, 0x6e, 0x65],
  ...[0x2d, 0x73, 0x74, 0x61, 0x72, 0x74, 0x2d, 0x31],
]);

const SAMPLE_IS_KEY = 0x0200_0000;
const SAMPLE_IS_NO_KEY = 0x0101_0000;

export type Fmp4Header = {
  /** One access unit that holds SPS, PPS and an IDR slice, Annex B. */
  keyFrame: Uint8Array;
  hasSound: boolean;
  /** Capture time that becomes 0 in the file. */
  startUs: MediaTimeUs;
  /** `avc1` where a player of television wants it: then the picture may not change inside. */
  entry?: 'avc1' | 'avc3';
};

export type Fmp4Sample = {
  captureUs: MediaTimeUs;
  /** Until the next sample of the track. */
  durationUs: number;
  keyFrame: boolean;
  /** As in the feed: Annex B, or one Opus packet. */
  bytes: Uint8Array;
};

export type Fmp4Fragment = {
  /** Counts up from 1 in a file. */
  sequence: number;
  startUs: MediaTimeUs;
  video: readonly Fmp4Sample[];
  audio: readonly Fmp4Sample[];
  /** As the header's: with `avc1` parameter sets stand there only. */
  entry?: 'avc1' | 'avc3';
};

/** Header of a file: all before the first fragment. Throws H264Error without a usable SPS. */
export function fmp4Header(header: Fmp4Header): Uint8Array {
  const { hasSound, startUs } = header;
  const tracks = [videoTrack(header)];
  const extends_ = [trackExtends(VIDEO_TRACK)];
  if (hasSound) {
    tracks.push(soundTrack());
    extends_.push(trackExtends(AUDIO_TRACK));
  }
  const movieHeader = fullBox('mvhd', 0, 0, [
    ...[u32(0), u32(0), u32(1000), u32(0), u32(0x0001_0000), u16(0x0100), zeros(10)],
    ...[matrix(), zeros(24), u32(AUDIO_TRACK + 1)],
  ]);
  return joinBytes([
    box('ftyp', [text('iso6'), u32(0), text('iso6'), text('mp41'), text('dash')]),
    box('uuid', [START_BOX_ID, u64(startUs)]),
    box('moov', [movieHeader, ...tracks, box('mvex', extends_)]),
  ]);
}

/** One fragment: a moof and its mdat. A track without samples does not stand in it. */
export function fmp4Fragment(fragment: Fmp4Fragment): Uint8Array {
  const { sequence, startUs, entry = 'avc3' } = fragment;
  const leftOut = entry === 'avc1' ? [...SAYS_NOTHING, NAL_SPS, NAL_PPS] : SAYS_NOTHING;
  const video = fragment.video.map((one) => ({ ...one, bytes: avccOf(one.bytes, leftOut) }));
  const tracks = [
    { id: VIDEO_TRACK, samples: video },
    { id: AUDIO_TRACK, samples: fragment.audio },
  ].filter(({ samples }) => samples.length > 0);
  const build = (offsets: readonly number[]) =>
    box('moof', [
      fullBox('mfhd', 0, 0, [u32(sequence)]),
      ...tracks.map(({ id, samples }, at) => {
        const firstUs = (samples[0]?.captureUs ?? startUs) - startUs;
        return box('traf', [
          fullBox('tfhd', 0, 0x02_0000, [u32(id)]),
          fullBox('tfdt', 1, 0, [u64(Math.max(0, firstUs))]),
          trackRun(samples, offsets[at] ?? 0),
        ]);
      }),
    ]);
  // The offsets count from the moof's first byte, so its size must be known first.
  const size = build([]).length;
  let at = size + 8;
  const offsets = tracks.map(({ samples }) => {
    const offset = at;
    for (const { bytes } of samples) at += bytes.length;
    return offset;
  });
  const media = tracks.flatMap(({ samples }) => samples.map(({ bytes }) => bytes));
  return joinBytes([build(offsets), box('mdat', media)]);
}

/** Delimiters and filler say nothing in a file. */
const SAYS_NOTHING = [NAL_DELIMITER, NAL_FILLER];

/** Annex B to AVCC, without NAL units of some types. */
function avccOf(annexB: Uint8Array, leftOut: readonly number[]): Uint8Array {
  return joinAvcc(splitAnnexB(annexB).filter((unit) => !leftOut.includes(nalTypeOf(unit))));
}

function trackRun(samples: readonly Fmp4Sample[], offset: number): Uint8Array {
  // Data offset, and of each sample its duration, size and flags.
  const parts: BytePart[] = [u32(samples.length), u32(offset)];
  for (const { durationUs, bytes, keyFrame } of samples) {
    parts.push(
      u32(durationUs),
      u32(bytes.length),
      u32(keyFrame ? SAMPLE_IS_KEY : SAMPLE_IS_NO_KEY),
    );
  }
  return fullBox('trun', 0, 0x701, parts);
}

function videoTrack({ keyFrame, entry = 'avc3' }: Fmp4Header): Uint8Array {
  const units = splitAnnexB(keyFrame);
  const sets = units.filter((unit) => nalTypeOf(unit) === NAL_SPS || nalTypeOf(unit) === NAL_PPS);
  const description = buildAvcDescription(sets);
  const { width, height } = parseSps(sets.find((unit) => nalTypeOf(unit) === NAL_SPS) ?? keyFrame);
  const sample = box(entry, [
    ...[zeros(6), u16(1), zeros(16), u16(width), u16(height), u32(0x48_0000), u32(0x48_0000)],
    ...[u32(0), u16(1), zeros(32), u16(0x18), u16(0xffff), box('avcC', [description])],
  ]);
  const header = fullBox('vmhd', 0, 1, [zeros(8)]);
  return track({ id: VIDEO_TRACK, width, height, handler: 'vide', header, sample });
}

function soundTrack(): Uint8Array {
  // dOps: version, channels, pre-skip, input rate, gain, mapping family (Opus in ISOBMFF, 4.3.2).
  const description = box('dOps', [[0, 2], u16(0), u32(48_000), u16(0), [0]]);
  const sample = box('Opus', [
    ...[zeros(6), u16(1), zeros(8), u16(2), u16(16), u32(0), u32(48_000 * 65_536), description],
  ]);
  const header = fullBox('smhd', 0, 0, [zeros(4)]);
  return track({ id: AUDIO_TRACK, width: 0, height: 0, handler: 'soun', header, sample });
}

function track(of: {
  id: number;
  width: number;
  height: number;
  handler: 'vide' | 'soun';
  header: Uint8Array;
  sample: Uint8Array;
}): Uint8Array {
  const isSound = of.handler === 'soun';
  const trackHeader = fullBox('tkhd', 0, 3, [
    ...[u32(0), u32(0), u32(of.id), zeros(16), u16(0), u16(isSound ? 1 : 0)],
    ...[u16(isSound ? 0x0100 : 0), u16(0), matrix(), u32(of.width * 65_536)],
    u32(of.height * 65_536),
  ]);
  const empty = ['stts', 'stsc', 'stco'].map((name) => fullBox(name, 0, 0, [u32(0)]));
  const table = box('stbl', [
    fullBox('stsd', 0, 0, [u32(1), of.sample]),
    ...empty,
    fullBox('stsz', 0, 0, [u32(0), u32(0)]),
  ]);
  const data = box('dinf', [fullBox('dref', 0, 0, [u32(1), fullBox('url ', 0, 1, [])])]);
  return box('trak', [
    trackHeader,
    box('mdia', [
      fullBox('mdhd', 0, 0, [u32(0), u32(0), u32(FMP4_TIMESCALE), u32(0), u16(0x55c4), u16(0)]),
      fullBox('hdlr', 0, 0, [u32(0), text(of.handler), zeros(13)]),
      box('minf', [of.header, data, table]),
    ]),
  ]);
}

function trackExtends(id: number): Uint8Array {
  return fullBox('trex', 0, 0, [u32(id), u32(1), u32(0), u32(0), u32(0)]);
}

function box(name: string, parts: readonly BytePart[]): Uint8Array {
  let length = 8;
  for (const part of parts) length += part.length;
  return joinBytes([u32(length), text(name), ...parts]);
}

function fullBox(
  name: string,
  version: number,
  flags: number,
  parts: readonly BytePart[],
): Uint8Array {
  return box(name, [u32(version * 0x0100_0000 + flags), ...parts]);
}

function matrix(): Uint8Array {
  const ones = [u32(0x0001_0000), zeros(12), u32(0x0001_0000), zeros(12), u32(0x4000_0000)];
  return joinBytes(ones);
}

function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

function text(name: string): number[] {
  return [...name].map((letter) => letter.charCodeAt(0));
}

function u16(value: number): number[] {
  return bigEndian(value, 2);
}

function u32(value: number): number[] {
  return bigEndian(value, 4);
}

function u64(value: number): number[] {
  return bigEndian(value, 8);
}
