// How many times real time an encoder of this machine manages, by the very words that a show would
// use, on a drawn picture that moves. Drawing it is not counted: a few pictures are drawn once and
// go round. Measured beside whatever the studio does meanwhile, so it says what is left.

import type { Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import { createNutReader } from '../../../core/media/nut.ts';
import type { PictureTarget } from '../../../core/media/pictureTarget.ts';
import {
  filterArguments,
  OWN_PICTURE_COLOURS,
  videoEncoderArguments,
} from '../../capture/encoder.ts';
import type { Ffmpeg } from '../../ffmpeg/resolve.ts';
import { spawnFfmpeg } from '../../ffmpeg/spawn.ts';

/** Counted from here on: before it the pictures are drawn and the encoder opens. */
const WARM_UP_PICTURES = 15;
const DRAWN_PICTURES = 12;
/** Long enough for a hundred pictures of a slow machine's 720p, ms. */
const COUNTED_MS = 1_000;
/** Opening, drawing and counting together, ms. */
const MEASURE_MS_MAX = 3_000;

export type SpeedAround = {
  timers: Timers;
  logger: Logger;
  monotonicMs(): number;
  onHelper?: ((pid: number, alive: boolean) => void) | undefined;
};

export type Speed = { timesRealTime: number | null; reason: string };

/** @param isCancelled asked at every picture; the child then ends */
export function measureEncoder(
  ffmpeg: Ffmpeg,
  target: PictureTarget,
  around: SpeedAround,
  isCancelled: () => boolean,
): Promise<Speed> {
  const { timers, logger, onHelper, monotonicMs } = around;
  let pictures = 0;
  let fromMs = 0;
  let timesRealTime: number | null = null;
  const look = () => {
    const spentMs = monotonicMs() - fromMs;
    const counted = pictures - WARM_UP_PICTURES;
    if (counted > 0 && spentMs > 0) {
      timesRealTime = (counted * 1000) / spentMs / target.framesPerSecond;
    }
    return spentMs;
  };
  return new Promise((done) => {
    const reader = createNutReader({
      onFrame() {
        pictures++;
        if (pictures === WARM_UP_PICTURES) fromMs = monotonicMs();
        const isOver = pictures > WARM_UP_PICTURES && look() >= COUNTED_MS;
        if (isOver || isCancelled()) void child.kill();
      },
    });
    const child = spawnFfmpeg({
      ...{ ffmpeg, timers, logger, onHelper, outputs: [1], silenceMsMax: 0 },
      arguments: [
        ...drawnPictures(target),
        ...videoEncoderArguments(everySecond(target), target),
        'pipe:1',
      ],
      onData: (_output, bytes) => {
        try {
          reader.push(bytes);
        } catch {
          void child.kill();
        }
      },
      onEnd: ({ reason, wasKilled }) => {
        cancel();
        const late = `it made ${pictures} pictures within ${MEASURE_MS_MAX / 1000} s`;
        const said = wasKilled ? late : (child.lastLines().at(-1) ?? reason);
        done({ timesRealTime, reason: timesRealTime === null ? said.slice(0, 200) : '' });
      },
    });
    const cancel = timers.after(MEASURE_MS_MAX, () => {
      if (pictures > WARM_UP_PICTURES) look();
      void child.kill();
    });
  });
}

function drawnPictures({ width, height, framesPerSecond, encoder }: PictureTarget): string[] {
  const drawn = `testsrc2=s=${width}x${height}:r=${framesPerSecond}`;
  const round = [`loop=loop=-1:size=${DRAWN_PICTURES}`, 'format=yuv420p'];
  return [
    ...['-f', 'lavfi', '-i', drawn],
    ...filterArguments(round, { encoder }),
    ...OWN_PICTURE_COLOURS,
  ];
}

const everySecond = ({ framesPerSecond }: PictureTarget) => ['-g', String(framesPerSecond)];
