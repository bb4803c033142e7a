// Proves that a damaged file never serves a wrong balance: 60 copies of a ledger with one bit turned
// and 40 cut or torn ones are opened and asked for everything. Each damage is noticed by name, or the
// log is a whole but shorter one (which the witness's mark tells), or nothing that is served differs.
// The long forms are `npm run endurance -- --only torn,flips`.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { createSeededRandom } from '../../core/markets/testing/seededRandom.ts';
import { flipBit, runDamage, tear } from './testing/damageRun.ts';

const FLIPS = 60;
const CUTS = 40;

for (const [name, count, damage] of [
  ['bits turned', FLIPS, flipBit],
  ['cuts', CUTS, tear],
] as const) {
  test(`${count} ${name}: noticed by name, shorter, or without effect`, async (context) => {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    context.diagnostic(`seed ${seed}`);
    const report = await runDamage({ count, damage, random: createSeededRandom(seed) });
    const sum = Object.values(report).reduce((all, one) => all + one, 0);
    assert.equal(sum, count);
    // By name is by a refused start or, beside the bets, by a suspension.
    const named = report.refused + report.suspended;
    assert.ok(named > 0 && report.shorter > 0, JSON.stringify(report));
  });
}
