// Figure `phone`: bets from phones behind a bad radio (two network namespaces, phoneLink.py between
// them): packets are lost and late, and once the network goes away and another one comes. Whoever
// was caught by that counts from the return. Afterwards the ledger's own rows say that each confirmed
// bet is there once and no other is there; a bet without an answer ends the figure.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournalStore } from '../native/ledger/journalStore.ts';
import { createOpenMarket, keepMarket, MAY_REFUSE } from './bets.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import type { PhoneResult } from './phoneClient.ts';

const DELAY_MS = 75;
const LOSS_PERCENT = 5;
const PHONES = 8;
/** Seconds of each round. */
const SECONDS = { short: 3, full: 20 };
/** Where phoneLink.py lets the relay appear. */
const FAR_ORIGIN = 'http://10.77.0.1:8080';
/** Guards against a link that never ends; it judges no speed. */
const HANG_MS = 180_000;

export async function measurePhone(context: BenchContext): Promise<Measured[]> {
  const missing = whyNoRadio();
  if (missing) return [notMeasured('phone', missing)];
  const { studio, owner } = await context.studio('demo:');
  const facts = studio.facts();
  const folder = mkdtempSync(join(tmpdir(), 'morphine-phone-'));
  const path = join(folder, 'relay.sock');
  const relay = new URL(facts.relay ?? '');
  const bridge = await listen(path, () => dial(Number(relay.port), relay.hostname));
  const market = await keepMarket(createOpenMarket(owner));
  const seconds = context.isFull ? SECONDS.full : SECONDS.short;
  try {
    const { result, radio } = await runPhones(path, facts.channel ?? '', seconds);
    const { confirmed, refused } = check(result, join(studio.folder, 'data/ledger.db'));
    const remarks = [
      `${PHONES} phones, ${LOSS_PERCENT} % of the packets lost in each direction, ` +
        `${2 * DELAY_MS} ms there and back; ${radio}`,
      `${confirmed} confirmed, each once in the ledger; ${refused} refused by the show; 0 unsure; ` +
        `${result.caught} caught by the drop, counted from the return`,
      'the page’s own line and bet book; at the return the old line closes as a browser closes it',
    ];
    return [{ figure: 'phone', rounds: result.rounds, remarks }];
  } finally {
    await market.end();
    bridge.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Empty where namespaces, a TUN device and Python are. */
export function whyNoRadio(): string {
  const script = 'import os,socket; os.open("/dev/net/tun", os.O_RDWR); socket.recv_fds';
  const probes: readonly [string, readonly string[]][] = [
    ['no Python 3.9 or /dev/net/tun', ['python3', '-c', script]],
    ['no ip', ['ip', '-V']],
    ['no network namespaces for this user', [...NAMESPACE, 'true']],
  ];
  for (const [missing, [program = '', ...args]] of probes) {
    try {
      execFileSync(program, args, { stdio: 'ignore' });
    } catch {
      return missing;
    }
  }
  return '';
}

export const NAMESPACE = ['unshare', '--user', '--map-root-user', '--net'] as const;

function listen(path: string, open: () => Socket): Promise<Server> {
  const server = createServer((near) => {
    const far = open();
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  return new Promise((done) => {
    server.listen(path, () => done(server));
  });
}

function runPhones(path: string, channel: string, seconds: number) {
  const link = join(import.meta.dirname, 'phoneLink.py');
  const client = join(import.meta.dirname, 'phoneClient.ts');
  const radio = [path, DELAY_MS, LOSS_PERCENT, 1].map(String);
  const phones = [channel, FAR_ORIGIN, PHONES, ROUNDS, seconds].map(String);
  const [program, ...rest] = [...NAMESPACE, 'python3', link, ...radio];
  const args = [...rest, process.execPath, '--disable-warning=ExperimentalWarning', client];
  return new Promise<{ result: PhoneResult; radio: string }>((done, fail) => {
    const options = { timeout: HANG_MS, maxBuffer: 1 << 26 };
    execFile(program, [...args, ...phones], options, (error, stdout, stderr) => {
      if (error) fail(new Error(`The phones ended: ${error.message}\n${stderr}`));
      else done({ result: JSON.parse(stdout) as PhoneResult, radio: stderr.trim() });
    });
  });
}

/** Throws when a bet is unsure, lost, or in the ledger more than once or without a confirmation. */
function check({ bets }: PhoneResult, path: string): { confirmed: number; refused: number } {
  const unsure = bets.filter(({ state }) => state === 'sent');
  if (unsure.length > 0) throw new Error(`${unsure.length} bets were never answered`);
  const store = openJournalStore(path);
  const rows = new Map<string, number>();
  for (const { body } of store.allRows.iterate()) {
    const row = JSON.parse(body.toString('utf8')) as { kind: string; id: string };
    if (row.kind === 'bet') rows.set(row.id, (rows.get(row.id) ?? 0) + 1);
  }
  store.database.close();
  const refused = bets.filter(({ state }) => state === 'refused');
  for (const { betId, state } of bets) {
    const count = rows.get(betId) ?? 0;
    if (count !== (state === 'refused' ? 0 : 1)) {
      throw new Error(`Bet ${betId} is ${state} on the phone and ${count} times in the ledger`);
    }
  }
  const codes = [...new Set(refused.map(({ code }) => code))];
  const wrong = codes.find((code) => !MAY_REFUSE.has(code));
  if (wrong) throw new Error(`A bet was refused: ${wrong}`);
  return { confirmed: bets.length - refused.length, refused: refused.length };
}
