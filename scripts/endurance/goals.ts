// The match of the demo, ten times three minutes, through the whole way that pixels take and faster
// than time: are the goals the true ones, on their picture, and is the ball found? Each match is a
// process of its own, one on each core.

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export type MatchResult = {
  seed: number;
  frames: number;
  judged: number;
  /** Pictures on which the model was not heard in time. */
  withoutDetector: number;
  seconds: number;
  ball: { visible: number; seen: number; reported: number; near: number };
  goals: number;
  /** Frames of goals that were not told, and of goals that were none. */
  missed: number[];
  falseGoals: number[];
  /** For each goal that was told: how far its picture lies from the true one. */
  errorFrames: number[];
};

const SEEDS = 10;
const FRAMES = 3 * 60 * 30;
const F1_MIN = 0.98;
const ERROR_P95_FRAMES_MAX = 1;
const RECALL_MIN = 0.9;

/** Plays one match, or some frames of it, in a process of its own. */
export function playMatch(seed: number, frames: number, from = 0): Promise<MatchResult> {
  const file = join(import.meta.dirname, 'demoMatch.ts');
  const child = spawn(process.execPath, [file, ...[seed, frames, from].map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new Error(`The match of seed ${seed} ended with ${code}.`));
    });
  });
}

/** What several matches give together. */
export function summary(results: readonly MatchResult[]) {
  const sum = (of: (result: MatchResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const goals = sum(({ goals }) => goals);
  const wrong = sum(({ missed, falseGoals }) => missed.length + falseGoals.length);
  const errors = results.flatMap(({ errorFrames }) => errorFrames).sort((a, b) => a - b);
  return {
    goals,
    falseGoals: sum(({ falseGoals }) => falseGoals.length),
    missed: sum(({ missed }) => missed.length),
    f1: goals === 0 ? 0 : (2 * goals) / (2 * goals + wrong),
    errorP95Frames: errors[Math.ceil(errors.length * 0.95) - 1] ?? Number.NaN,
    recall: sum(({ ball }) => ball.seen) / sum(({ ball }) => ball.visible),
    precision: sum(({ ball }) => ball.near) / sum(({ ball }) => ball.reported),
    judged: sum(({ judged }) => judged),
    frames: sum(({ frames }) => frames),
  };
}

/**
 * Runs the section.
 *
 * @param say takes one line of the report
 * @returns false when a target was not met
 */
export async function runGoals(say: (line: string) => void): Promise<boolean> {
  const first = Number(process.env.SEED ?? 1);
  const waiting = Array.from({ length: SEEDS }, (_, index) => first + index);
  const results: MatchResult[] = [];
  say(`goals: seeds ${first} to ${first + SEEDS - 1}, ${FRAMES} pictures each`);
  const lane = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      // A match whose encoder was killed from outside says nothing; it is played once more.
      const result = await playMatch(seed, FRAMES).catch((cause: Error) => {
        say(`  seed ${seed}: ${cause.message} Once more.`);
        return playMatch(seed, FRAMES);
      });
      results.push(result);
      say(
        `  seed ${seed}: ${result.goals} goals (pictures off: ${result.errorFrames}), missed ${JSON.stringify(result.missed)}, ` +
          `false ${JSON.stringify(result.falseGoals)}, ball seen on ${result.ball.seen} of ` +
          `${result.ball.visible}, ${(result.frames / result.seconds / 30).toFixed(1)} x time`,
      );
    }
  };
  const lanes = Math.min(SEEDS, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, lane));
  const all = summary(results);
  say(
    `  F1 ${all.f1.toFixed(4)} (${all.goals} right, ${all.missed} missed, ${all.falseGoals} ` +
      `false), t_cap error p95 ${all.errorP95Frames} pictures, ball recall ` +
      `${all.recall.toFixed(4)}, precision ${all.precision.toFixed(4)}, ` +
      `${all.judged} of ${all.frames} pictures judged`,
  );
  return (
    all.f1 >= F1_MIN &&
    all.falseGoals === 0 &&
    all.errorP95Frames <= ERROR_P95_FRAMES_MAX &&
    all.recall >= RECALL_MIN
  );
}
