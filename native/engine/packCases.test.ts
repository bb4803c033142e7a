// Proves what a decided market becomes as a case for its pack: the clip that the evidence holds and
// what has to be seen in it, by what stands decided; where nothing can be tried, a sentence says so.
// Evidence is sealed on a real disk and opened again; pictures are not looked at here.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCase } from '../../core/contract/packCases.ts';
import type { Caller } from '../../core/contract/rpcCalls.ts';
import { sampleMarket } from '../../tests/studio/sampleStudio.ts';
import type { LedgerMarket } from '../ledger/protocol.ts';
import { rulesAt } from '../ledger/testLedger.ts';
import type { Evidence } from '../recording/sealedFile.ts';
import { caseOf, createPackCases } from './packCases.ts';

const data = mkdtempSync(join(tmpdir(), 'morphine-cases-'));
after(() => rmSync(data, { recursive: true, force: true }));
const MARKET = 'a'.repeat(32);
const AT_US = 50_000_000;
const MODERATOR = { role: 'moderator', clientId: 'b'.repeat(32) } as Caller;

function market(changes: Partial<LedgerMarket> = {}): LedgerMarket {
  const view = sampleMarket(MARKET, { state: 'RESOLVED', winner: 1, reason: 'Offside' });
  return { ...view, rules: rulesAt(AT_US - 5_000_000), cutoffUs: null, ...changes };
}

function kept(said: Evidence['meta']['said'], captureUs = AT_US): Evidence {
  const meta = { marketId: MARKET, captureUs, frame: 3, fromUs: captureUs - 4_000_000 };
  const clip = Buffer.from(`${said} ${captureUs}`);
  return { meta: { ...meta, said, facts: [] }, still: new Uint8Array(0), clip };
}

function expected(of: LedgerMarket, decisions: Evidence[]) {
  const made = caseOf(of, decisions);
  assert.ok(typeof made !== 'string', String(made));
  const { type, happens, fromUs, toUs } = made.expect;
  const clip = made.material.kind === 'clip' ? Buffer.from(made.material.base64, 'base64') : '';
  return { was: made.was, clip: String(clip), expect: [type, happens, fromUs, toUs] };
}

test('a goal that was none must not be seen around its moment', () => {
  assert.deepEqual(expected(market(), [kept('event'), kept('event')]), {
    was: `the picture said: goal at ${AT_US}`,
    clip: `event ${AT_US}`,
    expect: ['goal', false, AT_US - 1_000_000, AT_US + 1_000_000],
  });
});

test('a goal that was missed has to be seen where a person says', () => {
  const moment = AT_US - 3_000_000;
  const decisions = [kept('clock'), kept('person', moment)];
  assert.deepEqual(expected(market({ winner: 0 }), decisions), {
    was: 'the picture said: no goal',
    clip: `person ${moment}`,
    expect: ['goal', true, moment - 500_000, moment + 500_000],
  });
});

test('what the picture got right is kept as closely as it was said', () => {
  const { expect } = expected(market({ winner: 0 }), [kept('event')]);
  assert.deepEqual(expect, ['goal', true, AT_US - 100_000, AT_US + 100_000]);
  const quiet = expected(market(), [kept('clock')]);
  assert.deepEqual(quiet.expect, ['goal', false, AT_US - 4_000_000, AT_US + 1_000_000]);
});

test('what cannot be tried is refused in a sentence', () => {
  const rules = { ...rulesAt(AT_US), decideOn: null };
  const refused = [
    caseOf(market({ state: 'VOID', winner: null }), [kept('event')]),
    caseOf(market({ rules }), [kept('event')]),
    caseOf(market(), []),
    caseOf(market({ winner: 0 }), [kept('clock')]),
  ];
  const words = [/stands void/, /Only people/, /No picture/, /which moment/];
  for (const [at, word] of words.entries()) assert.match(String(refused[at]), word);
});

test('the file holds the case and who said so, for nobody else to read', async () => {
  const cases = createPackCases({
    dataFolder: data,
    evidence: { decisions: async () => [kept('event')] },
    ledger: { market: async () => market() },
    vision: { choice: () => ({ pack: 'demo', model: null }) },
    wallMs: () => 1_700_000_000_000,
  });
  const { file } = await cases.keep(MODERATOR, MARKET);
  assert.deepEqual(readdirSync(join(data, 'cases')), [file]);
  const read = readCase(readFileSync(join(data, 'cases', file), 'utf8'));
  assert.equal(read.pack, 'demo');
  const { role, reason, actor } = read.said;
  assert.deepEqual([role, reason, actor], ['moderator', 'Offside', 'moderator-bbbbbbbb']);
  // Again after another correction: the same market is one case.
  assert.deepEqual(await cases.keep(MODERATOR, MARKET), { file });
  const without = createPackCases({
    ...{ dataFolder: data, wallMs: () => 0, evidence: { decisions: async () => [] } },
    ...{ ledger: { market: async () => market() }, vision: { choice: () => null } },
  });
  await assert.rejects(without.keep(MODERATOR, MARKET), /No game is chosen/);
});
