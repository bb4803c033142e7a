// The way back of a lost desktop: a new machine with the owner's key gets a whole journal from the
// relay over a real WebSocket and makes it durable, every row checked and folded. The short form
// takes fewer rows and scales the time up to the full number, and says so.

import { rebuildLostDesktop } from '../relay/testing/lostDesktop.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';

const ROWS = { short: 50_000, full: 1_000_000 };
const SEED = 20_261;

export async function measureRecovery(context: BenchContext): Promise<Measured[]> {
  await context.quiet();
  const wanted = context.isFull ? ROWS.full : ROWS.short;
  const scale = ROWS.full / wanted;
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { rows, seconds, isEqual } = await rebuildLostDesktop(wanted, SEED + round);
    if (!isEqual || rows !== wanted) throw new Error(`Only ${rows} rows came back, or others.`);
    rounds.push([seconds * 1000 * scale]);
  }
  const scaled = scale > 1 ? `, the time scaled by ${scale} to ${ROWS.full}` : '';
  return [
    {
      figure: 'recovery',
      rounds,
      remarks: [
        `${wanted} rows of 5000 viewers${scaled}; relay, ledger and what is between in one process`,
      ],
    },
  ];
}
