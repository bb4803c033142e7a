// Proves that SIGKILL at any moment loses no confirmed bet, books none twice and leaves every balance
// as the auditor counts it: bets and decisions flow into the real process, which is killed ten times
// (a thousand times by `npm run endurance -- --only kills`).

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { runKills } from './testing/killRun.ts';

const KILLS = 10;

test(`${KILLS} kills while bets flow: nothing confirmed is lost or doubled`, async (context) => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  context.diagnostic(`seed ${seed}`);
  const report = await runKills(KILLS, seed);
  assert.equal(report.kills, KILLS);
  assert.ok(report.confirmed >= KILLS && report.untold + report.lostUntold > 0);
});
