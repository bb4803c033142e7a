// Figure `ball`: balls of the basketball clip, found by motion candidates, our classifier of crops and
// chains, and as sight tells them with the basketball pack (one ball, both models in their threads),
// beside the plain nano detector on the same pictures; and the shots that the pack's rule tells. The labels were read by eye before
// the code was written. Recall counts balls in play; a word on a resting or unclear one is neither
// right nor false. Nothing was trained or drawn from this clip.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import { openBallClassifier } from '../native/vision/models/ballClassifier.ts';
import { openSession } from '../native/vision/models/session.ts';
import { SHARED, SHARED_SKIP, sharedModel } from '../native/vision/models/testing/photo.ts';
import { BALL_FINDER_DEFAULTS, BallFinder } from '../native/vision/moriarty/ballFinder.ts';
import { BackgroundMotion } from '../native/vision/vibrio/background.ts';
import { PICTURE } from '../native/vision/vibrio/motion.ts';
import { root } from '../tests/harness/studio.ts';
import { packOf, type SightRun, throughSight } from './ballSight.ts';
import { type BenchContext, type Measured, notMeasured } from './figure.ts';

const NEAR_PIXELS = 8;
const RESAMPLES = 1000;
const FRAME_US = 33_367;
const FRAME_BYTES = (PICTURE.width * PICTURE.height * 3) / 2;

const labelsSchema = z.object({
  clip: z.string(),
  widthPixels: z.number(),
  heightPixels: z.number(),
  shots: z.array(z.object({ release: z.number(), atHoop: z.number(), made: z.boolean() })),
  frames: z.array(
    z.object({
      frame: z.number(),
      balls: z.array(
        z.object({
          kind: z.enum(['play', 'rest', 'unclear']),
          ...{ x: z.number(), y: z.number(), radius: z.number() },
        }),
      ),
    }),
  ),
});
export type Labels = z.infer<typeof labelsSchema>;
/** A shot is told from this much before its release to when the ball is at the hoop, pictures. */
const SHOT_EARLY = 10;

export type Told = { x: number; y: number; confidence: number; hits: number };
type Counts = { right: number; wrong: number; missed: number; neither: number };

