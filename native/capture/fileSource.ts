// What ffmpeg is asked to play: any input that it gives as fast as it is taken, its picture small
// enough, upright and with square pixels, its sound or silence, both on one clock. It starts none
// itself. Surprising: builds of 2018 know neither the same options nor the same defaults.

import { basename } from 'node:path';
import { FIRST_PICTURE_TARGET, type PictureTarget } from '../../core/media/pictureTarget.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';
import { FILE_PROTOCOLS, type MediaFacts } from './checkSource.ts';
import {
  filterArguments,
  NUT_OUTPUT,
  scaleToFit,
  soundEncoderArguments,
  thinnedTo,
  videoEncoderArguments,
} from './encoder.ts';

/** What is played: anything that ffmpeg gives as fast as it is taken. */
export type Played = {
  /** As a person knows it. */
  name: string;
  input: readonly string[];
  /** For ffmpeg's stdin, where the input is read from there. */
  script?: string;
  /** The stream of the picture, and that of the sound; null: silence is made. */
  picture: string;
  sound: string | null;
  framesPerSecond: number;
  silenceMsMax?: number;
  /** How long silence is made; absent: as long as anybody reads. */
  silenceUs?: number;
};

/** A file: for ever, or once from a place to its end, microseconds. */
export function fileInput(path: string, media: MediaFacts, fromUs: number | null = null): Played {
  const { videoStream, framesPerSecond, hasSound, lengthUs } = media;
  const start = fromUs ? ['-ss', secondsText(fromUs)] : [];
  const place = fromUs === null ? ['-stream_loop', '-1'] : start;
  const restUs = Math.max(SHORTEST_US, (lengthUs ?? 0) - (fromUs ?? 0));
  return {
    ...(fromUs === null ? {} : { silenceUs: restUs }),
    name: basename(path),
    input: [...FILE_PROTOCOLS, ...place, '-i', `file:${path}`],
    picture: `0:${videoStream}`,
    sound: hasSound ? '0:a:0' : null,
    framesPerSecond,
  };
}

/** Silence of no length is none that ffmpeg makes. */
const SHORTEST_US = 100_000;

function secondsText(us: number): string {
  return (us / 1e6).toFixed(6);
}

/**
 * What ffmpeg is asked: pictures on pipe:1, sound on pipe:3.
 *
 * @param isRaw pictures as they were decoded, for encoders of their own
 */
export function playedArguments(
  played: Played,
  ffmpeg: Ffmpeg,
  picture: PictureTarget = FIRST_PICTURE_TARGET,
  isRaw = false,
): string[] {
  const { input, sound, framesPerSecond, silenceUs } = played;
  const isFaster = framesPerSecond > picture.framesPerSecond + 0.5;
  const rate = isFaster ? [`fps=${picture.framesPerSecond}`] : [];
  const shown = isRaw ? { ...picture, encoder: 'x264' as const } : picture;
  const limit = silenceUs === undefined ? [] : ['-t', secondsText(silenceUs)];
  const silence = ['-f', 'lavfi', ...limit, '-i', 'anullsrc=r=48000:cl=stereo'];
  return [
    ...input,
    ...(sound ? [] : silence),
    ...['-map', played.picture, ...shownPicture(rate, shown, ffmpeg)],
    ...(isRaw ? RAW_PICTURES : videoEncoderArguments(KEY_FRAMES, picture)),
    'pipe:1',
    ...['-map', sound ?? '1:a:0'],
    // Fills the hole at the end of a loop whose sound is shorter than its picture.
    ...['-af', 'aresample=48000:async=1000:min_hard_comp=0.05:first_pts=0'],
    ...soundEncoderArguments(),
    'pipe:3',
  ];
}

/** Our own picture of whatever comes: small enough, upright, square pixels. */
function shownPicture(rate: readonly string[], picture: PictureTarget, ffmpeg: Ffmpeg): string[] {
  const filters = [...rate, scaleToFit(picture), 'setsar=1', 'format=yuv420p'];
  return [...filterArguments(filters, picture), ...ffmpeg.passthrough, ...fineTimes(ffmpeg)];
}

/** The same of pictures that come when they like, encoded. */
export function encodedPicture(picture: PictureTarget, ffmpeg: Ffmpeg): string[] {
  const rate = [thinnedTo(picture.framesPerSecond)];
  return [...shownPicture(rate, picture, ffmpeg), ...videoEncoderArguments(KEY_FRAMES, picture)];
}

const KEY_FRAMES = ['-g', '300', '-force_key_frames', 'expr:gte(t,n_forced)'];
const RAW_PICTURES = ['-c:v', 'rawvideo', ...NUT_OUTPUT];

/**
 * A fine time base keeps the times of files with a varying frame rate. Builds that are older than
 * -fps_mode take it for the frame rate and starve the encoder of bits.
 */
function fineTimes(ffmpeg: Ffmpeg): string[] {
  return ffmpeg.passthrough.includes('-fps_mode') ? ['-enc_time_base', '1:90000'] : [];
}
