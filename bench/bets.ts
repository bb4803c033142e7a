// Figures `bets`, `clicks` and `sync`, while the show is live. Bets: many viewers who speak the
// wire, each bet through relay, engine and ledger (SQLite, synchronous=FULL) and back; the floors
// are taken right beside each round. Clicks: the real page, from the click to the word "confirmed"
// in it. Sync: from the confirmation to the relay's witness saying that it holds the row.

import type { Page } from 'playwright-core';
import { newId } from '../core/base/ids.ts';
import { openViewer } from '../tests/harness/browser.ts';
import type { Owner } from '../tests/harness/owner.ts';
import { type ReadyFacts, witnessOf } from '../tests/harness/studio.ts';
import { type BetAnswer, type Bettor, joinBettor, random } from './bettor.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { type Floors, pause, takeFloors } from './floors.ts';

/** Each viewer stays below the relay's five bets a second. */
const VIEWERS = 10;
const BET_GAP_MS = 25;
const BETS = { short: 200, full: 2000 };
const WARM_UP_BETS = 20;
const CLICKS = { short: 4, full: 20 };
const WITNESSED = { short: 12, full: 100 };
const FLOOR_SAMPLES = 200;
/** Guards against hanging; it judges no speed. */
const WITNESS_HANG_MS = 20_000;
const TEMPLATE = 'goal-30';
/** No bet is sent this near to the end of betting. */
const LOCK_MARGIN_US = 1_500_000;

export async function measureBets(context: BenchContext): Promise<Measured[]> {
  const { studio, owner } = await context.studio('demo:');
  const crowd = await joinCrowd(studio.facts());
  const market = createOpenMarket(owner);
  const count = context.isFull ? BETS.full : BETS.short;
  await betMany(crowd, market, WARM_UP_BETS);
  const rounds: number[][] = [];
  const floors: Floors[] = [];
  const refused: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(await takeFloors(FLOOR_SAMPLES));
    const bets = await betMany(crowd, market, count);
    rounds.push(bets.samples);
    refused.push(...bets.refused);
  }
  for (const viewer of crowd) viewer.close();
  const remarks = [
    `${count} bets a round of ${VIEWERS} viewers, ${1000 / BET_GAP_MS} a second, over the real relay; ` +
      `${refused.length} refused by the show ${[...new Set(refused)].join(', ')}`.trim(),
    `the engine's own p95, arrived to durable: ${owner.readings()?.betMs?.toFixed(1) ?? '-'} ms`,
  ];
  return [{ figure: 'bets', rounds, floors, remarks }];
}

async function joinCrowd(facts: ReadyFacts): Promise<Bettor[]> {
  return Promise.all(Array.from({ length: VIEWERS }, () => joinBettor(facts)));
}

/** Gives a market with at least the margin left to bet; opens one when there is none. */
export function createOpenMarket(owner: Owner): () => Promise<string> {
  let current = { id: '', closedMs: 0 };
  return async () => {
    const known = owner.state().markets.find(({ id }) => id === current.id);
    // A goal locks a market before its time; one that was just opened may not be mirrored yet.
    const isOpen = current.id !== '' && (known === undefined || known.state === 'OPEN');
    if (isOpen && performance.now() < current.closedMs) return current.id;
    await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
    const marketId = newId(random);
    const market = await owner.client.studio.markets.open({ templateId: TEMPLATE, marketId });
    const openForMs = (market.lockAtUs - market.opensAtUs - LOCK_MARGIN_US) / 1000;
    current = { id: market.id, closedMs: performance.now() + openForMs };
    return current.id;
  };
}

/** How often the market is looked after, ms. */
const MARKET_MS = 200;

/** Sees to it that there is always a market to bet on. */
export async function keepMarket(openOne: () => Promise<string>) {
  let current = await openOne();
  let isOver = false;
  const loop = async () => {
    while (!isOver) {
      current = await openOne().catch(() => current);
      await pause(MARKET_MS);
    }
  };
  const ended = loop();
  return {
    id: () => current,
    end() {
      isOver = true;
      return ended;
    },
  };
}

/** The show's own reasons to say no: a goal locked the market, or the picture stood. */
export const MAY_REFUSE: ReadonlySet<string> = new Set([
  'MARKET_LOCKED',
  'MARKET_NOT_OPEN',
  'MARKET_ENDED',
  'BETTING_SUSPENDED',
]);

/**
 * Bets at an even pace, never waiting for answers. What the show itself refused is counted; any
 * other refusal ends the figure.
 */
