// What a story looks back at: a real ledger with real bets of made-up people, filled by the ledger's
// own code when somebody first asks for it, behind the engine's own handlers. Never shipped.

import { randomBytes } from 'node:crypto';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { createHistoryHandlers } from '../../native/engine/historyHandlers.ts';
import { act, hexId, rulesAt, startBareLedger } from '../../native/ledger/testLedger.ts';
import { testClock } from '../../native/webrtc/testVideo.ts';

const SECOND_US = 1_000_000;
/** Bets of the whole past; the first and the last are by these. */
export const PAST_BETS = 10_000;
export const FIRST_BETTOR = 'the very first';
export const LAST_BETTOR = 'the very last';
const MARKETS = 40;
const BETS_OF_MARKET = PAST_BETS / MARKETS;
const QUESTIONS = [
  'Goal in the next 30 s?',
  'Next corner?',
  'Keeper saves it?',
  'Who scores next?',
];
const NAMES = [
  ...['ann_of_the_green_gables', 'Bob', '张伟', 'Lee', 'Zoë', 'big_stan_99', '小雨', 'Guest-4f1a2'],
  ...['Mina', 'Jo', 'Per-Åke', 'goalkeeper', 'Ravi', 'Hana', 'Otto', 'Nia'],
];
const BETTORS = 64;

const subjectOf = (bet: number) =>
  hexId(bet === 0 ? 0xf1 : bet === PAST_BETS - 1 ? 0xf2 : 0x100 + ((bet * 7) % BETTORS));

function nameOf(subject: string): string {
  const number = Number.parseInt(subject, 16);
  if (number === 0xf1) return FIRST_BETTOR;
  if (number === 0xf2) return LAST_BETTOR;
  return NAMES[number % NAMES.length] ?? '';
}

type PastLedger = ReturnType<typeof startBareLedger>;

/** Every bet is a command to the ledger, every market is decided, locked or void. */
function fill(ask: PastLedger['ask'], ledger: PastLedger['ledger'], endUs: number): void {
  let bet = 0;
  for (let number = 0; number < MARKETS; number++) {
    const marketId = `past-${number}`;
    const opensAtUs = endUs - (MARKETS - number) * 120 * SECOND_US;
    const title = QUESTIONS[number % QUESTIONS.length] ?? '';
    const rules = rulesAt(opensAtUs, { title });
    const at = (id: string, atUs: number) => act(marketId, `${id}-${number}`, atUs);
    ask('openMarket', { ...at('open', opensAtUs), rules, reason: '' });
    for (let own = 0; own < BETS_OF_MARKET; own++, bet++) {
      ask('placeBet', {
        ...{ betId: hexId(0x10_000 + bet), subject: subjectOf(bet), marketId },
        ...{ outcome: bet % 3 === 0 ? 1 : 0, amountMinor: 1 + (bet % 6) },
        arrivedUs: opensAtUs + own * 1_000,
      });
    }
    const atUs = opensAtUs + 40 * SECOND_US;
    const isLast = number === MARKETS - 1;
    if (isLast) ask('lockMarket', { ...at('lock', atUs), tCapUs: null, reason: 'Locked by hand' });
    else if (number % 9 === 4) ask('voidMarket', { ...at('void', atUs), reason: 'Rain' });
    else {
      const decided = { outcome: number % 2, reason: 'Decided by the picture', evidence: null };
      ask('resolveMarket', { ...at('resolve', atUs), ...decided });
    }
    ledger.commit();
  }
}

export function storyHistory(): Handlers['history'] & { end(): void } {
  let past: PastLedger | null = null;
  const ask: PastLedger['ask'] = (name, args) => {
    if (past === null) {
      const bettors = Array.from({ length: BETTORS }, (_, at) => hexId(0x100 + at));
      past = startBareLedger([hexId(0xf1), hexId(0xf2), ...bettors]);
      fill(past.ask, past.ledger, testClock.nowUs());
    }
    return past.ask(name, args);
  };
  const { history } = createHistoryHandlers({
    ledger: { bets: async (args) => ask('bets', args) },
    markets: {
      history: async (args) => ask('markets', { includeEnded: true, ...args }).markets,
    },
    around: { clock: testClock, random: randomBytes, wallMs: () => Date.now() },
    peopleRooms: { chat: { nameOf } },
  });
  return { ...history, end: () => void past?.end() };
}
