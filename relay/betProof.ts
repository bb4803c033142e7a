// Makes the proof of one bet that anybody can check (core/ledger/receipt.ts): the rows of the bet
// and of its market, and the relay's signature over them. Whoever asks must name the row's hash,
// which only its bettor and the studio hold: without it there is nothing to read here, so nobody
// can walk through other viewers' bets by their numbers.

import { toHex } from '../core/base/ids.ts';
import {
  type BetProof,
  PROOF_ROWS_MAX,
  proofText,
  receiptSigningText,
} from '../core/ledger/receipt.ts';
import { accountOwner, parseRow, type Row } from '../core/ledger/rows.ts';
import type { MarkSigner } from './relayKey.ts';
import { aboutBet, aboutMarket, type LinkedRow } from './witness/store.ts';
import type { Witness } from './witness/witness.ts';

export type ProofAnswer =
  | { ok: true; text: string }
  | {
      ok: false;
      code: 'UNKNOWN_CHANNEL' | 'NOT_YET_WITNESSED' | 'OTHER_ROW' | 'NOT_A_BET' | 'TOO_LONG';
      sentence: string;
    };

/**
 * Proves the bet or sale in row `seq`.
 *
 * @param hash the row's hash, 64 hexadecimal characters, from the bettor's receipt
 */
export async function proveBet(
  { witness, marks }: { witness: Witness; marks: MarkSigner },
  channelId: string,
  seq: number,
  hash: string,
): Promise<ProofAnswer> {
  const mark = await witness.mark(channelId);
  if (!mark) return refuse('UNKNOWN_CHANNEL', 'This relay has witnessed nothing of this channel.');
  if (seq > mark.seq) {
    return refuse('NOT_YET_WITNESSED', `Row ${seq} has not been copied to this relay yet.`);
  }
  const [stored] = await witness.rowsFrom(channelId, seq, 1);
  if (stored?.seq !== seq || toHex(stored.hash) !== hash) {
    return refuse('OTHER_ROW', `This relay witnessed another row ${seq} than your receipt names.`);
  }
  const betId = betIdOf(parseRow(stored.body));
  if (betId === null) return refuse('NOT_A_BET', `Row ${seq} is neither a bet nor a sale.`);
  const rows = (await rowsOfBet(witness, channelId, betId)).filter((row) => row.seq <= mark.seq);
  if (rows.length > PROOF_ROWS_MAX) {
    return refuse('TOO_LONG', 'This bet has more rows than a proof can hold.');
  }
  const signed = {
    format: 'morphine-bet' as const,
    version: 1 as const,
    channel: channelId,
    ledgerId: mark.ledgerId,
    epoch: mark.epoch,
    seq,
    mark: { seq: mark.seq, hash: toHex(mark.hash) },
    timeMs: marks.timeMs(),
    rows: rows.map((row) => ({
      seq: row.seq,
      prevHash: toHex(row.prevHash),
      hash: toHex(row.hash),
      body: Buffer.from(row.body).toString('utf8'),
    })),
  };
  const proof: BetProof = {
    ...signed,
    relayKey: marks.publicKey,
    signature: marks.signText(receiptSigningText(signed)),
  };
  return { ok: true, text: proofText(proof) };
}

/** The bet's own rows, those of its sales, and the decisions on its market. */
async function rowsOfBet(witness: Witness, channelId: string, betId: string): Promise<LinkedRow[]> {
  const limit = PROOF_ROWS_MAX + 1;
  const own = await witness.rowsAbout(channelId, [aboutBet(betId)], limit);
  const names: string[] = [];
  for (const { body } of own) {
    const row = parseRow(body);
    if (row.kind === 'bet') names.push(aboutMarket(accountOwner(row.cr)));
    if (row.kind === 'sell') names.push(aboutBet(row.id));
  }
  const others = await witness.rowsAbout(channelId, names, limit);
  const found = new Map([...own, ...others].map((row) => [row.seq, row]));
  return [...found.values()].sort((left, right) => left.seq - right.seq);
}

function betIdOf(row: Row): string | null {
  if (row.kind === 'bet') return row.id;
  return row.kind === 'sell' ? row.bet : null;
}

function refuse(code: Extract<ProofAnswer, { ok: false }>['code'], sentence: string): ProofAnswer {
  return { ok: false, code, sentence };
}
