// A bet that a relay has witnessed, so that the page which checks bets has one to check.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../../core/base/ids.ts';
import { escrowAccount, userAccount } from '../../core/ledger/rows.ts';
import { TestJournal } from '../../relay/testing/journal.ts';
import { openEmbeddedStore } from '../../relay/witness/embeddedStore.ts';
import { createWitness } from '../../relay/witness/witness.ts';

const CHANNEL = 'ef'.repeat(16);
const OPENED_US = 1_000_000_000;
const BET_ROW = 5;
const ACT = { actor: 'engine', role: 'vision', reason: '', market: 'm1' };

export type KeptBet = {
  /** `/check/…` at the relay. */
  path: string;
  /** Under which the viewer's page keeps the words of the bet in the browser. */
  wordsKey: string;
};

/** Writes it where a relay with this folder will find it; the relay must not have begun. */
export async function keepBet(folder: string): Promise<KeptBet> {
  const relayFolder = join(folder, 'relay');
  mkdirSync(relayFolder, { recursive: true });
  const witness = createWitness(openEmbeddedStore(join(relayFolder, 'witness.sqlite')));
  const rows = journal();
  const told = await witness.apply(CHANNEL, rows.batch(1, rows.rows.length));
  if (!told?.ok) throw new Error(`The witness took no bet: ${JSON.stringify(told)}`);
  await witness.close();
  const hash = toHex(rows.rows[BET_ROW - 1]?.hash ?? new Uint8Array());
  return {
    path: `/check/${CHANNEL}#${BET_ROW}.${hash}`,
    wordsKey: `morphine.bet.${CHANNEL}.b1`,
  };
}

function journal(): TestJournal {
  const at = (ms: number) => OPENED_US + ms * 1000;
  return new TestJournal()
    .grant('u1', 1000)
    .grant('u2', 1000)
    .add({
      ...{ kind: 'market.opened', ...ACT, at: at(0), rules: 'ab'.repeat(32), outcomes: 2 },
      ...{ guardMs: 500, rakeBasisPoints: 0, opensAt: at(0), lockAt: at(14_000) },
      ...{ horizonAt: at(30_000), deadlineAt: at(60_000) },
    })
    .add({
      ...{ kind: 'bet', id: 'b1', at: at(8_214), amount: '50', outcome: 0 },
      ...{ dr: userAccount('u1'), cr: escrowAccount('m1') },
    })
    .add({
      ...{ kind: 'bet', id: 'b2', at: at(9_102), amount: '31', outcome: 1 },
      ...{ dr: userAccount('u2'), cr: escrowAccount('m1') },
    })
    .add({
      ...{ kind: 'market.locked', ...ACT, at: at(12_460) },
      ...{ tCap: at(12_403), cutoff: at(11_903) },
    })
    .add({
      ...{ kind: 'market.resolved', ...ACT, at: at(12_470), outcome: 0, evidence: null },
      settlement: 'paid',
    })
    .decide('post', 'b1', 'u1', 50)
    .decide('post', 'b2', 'u2', 31)
    .pay('b1', 'u1', 81);
}
