// Figure `start`: from the start of the program to its ready file, headless, with a built tree and
// a fresh data folder. npm itself is left out: it costs what the machine's npm costs.

import { startStudio } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';

export async function measureStart(context: BenchContext): Promise<Measured[]> {
  await context.quiet();
  const perRound = context.isFull ? 10 : 1;
  const rounds: number[][] = [];
  // The first start reads every file from the disk; it is the warm-up.
  for (let round = -1; round < ROUNDS; round++) {
    const samples: number[] = [];
    for (let at = 0; at < (round < 0 ? 1 : perRound); at++) {
      const startMs = performance.now();
      const studio = await startStudio({ isLive: false });
      samples.push(performance.now() - startMs);
      const code = await studio.stop();
      if (code !== 0) throw new Error(`The studio stopped with ${code}`);
    }
    if (round >= 0) rounds.push(samples);
  }
  return [{ figure: 'start', rounds, remarks: ['fresh data folder, built tree, files cached'] }];
}