async function betMany(
  crowd: readonly Bettor[],
  market: () => Promise<string>,
  count: number,
): Promise<{ samples: number[]; refused: string[] }> {
  const answers: Promise<BetAnswer>[] = [];
  for (let at = 0; at < count; at++) {
    const marketId = await market();
    const bettor = crowd[at % crowd.length];
    if (!bettor) break;
    const answer = bettor.bet(marketId);
    // Waited for below; a relay that hangs up before that is told there, too.
    answer.catch(() => {});
    answers.push(answer);
    await pause(BET_GAP_MS);
  }
  const samples: number[] = [];
  const refused: string[] = [];
  for (const { reply, sentMs, answeredMs } of await Promise.all(answers)) {
    if (!reply.code) samples.push(answeredMs - sentMs);
    else if (MAY_REFUSE.has(reply.code)) refused.push(reply.code);
    else throw new Error(`A bet was refused: ${reply.code} ${reply.message}`);
  }
  return { samples, refused };
}

type PageWindow = Window & { benchClicks?: number[]; benchAnswered?: number };

export async function measureClicks(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('clicks', 'no browser with H.264')];
  const { studio, owner } = await context.studio('demo:');
  const viewer = await openViewer(browser, studio.facts().viewer ?? '');
  await viewer.untilState('live');
  await viewer.page.evaluate(timeClicksInPage);
  const market = createOpenMarket(owner);
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const wanted = context.isFull ? CLICKS.full : CLICKS.short;
    for (let done = 0, tries = 0; done < wanted && tries < 2 * wanted; tries++) {
      await market();
      await viewer.openMarket();
      if (await clickOneBet(viewer.page)) done++;
    }
    const clicks = await viewer.page.evaluate(
      () => (window as PageWindow).benchClicks?.splice(0) ?? [],
    );
    // The first bet of a page also loads and lays out its parts: warm-up.
    rounds.push(round === 0 ? clicks.slice(1) : clicks);
  }
  await viewer.page.context().close();
  return [{ figure: 'clicks', rounds, remarks: ['includes the page drawing itself anew'] }];
}

/** One bet by three real clicks; false when the market closed under the pointer. */
async function clickOneBet(page: Page): Promise<boolean> {
  const answered = () => (window as PageWindow).benchAnswered ?? 0;
  const before = await page.evaluate(answered);
  const market = page.locator('[data-testid="market"][data-state="OPEN"]').first();
  const soon = { timeout: 3_000 };
  try {
    const outcome = market.getByTestId('outcome-0');
    if ((await outcome.getAttribute('aria-pressed', soon)) !== 'true') await outcome.click(soon);
    await market.getByTestId('stake-10').click(soon);
    await market.getByTestId('place-bet').click(soon);
  } catch {
    return false;
  }
  await page.waitForFunction((count) => {
    return ((window as PageWindow).benchAnswered ?? 0) > count;
  }, before);
  return true;
}

/** Runs in the page: from the click on "Bet" to the attribute that says "confirmed". */
function timeClicksInPage(): void {
  const clicks: number[] = [];
  (window as PageWindow).benchClicks = clicks;
  let clickedMs: number | null = null;
  let before: string | null = null;
  const newest = () => document.querySelector<HTMLElement>('[data-testid="bet-state"]')?.dataset;
  document.addEventListener(
    'click',
    ({ target, timeStamp }) => {
      const isBet = target instanceof Element && target.closest('[data-testid="place-bet"]');
      if (!isBet) return;
      clickedMs = timeStamp;
      before = newest()?.bet ?? null;
    },
    true,
  );
  const observer = new MutationObserver(() => {
    const bet = newest();
    if (clickedMs === null || !bet || bet.bet === before || bet.state === 'sent') return;
    // A refusal by the show is an answer, too, but no sample.
    if (bet.state === 'confirmed') clicks.push(performance.now() - clickedMs);
    (window as PageWindow).benchAnswered = ((window as PageWindow).benchAnswered ?? 0) + 1;
    clickedMs = null;
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true });
}

export async function measureSync(context: BenchContext): Promise<Measured[]> {
  const { studio, owner } = await context.studio('demo:');
  const facts = studio.facts();
  const bettor = await joinBettor(facts);
  const market = createOpenMarket(owner);
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const samples: number[] = [];
    const wanted = context.isFull ? WITNESSED.full : WITNESSED.short;
    for (let tries = 0; samples.length < wanted && tries < 2 * wanted; tries++) {
      await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
      const { reply, answeredMs } = await bettor.bet(await market());
      if (!reply.code) samples.push(await witnessedMs(facts, Number(reply.seq), answeredMs));
      await pause(220);
    }
    rounds.push(samples);
  }
  bettor.close();
  return [{ figure: 'sync', rounds, remarks: ['asked by HTTP until the witness holds the row'] }];
}

/** Asks the witness until it holds the row; an answer takes about a millisecond by itself. */
async function witnessedMs(facts: ReadyFacts, seq: number, fromMs: number): Promise<number> {
  for (;;) {
    if ((await witnessOf(facts)).seq >= seq) return performance.now() - fromMs;
    if (performance.now() - fromMs > WITNESS_HANG_MS) throw new Error(`Row ${seq} was not copied`);
    await pause(1);
  }
}
