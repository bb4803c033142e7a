// `npm run verify -- FILE`: checks a saved proof of a bet without any server, as the check page
// does. `--receipt ROW.HASH` compares it with a receipt, `--key HEX` with the relay's key that one
// knows. Exit code 0: it holds; 1: it does not, and the first thing that does not is named; 2: the
// command line is wrong.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkReceipt, type ReceiptFinding, type ReceiptInHand } from '../core/ledger/receipt.ts';
import type { ReceiptStory } from '../core/ledger/receiptStory.ts';

const USAGE = 'npm run verify -- FILE [--receipt ROW.HASH] [--key HEX]';
const US_PER_SECOND = 1_000_000;

function leave(exitCode: number, line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(exitCode);
}

function readCommandLine(): { file: string; inHand: ReceiptInHand } {
  const options = { receipt: { type: 'string' }, key: { type: 'string' } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: process.argv.slice(2), options, allowPositionals: true });
  } catch {
    leave(2, `This flag is not known. ${USAGE}`);
  }
  const { values, positionals } = parsed;
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) leave(2, `Name one file. ${USAGE}`);
  const inHand: ReceiptInHand = {};
  if (values.receipt !== undefined) {
    const [, seq, hash] = /^([1-9][0-9]{0,14})\.([0-9a-f]{64})$/.exec(values.receipt) ?? [];
    if (seq === undefined || hash === undefined) leave(2, `--receipt takes ROW.HASH. ${USAGE}`);
    inHand.receipt = { seq: Number(seq), hash };
  }
  if (values.key !== undefined) {
    if (!/^[0-9a-f]{64}$/.test(values.key)) leave(2, `--key takes 64 characters. ${USAGE}`);
    inHand.relayKey = values.key;
  }
  return { file: resolve(process.env.INIT_CWD ?? process.cwd(), file), inHand };
}

function linesOf({ proof, story }: ReceiptFinding): string[] {
  if (!proof || !story) return [];
  return [
    `Row ${proof.seq} of channel ${proof.channel}: ${story.amountMinor} points on outcome ` +
      `${story.outcome + 1} of ${story.marketId}.`,
    timesOf(story),
    fateOf(story),
    `Witnessed up to row ${proof.mark.seq} on ${new Date(proof.timeMs).toISOString()} ` +
      `by the relay with key ${proof.relayKey}.`,
  ];
}

/** Frame, arrival and guard on one line, seconds after the market's opening. */
function timesOf({ arrivedUs, opensAtUs, cutoffUs, tCapUs, guardMs }: ReceiptStory): string {
  const seconds = (us: number) => `${((us - opensAtUs) / US_PER_SECOND).toFixed(6)} s`;
  const arrival = `Arrived ${seconds(arrivedUs)} after the opening`;
  if (cutoffUs === null || tCapUs === null) return `${arrival}; no frame cut the market.`;
  return `${arrival}; frame ${seconds(tCapUs)}, guard ${guardMs} ms, cut-off ${seconds(cutoffUs)}.`;
}

function fateOf({ fate, why, paidMinor }: ReceiptStory): string {
  if (fate === 'PENDING') return 'Not decided yet.';
  return fate === 'STANDS' ? `It stands; ${paidMinor} points paid.` : `Stake returned: ${why}.`;
}

const { file, inHand } = readCommandLine();
let text: string;
try {
  text = readFileSync(file, 'utf8');
} catch (cause) {
  leave(2, `${file} cannot be read (${(cause as NodeJS.ErrnoException).code}); check the name.`);
}
const finding = checkReceipt(text, inHand);
if (finding.failed) leave(1, `Does not hold (${finding.failed.step}): ${finding.failed.sentence}`);
const known = inHand.relayKey ? '' : ' Compare the relay’s key with the one you know (--key).';
process.stdout.write(`${linesOf(finding).join('\n')}\nThe proof holds.${known}\n`);
