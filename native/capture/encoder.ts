// The ffmpeg arguments of our own encoders: constrained baseline without B-frames, a key frame
// each second (ffmpeg's program cannot make one on demand), parameter sets in front of each.

import { VIDEO_BITS_PER_SECOND } from './source.ts';

/**
 * One slice and one thread: 720p30 takes about 6 ms of one core, and a viewer's decoder starts on
 * whole pictures. A key frame may take the bits of four pictures: a crowd gets it as one burst.
 */
export function videoEncoderArguments(
  keyFrames: readonly string[],
  bitsPerSecond = VIDEO_BITS_PER_SECOND,
): string[] {
  return [
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency'],
    ...['-profile:v', 'baseline', '-level', '3.1', '-pix_fmt', 'yuv420p', '-bf', '0'],
    ...['-b:v', String(bitsPerSecond), '-maxrate', String(bitsPerSecond)],
    ...['-bufsize', String(Math.round((bitsPerSecond * 4) / 30)), '-threads', '1'],
    ...['-x264-params', 'scenecut=0:repeat-headers=1:sliced-threads=0'],
    ...keyFrames,
    ...NUT_OUTPUT,
  ];
}

/** Opus at 48 kHz, stereo, packets of 20 ms, 2.5 ms of lookahead. */
export function soundEncoderArguments(): string[] {
  return [
    ...['-c:a', 'libopus', '-b:a', '96k', '-application', 'lowdelay', '-frame_duration', '20'],
    ...['-ar', '48000', '-ac', '2'],
    ...NUT_OUTPUT,
  ];
}

/** How our own pictures are meant to be shown: BT.709, limited range (ITU-T H.273). */
export const OWN_PICTURE_COLOURS = [
  ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
  ...['-color_range', 'tv'],
];

/** Whole frames with times, each written at once. */
export const NUT_OUTPUT = ['-f', 'nut', '-write_index', '0', '-flush_packets', '1'];

/**
 * Microseconds by which Opus packets hold older sound than their time says: ffmpeg moves the first
 * packet to 0, the encoder put `pre-skip` samples of nothing before it (RFC 7845 section 5.1).
 */
export function opusDelayUs(opusHead: Uint8Array): number {
  const preSkip = (opusHead[10] ?? 0) + (opusHead[11] ?? 0) * 256;
  return Math.round((preSkip * 1_000_000) / 48_000);
}
