// The ffmpeg arguments of our own encoders: constrained baseline without B-frames, a key frame
// each second (ffmpeg's program cannot make one on demand), parameter sets in front of each. What a
// picture is for shows in its key frames, its bits and the work that goes into them, and in nothing
// else: none of the ways holds a picture back.

import type { PictureIntent } from '../../core/contract/picture.ts';
import {
  FIRST_PICTURE_TARGET,
  levelOf,
  type PictureTarget,
} from '../../core/media/pictureTarget.ts';
import { hardwareArguments, hardwareFilters } from '../ffmpeg/hardwareEncoders.ts';

/**
 * Pictures whose bits a key frame may take. Four: a crowd gets it as one burst. Two where delay
 * counts most: a key frame then is on its way no longer than two pictures, and less sharp.
 */
const BURST_PICTURES: Record<PictureIntent, number> = {
  lowestDelay: 2,
  balanced: 4,
  weakUplink: 4,
};
/** Pixels a second that one core bears beside all else: 1080p30, not 1080p60. */
const PIXELS_PER_THREAD = 70_000_000;
/** Up to 720p30 a weak uplink's encoder has time to search; beyond, less of it. */
const PIXELS_FOR_SEARCH = 28_000_000;

/**
 * One slice and one thread: 720p30 takes about 6 ms of one core, and a viewer's decoder starts on
 * whole pictures. Only 1080p60, which one core cannot bear, is made of two slices.
 */
export function videoEncoderArguments(
  keyFrames: readonly string[],
  target: PictureTarget = FIRST_PICTURE_TARGET,
): string[] {
  const { intent, bitsPerSecond, framesPerSecond, encoder } = target;
  const bufferBits = Math.round((bitsPerSecond * BURST_PICTURES[intent]) / framesPerSecond);
  if (encoder !== 'x264') {
    return [...hardwareArguments(encoder, target, bufferBits, keyFrames), ...NUT_OUTPUT];
  }
  const pixels = target.width * target.height * framesPerSecond;
  const threads = pixels > PIXELS_PER_THREAD ? 2 : 1;
  return [
    ...['-c:v', 'libx264', '-preset', presetOf(intent, pixels), '-tune', 'zerolatency'],
    ...['-profile:v', 'baseline', '-level', levelOf(target).level, '-pix_fmt', 'yuv420p'],
    ...['-bf', '0', '-b:v', String(bitsPerSecond), '-maxrate', String(bitsPerSecond)],
    ...['-bufsize', String(bufferBits), '-threads', String(threads)],
    ...['-x264-params', `scenecut=0:repeat-headers=1:sliced-threads=${threads - 1}`],
    ...keyFrames,
    ...NUT_OUTPUT,
  ];
}

function presetOf(intent: PictureIntent, pixels: number): string {
  if (intent !== 'weakUplink') return 'ultrafast';
  return pixels > PIXELS_FOR_SEARCH ? 'superfast' : 'veryfast';
}

/** Whether a child ended because of a card's encoder; x264 then takes its place. */
export function isEncoderFault(lines: readonly string[]): boolean {
  return lines.some((line) => /h264_(nvenc|qsv|amf|videotoolbox|vaapi)|hwupload/i.test(line));
}

/** Filters in a row, with those that the encoder needs last; nothing where there are none. */
export function filterArguments(
  filters: readonly string[],
  { encoder }: Pick<PictureTarget, 'encoder'>,
): string[] {
  const all = [...filters, ...(encoder === 'x264' ? [] : hardwareFilters(encoder))];
  return all.length > 0 ? ['-vf', all.join(',')] : [];
}

/** Down to fit, never up, square pixels, even sides. */
export function scaleToFit({ width, height }: { width: number; height: number }): string {
  const factor = `min(1\\,min(${width}/(iw*sar)\\,${height}/ih))`;
  return `scale=w=trunc(iw*sar*${factor}/2)*2:h=trunc(ih*${factor}/2)*2`;
}

/** Drops down to a rate; pictures that come slower keep their own times. */
export function thinnedTo(framesPerSecond: number): string {
  return `select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,${0.7 / framesPerSecond})'`;
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
