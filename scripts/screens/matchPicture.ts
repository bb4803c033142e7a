// The picture on the screens: one frame of the built-in match, standing, as real H.264, with the
// boxes of who is on it. It stands so that two runs give the same pictures.

import { spawnSync } from 'node:child_process';
import {
  createMatch,
  FRAMES_PER_SECOND,
  PICTURE_BYTES,
  PICTURE_HEIGHT,
  PICTURE_WIDTH,
} from '../../native/capture/demo/match.ts';
import { TEST_FFMPEG_PATH } from '../../native/ffmpeg/testFfmpeg.ts';
import { splitFrames, type TestVideo } from '../../native/webrtc/testVideo.ts';

/** A match, and so many seconds into it: the ball is on its way. */
const SEED = 28;
const SECONDS_BEFORE_GOAL = 1;

const SIZE = `${PICTURE_WIDTH}x${PICTURE_HEIGHT}`;

export type MatchPicture = {
  video: TestVideo;
  tracks: {
    id: number;
    label: string;
    box: { x: number; y: number; width: number; height: number };
    confidence: number;
  }[];
  /** The same as a film for Chromium's camera: YUV4MPEG2. */
  film: Uint8Array;
};

/** Throws with the reason when there is no ffmpeg that encodes H.264. */
export function matchPicture(): MatchPicture {
  const match = createMatch(SEED);
  const frame = match.nextGoalFrame(0) - SECONDS_BEFORE_GOAL * FRAMES_PER_SECOND;
  const picture = new Uint8Array(PICTURE_BYTES);
  match.drawFrame(frame, picture);
  const { players, ball } = match.truth(frame);
  const box = (x: number, y: number, width: number, height: number) => ({
    ...{ x: x / PICTURE_WIDTH, y: y / PICTURE_HEIGHT },
    ...{ width: width / PICTURE_WIDTH, height: height / PICTURE_HEIGHT },
  });
  const { x, y, radius } = ball;
  const around = box(x - radius, y - radius, radius * 2, radius * 2);
  return {
    video: encoded(picture),
    tracks: [
      { id: 1, label: 'ball', box: around, confidence: 0.9 },
      ...players.map((one, at) => ({
        ...{ id: at + 2, label: 'person', confidence: 0.9 },
        box: box(one.x, one.y, one.width, one.height),
      })),
    ],
    film: Buffer.concat([
      Buffer.from(`YUV4MPEG2 W${PICTURE_WIDTH} H${PICTURE_HEIGHT} F30:1 Ip A1:1 C420\nFRAME\n`),
      picture,
    ]),
  };
}

function encoded(picture: Uint8Array): TestVideo {
  const input = Buffer.concat(Array.from({ length: FRAMES_PER_SECOND }, () => picture));
  const arguments_ = [
    ...['-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', SIZE, '-r', '30'],
    ...['-i', 'pipe:0', '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency'],
    ...['-profile:v', 'baseline', '-level', '3.1', '-pix_fmt', 'yuv420p', '-crf', '18'],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
    ...['-color_range', 'tv', '-g', '30', '-keyint_min', '30', '-sc_threshold', '0', '-bf', '0'],
    ...['-x264-params', 'aud=1:repeat-headers=1', '-f', 'h264', 'pipe:1'],
  ];
  const run = spawnSync(TEST_FFMPEG_PATH, arguments_, { input, maxBuffer: 64 * 1024 * 1024 });
  if (run.error || run.status !== 0) {
    throw new Error(`ffmpeg with libx264 is needed for the picture: ${run.stderr}`);
  }
  return { frames: splitFrames(run.stdout) };
}