export function readLabels(): Labels {
  const path = join(import.meta.dirname, 'basketballLabels.json');
  return labelsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Compares what was told of one picture with its labels; each label is met once. */
export function compare(balls: Labels['frames'][number]['balls'], told: readonly Told[]): Counts {
  const met = new Set<object>();
  const counts = { right: 0, wrong: 0, missed: 0, neither: 0 };
  for (const one of [...told].sort((a, b) => b.confidence - a.confidence)) {
    const near = balls
      .filter((ball) => !met.has(ball))
      .map((ball) => ({ ball, far: Math.hypot(ball.x - one.x, ball.y - one.y) }))
      .filter(({ ball, far }) => far <= Math.max(NEAR_PIXELS, ball.radius))
      .sort((a, b) => a.far - b.far)[0];
    if (!near) counts.wrong++;
    else {
      met.add(near.ball);
      if (near.ball.kind === 'play') counts.right++;
      else counts.neither++;
    }
  }
  counts.missed = balls.filter((ball) => ball.kind === 'play' && !met.has(ball)).length;
  return counts;
}

const sumUp = (all: readonly Counts[]) => {
  const sum = (of: keyof Counts) => all.reduce((total, counts) => total + counts[of], 0);
  const [right, wrong, missed] = [sum('right'), sum('wrong'), sum('missed')];
  return {
    ...{ right, wrong, missed, neither: sum('neither') },
    recall: right / Math.max(1, right + missed),
    precision: right + wrong === 0 ? 1 : right / (right + wrong),
  };
};

/** 95 % of resampled clips (whole pictures, Efron 1979) lie between these. */
export function interval(all: readonly Counts[], of: 'recall' | 'precision'): [number, number] {
  let state = 20_261_121;
  const values = Array.from({ length: RESAMPLES }, () => {
    const again = all.map(() => {
      state = (state * 48_271) % 2_147_483_647;
      return all[state % all.length] as Counts;
    });
    return sumUp(again)[of];
  }).sort((a, b) => a - b);
  return [values[Math.floor(RESAMPLES * 0.025)] ?? 0, values[Math.floor(RESAMPLES * 0.975)] ?? 0];
}

function line(name: string, all: readonly Counts[]): string {
  const found = sumUp(all);
  const part = (of: 'recall' | 'precision') => {
    if (of === 'precision' && found.right + found.wrong === 0) return 'no precision, none told';
    const [low, high] = interval(all, of);
    return `${of} ${found[of].toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  };
  return (
    `${name}: ${part('recall')}, ${part('precision')}; ${found.right} right, ${found.wrong} ` +
    `false, ${found.missed} missed, ${found.neither} resting or unclear ones`
  );
}

type Run = { told: Map<number, Told[]>; samplesMs: number[] };

async function ours(yuv: Buffer, scale: number): Promise<Run> {
  const classifier = await openBallClassifier(join(root, 'models/ball-or-not.onnx'));
  const finder = new BallFinder(classifier.classify, { hitsMin: 1, confidenceMin: 0 });
  const background = new BackgroundMotion();
  const told = new Map<number, Told[]>();
  const samplesMs: number[] = [];
  for (let frame = 0; (frame + 1) * FRAME_BYTES <= yuv.length; frame++) {
    const picture = yuv.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES);
    const { shift } = background.detect(picture, frame * FRAME_US);
    const begun = performance.now();
    const found = await finder.judge(picture, shift);
    samplesMs.push(performance.now() - begun);
    told.set(
      frame,
      found.map((ball) => ({ ...ball, x: ball.x * scale, y: ball.y * scale })),
    );
  }
  await classifier.close();
  return { told, samplesMs };
}

async function nano(yuv: Buffer, labels: Labels): Promise<Map<number, Told[]>> {
  const model = { ...(await sharedModel('yolox_nano_416')), minimumConfidence: 0.02 };
  const session = await openSession(model, { allowed: [] });
  const told = new Map<number, Told[]>();
  for (const { frame } of labels.frames) {
    const bytes = yuv.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES);
    const seen = await session.detect({ ...PICTURE, bytes, range: 'video', matrix: 'bt709' });
    const balls = seen.detections.filter(({ label }) => label === 'sports ball');
    told.set(
      frame,
      balls.map(({ x, y, width, height, confidence }) => ({
        x: (x + width / 2) * labels.widthPixels,
        y: (y + height / 2) * labels.heightPixels,
        ...{ confidence, hits: 1 },
      })),
    );
  }
  await session.close();
  return told;
}

/** What sight tells of the clip, with the finder and without. */
async function sightLines(yuv: Buffer, labels: Labels): Promise<string[]> {
  const pack = await packOf('basketball');
  const scale = labels.widthPixels / PICTURE.width;
  const countsOf = ({ balls }: SightRun, isTold: (isSeen: boolean) => boolean) =>
    labels.frames.map(({ frame, balls: labelled }) => {
      const told = (balls.get(frame) ?? []).filter(({ isSeen }) => isTold(isSeen));
      const words = told.map(({ x, y, confidence }) => {
        return { x: x * scale, y: y * scale, confidence, hits: 1 };
      });
      return compare(labelled, words);
    });
  const run = await throughSight(yuv, pack, FRAME_US);
  const plain = pack.ball && { label: pack.ball.label };
  const without = await throughSight(yuv, { ...pack, ball: plain }, FRAME_US);
  const shots = run.events.filter(({ event }) => event.type === 'shot').map(({ frame }) => frame);
  const right = labels.shots.filter(({ release, atHoop }) =>
    shots.some((frame) => frame >= release - SHOT_EARLY && frame <= atHoop),
  );
  const wrong = shots.filter((frame) =>
    labels.shots.every(({ release, atHoop }) => frame < release - SHOT_EARLY || frame > atHoop),
  );
  const inPlay = labels.frames.filter(({ balls }) => balls.some(({ kind }) => kind === 'play'));
  return [
    `sight tells one ball a picture; ${inPlay.length} of the pictures have one in play or more`,
    line(
      'sight with the pack basketball, seen balls',
      countsOf(run, (isSeen) => isSeen),
    ),
    line(
      'sight with the pack basketball, carried ones too',
      countsOf(run, () => true),
    ),
    line(
      'sight without the finder, seen balls',
      countsOf(without, (isSeen) => isSeen),
    ),
    `shots by the pack: ${right.length} of ${labels.shots.length} told, ${wrong.length} false; ` +
      `releases on ${labels.shots.map(({ release }) => release).join(', ')}, told on ` +
      `${shots.join(', ')} (where the rise began); three shots are no statistics`,
  ];
}

export async function measureBall(context: BenchContext): Promise<Measured[]> {
  const labels = readLabels();
  const clip = join(SHARED, 'media', labels.clip);
  if (SHARED_SKIP !== false || !existsSync(clip)) return [notMeasured('ball', `no ${clip}`)];
  await context.quiet();
  const filter = `scale=${PICTURE.width}:${PICTURE.height}:flags=fast_bilinear,format=yuv420p`;
  const output = ['-vf', filter, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'];
  const yuv = execFileSync(TEST_FFMPEG_PATH, ['-v', 'error', '-i', clip, ...output], {
    maxBuffer: 400 * FRAME_BYTES,
  });
  const { told, samplesMs } = await ours(yuv, labels.widthPixels / PICTURE.width);
  const theirs = await nano(yuv, labels);
  const counted = (words: Map<number, Told[]>, isTold: (one: Told) => boolean) =>
    labels.frames.map(({ frame, balls }) =>
      compare(balls, (words.get(frame) ?? []).filter(isTold)),
    );
  const { hitsMin, confidenceMin } = BALL_FINDER_DEFAULTS;
  const remarks = [
    `${labels.frames.length} labelled pictures of ${labels.clip}; interval: 95 % of resampled clips`,
    line(
      `chains of ${hitsMin} words of at least ${confidenceMin}`,
      counted(told, (one) => one.hits >= hitsMin && one.confidence >= confidenceMin),
    ),
    line(
      'single words of at least 0.3',
      counted(told, () => true),
    ),
    ...(await sightLines(yuv, labels)),
    ...[0.25, 0.1, 0.02].map((least) =>
      line(
        `yolox-nano from ${least} on`,
        counted(theirs, (one) => one.confidence >= least),
      ),
    ),
  ];
  return [{ figure: 'ball', rounds: [samplesMs.slice(10)], remarks }];
}
