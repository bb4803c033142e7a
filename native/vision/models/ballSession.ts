// The classifier of motion crops with all that stands around it, opened: pictures in, balls that
// move out. It runs in a worker, for the search for candidates takes as long as the network. It
// remembers the pictures before, so it must be told how each lies to the one it saw last.

import { BallFinder, type FoundBall } from '../moriarty/ballFinder.ts';
import { openBallClassifier } from './ballClassifier.ts';
import type { Model } from './manifest.ts';
import type { Moved } from './modelWorker.ts';
import type { Picture } from './picture.ts';
import type { Trial } from './providers.ts';
import type { Provider } from './runtime.ts';

/** Balls in pixels of the picture, and how long it took, ms. */
export type SeenBalls = { balls: FoundBall[]; inferMs: number; glueMs: number };

export type BallSession = {
  provider: Provider;
  medianMs: number;
  refusals: Trial[];
  look(picture: Picture, moved?: Moved): Promise<SeenBalls>;
  close(): Promise<void>;
};

/** Crops that the speed at the start is told for. */
const TYPICAL_CROPS = 28;
const TIMED_RUNS = 3;

/**
 * Opens the file on the CPU: crops are many and small, and no other provider was tried with them.
 *
 * @throws Error with a sentence that names the manifest's field and what was expected
 */
export async function openBallSession(model: Model): Promise<BallSession> {
  const { width, height } = model.input;
  const classifier = await openBallClassifier(model.path).catch((cause: Error) => {
    throw new Error(`file: expected a classifier of ${width}x${height} crops: ${cause.message}`);
  });
  let inferMs = 0;
  const finder = new BallFinder(async (crops, count) => {
    const begun = performance.now();
    const words = await classifier.classify(crops, count);
    inferMs += performance.now() - begun;
    if (words.kinds.some(Number.isNaN))
      throw new Error('its output "kinds" holds no numbers (NaN)');
    return words;
  });
  const look: BallSession['look'] = async (picture, moved) => {
    const begun = performance.now();
    inferMs = 0;
    if (!moved || moved.isFirst) finder.reset();
    const shift = moved && !moved.isFirst ? moved : { x: 0, y: 0 };
    const balls = await finder.judge(picture.bytes, shift, moved?.steps ?? 1);
    return { balls, inferMs, glueMs: performance.now() - begun - inferMs };
  };
  const crops = new Float32Array(TYPICAL_CROPS * 4 * width * height);
  const timesMs: number[] = [];
  for (let run = 0; run < TIMED_RUNS; run++) {
    const begun = performance.now();
    await classifier.classify(crops, TYPICAL_CROPS);
    timesMs.push(performance.now() - begun);
  }
  const medianMs = timesMs.sort((a, b) => a - b)[TIMED_RUNS >> 1] ?? 0;
  return { provider: 'cpu', medianMs, refusals: [], look, close: classifier.close };
}
