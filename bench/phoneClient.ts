// The phones of the figure `phone`, run inside a namespace behind a bad radio: the page's own line to
// the relay, its own bet book and device keys, without the page around them. Descriptor 3 steers the
// radio. In the middle round the network goes away and another one comes; the old lines then close,
// as a browser closes them when the network changes. Prints one JSON line.

import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { realTimers } from '../core/base/clock.ts';
import { BetSchema, HistoryRequestSchema, Market_State } from '../core/wire/gen/facts_pb.js';
import { BetBook } from '../renderer/viewer/betBook.ts';
import { loadDeviceKey } from '../renderer/viewer/deviceKey.ts';
import { FactsSocket, type ViewerWord, webSocketLine } from '../renderer/viewer/factsSocket.ts';
import { betStorageOf, memoryStore } from '../renderer/viewer/textStore.ts';
import { betAnswerOf, betOutcomeOf } from '../renderer/viewer/wireViews.ts';
import { pause } from './floors.ts';

const RADIO = 3;
/** Each phone stays below the relay's five bets a second, also after a drop. */
const BET_GAP_MS = 400;
const PUMP_MS = 250;
const DROP_MS = 1_500;
/** No bet is made this near to the end of betting: it could not arrive in time. */
const LOCK_MARGIN_MS = 3_000;
/** Guards against waiting for ever; it judges no speed. */
const HANG_MS = 30_000;

type Made = { round: number; fromMs: number; wasCaught: boolean };
export type PhoneResult = {
  rounds: number[][];
  caught: number;
  bets: { betId: string; state: string; seq: number; code: string }[];
};

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

class Phone {
  readonly book: BetBook;
  readonly made = new Map<string, Made>();
  readonly samples: { round: number; tookMs: number }[] = [];
  caught = 0;
  #socket: FactsSocket;
  #lineEnded = (): void => {};
  #openIds = new Map<string, number>();

  constructor(channel: string, origin: string) {
    const store = memoryStore();
    this.book = new BetBook({ storage: betStorageOf(store, channel), random });
    this.#socket = new FactsSocket({
      channel,
      device: loadDeviceKey(store, random),
      timers: realTimers,
      monotonicMs: () => performance.now(),
      openLine: (events) => {
        this.#lineEnded = events.onClose;
        return webSocketLine(`${origin.replace(/^http/, 'ws')}/facts/${channel}`, events);
      },
      onState: ({ state }) => {
        if (state !== 'welcome') return;
        this.book.connectionOpened();
        const value = create(HistoryRequestSchema, { limit: 50 });
        this.#socket.send({ case: 'historyRequest', value });
        this.#pump();
      },
      onWord: (word) => this.#take(word),
      onPong: () => {},
    });
    realTimers.every(PUMP_MS, () => this.#pump());
  }

  get isReady(): boolean {
    return this.#socket.isWelcome && this.#market() !== null;
  }

  get waiting(): number {
    return this.book.list().filter(({ state }) => state === 'sent').length;
  }

  /** Makes a bet, also while there is no network: it is sent when there is. */
  bet(round: number): void {
    const marketId = this.#market();
    if (marketId === null) return;
    const wish = { marketId, outcome: 0, amountMinor: 1, marketTitle: '', outcomeLabel: '' };
    const { betId } = this.book.place({ ...wish, madeAtMs: Date.now() });
    this.made.set(betId, { round, fromMs: performance.now(), wasCaught: false });
    this.#pump();
  }

  /** Another network: the old line is closed, and what waits counts from now. */
  networkChanged(): void {
    const nowMs = performance.now();
    for (const made of this.made.values()) {
      made.fromMs = nowMs;
      made.wasCaught = true;
    }
    this.#lineEnded();
    this.#socket.hurry();
  }

  #market(): string | null {
    const last = [...this.#openIds].findLast(([, untilMs]) => untilMs > performance.now());
    return last?.[0] ?? null;
  }

  #pump(): void {
    if (!this.#socket.isWelcome) return;
    for (const bet of this.book.takeDue(performance.now())) {
      const { betId, marketId, outcome } = bet;
      const value = create(BetSchema, {
        ...{ betId, marketId, outcome, amountMinor: BigInt(bet.amountMinor) },
      });
      this.#socket.send({ case: 'bet', value });
    }
  }

  #take(word: ViewerWord): void {
    if (word.case === 'market') this.#know([word.value]);
    else if (word.case === 'markets') this.#know(word.value.markets);
    else if (word.case === 'betReply') {
      const answer = betAnswerOf(word.value);
      if (answer) this.book.answered(answer, performance.now());
    } else if (word.case === 'history') {
      for (const entry of word.value.entries) {
        const outcome = betOutcomeOf(entry);
        if (outcome) this.book.told(outcome);
      }
    }
    this.#measure();
  }

  #know(
    markets: readonly { id: string; state: Market_State; opensAtUs: bigint; lockAtUs: bigint }[],
  ) {
    for (const { id, state, opensAtUs, lockAtUs } of markets) {
      if (state !== Market_State.OPEN) this.#openIds.delete(id);
      else if (!this.#openIds.has(id)) {
        const openMs = Number(lockAtUs - opensAtUs) / 1000 - LOCK_MARGIN_MS;
        this.#openIds.set(id, performance.now() + openMs);
      }
    }
  }

  #measure(): void {
    const nowMs = performance.now();
    for (const { betId, state } of this.book.list()) {
      const made = this.made.get(betId);
      if (state === 'sent' || !made) continue;
      this.made.delete(betId);
      if (made.wasCaught) this.caught++;
      if (state !== 'refused')
        this.samples.push({ round: made.round, tookMs: nowMs - made.fromMs });
    }
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + HANG_MS;
  while (!isSo() && performance.now() < endMs) await pause(20);
}

async function main(): Promise<PhoneResult> {
  const [channel = '', origin = '', phoneCount, roundCount, seconds] = process.argv.slice(2);
  const phones = Array.from({ length: Number(phoneCount) }, () => new Phone(channel, origin));
  await until(() => phones.every((phone) => phone.isReady));
  const middle = Math.floor(Number(roundCount) / 2);
  for (let round = 0; round < Number(roundCount); round++) {
    const endMs = performance.now() + Number(seconds) * 1000;
    let offMs = round === middle ? performance.now() + Number(seconds) * 300 : Infinity;
    let onMs = Infinity;
    while (performance.now() < endMs || onMs < Infinity) {
      for (const phone of phones) phone.bet(round);
      await pause(BET_GAP_MS);
      const nowMs = performance.now();
      if (nowMs >= offMs) {
        [offMs, onMs] = [Infinity, nowMs + DROP_MS];
        writeSync(RADIO, 'off\n');
      } else if (nowMs >= onMs) {
        onMs = Infinity;
        writeSync(RADIO, 'on\n');
        for (const phone of phones) phone.networkChanged();
      }
    }
  }
  await until(() => phones.every((phone) => phone.waiting === 0));
  const rounds = Array.from({ length: Number(roundCount) }, (_, round) =>
    phones.flatMap(({ samples }) =>
      samples.filter((sample) => sample.round === round).map(({ tookMs }) => tookMs),
    ),
  );
  const caught = phones.reduce((sum, phone) => sum + phone.caught, 0);
  const bets = phones.flatMap(({ book }) =>
    book.list().map(({ betId, state, seq, code }) => ({ betId, state, seq, code })),
  );
  return { rounds, caught, bets };
}

const result = await main();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
