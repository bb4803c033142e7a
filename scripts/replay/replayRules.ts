// Runs the studio's own market rules again over a recorded show: witnesses and markets are the real
// rooms, on a clock that stands where the recording says, and what they ask of the ledger goes to a
// fresh one. Nothing that the machine decided is taken from the recording; only when it acted and
// under which ids. What viewers and people asked is asked as it stands.
//
// Surprising: what the rules ask for waits until the recording acts on that market, too, because
// the order of rows is the order of that day. What nobody did then happens a second later.

import { silentLogger } from '../../core/base/logger.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { createWitnesses, type Witnesses } from '../../native/engine/witnesses.ts';
import { createMarkets, type Markets, type MarketsLedger } from '../../native/markets/markets.ts';
import {
  isTold,
  type RulesStart,
  type Told,
  type ToldName,
  toldArgs,
} from '../../native/recording/toldLines.ts';
import { type Asked, likeThen, type MachineAct, machineActOf } from './commandsLikeThen.ts';
import type { Facts } from './facts.ts';
import type { Command } from './readShow.ts';
import type { FreshLedger } from './replayLedger.ts';

/** The rules may ask so much earlier than it was recorded: ticks, and a ledger that was busy. */
const EARLY_US_MAX = 1_000_000;
const MARKETS_MAX = 500;
/** What people do with markets: the room reads them anew afterwards. */
const BY_PEOPLE: ReadonlySet<string> = new Set([
  ...['openMarket', 'lockMarket', 'resolveMarket', 'voidMarket', 'correctMarket', 'extendMarket'],
]);

export type RulesReplay = {
  /** What was asked of the ledger this time, in order. */
  commands: Command[];
  /** Decisions of the machine that were made anew. */
  decisions: number;
  /** Decisions on markets that had begun before the recording, taken from it. */
  takenOver: number;
  /** Decisions that are others today, one sentence each. */
  differences: string[];
  /** What differs without changing a decision. */
  figures: string[];
};

export type RulesReplayOptions = {
  start: RulesStart;
  commands: readonly Command[];
  ledger: FreshLedger;
  facts: Facts;
  isExact?: boolean;
};

export async function replayRules(options: RulesReplayOptions): Promise<RulesReplay> {
  const rehearsal = new Rehearsal(options);
  await rehearsal.run();
  return rehearsal.result;
}

type Waiting = {
  asked: Asked;
  sinceUs: number;
  resolve(answer: unknown): void;
  reject(cause: unknown): void;
};

/** Time that is set, and periodic work that runs when it is asked to. */
class RecordedTime {
  #nowUs = 0;
  readonly #works = new Set<{ periodUs: number; lastUs: number; run: () => void }>();

  nowUs(): number {
    return this.#nowUs;
  }

  goTo(atUs: number): void {
    this.#nowUs = Math.max(this.#nowUs, atUs);
  }

  /** What has a period and is due; with `isForced` all of it: the machine acted right now. */
  tick(isForced = false): void {
    for (const work of this.#works) {
      if (!isForced && this.#nowUs - work.lastUs < work.periodUs) continue;
      work.lastUs = this.#nowUs;
      work.run();
    }
  }

  /** Nothing in these rooms waits for a moment. */
  after(): () => void {
    return () => {};
  }

  every(periodMs: number, run: () => void): () => void {
    const work = { periodUs: periodMs * 1000, lastUs: 0, run };
    this.#works.add(work);
    return () => void this.#works.delete(work);
  }
}

class Rehearsal {
  readonly result: RulesReplay = {
    ...{ commands: [], decisions: 0, takenOver: 0, differences: [], figures: [] },
  };
  readonly #options: RulesReplayOptions;
  readonly #time = new RecordedTime();
  readonly #markets: Markets;
  readonly #witnesses: Witnesses;
  /** Markets that had begun before: what the rules knew of them then is not recorded. */
  readonly #earlier = new Set<string>();
  readonly #waiting: Waiting[] = [];
  #isConnected = true;
  #ids = 0;

  constructor(options: RulesReplayOptions) {
    this.#options = options;
    const { start, ledger } = options;
    this.#time.goTo(start.startedUs);
    const all = ledger.ask('markets', {
      ...{ includeEnded: false, limit: MARKETS_MAX, beforeOpensAtUs: null },
    });
    for (const { id } of all.markets) this.#earlier.add(id);
    for (const [marketId, reason] of Object.entries(start.suspended)) {
      const of = marketId === '' ? {} : { marketId };
      ledger.ask('suspendBetting', { reason, ...of });
    }
    const { '': suspended = '', ...suspendedMarkets } = start.suspended;
    const rooms = { clock: this.#time, timers: this.#time };
    this.#markets = createMarkets({
      ...{ ...rooms, ledger: this.#ledgerOfRules(), logger: silentLogger },
      random: (length) => this.#newBytes(length),
      templates: start.templates,
      keepTemplates: async () => {},
      suspended: suspendedMarkets,
      keepSuspended: async () => {},
      onAction() {},
      onSettled() {},
    });
    this.#markets.suspendBetting(suspended);
    this.#witnesses = createWitnesses({ ...rooms, markets: this.#markets, show() {} });
  }

  async run(): Promise<void> {
    await this.#markets.restore();
    for (const { name, args } of this.#options.commands) {
      if (isTold(name)) await this.#tell(name, args);
      else await this.#command(name, args);
    }
    await this.#actUnasked(Number.POSITIVE_INFINITY);
    this.#witnesses.close();
    this.#markets.close();
  }

  /** Ids of the rules' own; each is replaced by that of the day. */
  #newBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, ++this.#ids);
    return bytes;
  }

  #ledgerOfRules(): MarketsLedger {
    const { ledger } = this.#options;
    const wait = <Answer>(asked: Asked) =>
      new Promise<Answer>((resolve, reject) => {
        const done = resolve as (answer: unknown) => void;
        // Taken from the recording: what is asked of it here is never answered.
        if (this.#earlier.has(asked.args.marketId)) return;
        this.#waiting.push({ asked, sinceUs: this.#time.nowUs(), resolve: done, reject });
      });
    const notAsked = () => Promise.reject(new Error('People act by the recording.'));
    return {
      isConnected: () => this.#isConnected,
      market: async (marketId) => ledger.ask('market', { marketId }).market,
      markets: async (includeEnded, limit, beforeOpensAtUs = null) =>
        ledger.ask('markets', { includeEnded, limit, beforeOpensAtUs }).markets,
      betsOf: async (marketId, afterSeq, limit) =>
        ledger.ask('betsOf', { marketId, afterSeq, limit }).entries,
      openMarket: (args) => wait({ name: 'openMarket', args }),
      lockMarket: (args) => wait({ name: 'lockMarket', args }),
      resolveMarket: (args) => wait({ name: 'resolveMarket', args }),
      voidMarket: (args) => wait({ name: 'voidMarket', args }),
      correctMarket: notAsked,
      extendMarket: notAsked,
      // Suspensions are in the recording, whoever wanted them.
      suspendBetting: async () => {},
      suspendMarket: async () => {},
    };
  }

  async #tell(name: ToldName, raw: unknown): Promise<void> {
    if (name === 'told.judged') await this.#judged(toldArgs[name].parse(raw));
    else if (name === 'told.event') await this.#event(toldArgs[name].parse(raw));
    else if (name === 'told.hole') {
      const { atUs, fromUs, toUs, kind } = toldArgs[name].parse(raw);
      this.#time.goTo(atUs);
      if (kind === 'cut') this.#markets.onPictureCut(fromUs, toUs);
      else this.#markets.onPictureGap(fromUs, toUs);
    } else if (name === 'told.templates') {
      const { templates } = toldArgs[name].parse(raw);
      for (const { id } of this.#markets.templates()) {
        if (!templates.some((one) => one.id === id)) await this.#markets.removeTemplate(id);
      }
      for (const template of templates) await this.#markets.saveTemplate(template);
    } else if (name === 'told.ledger') {
      this.#isConnected = toldArgs[name].parse(raw).isConnected;
    }
    await settled();
  }

  async #judged(told: Told<'told.judged'>): Promise<void> {
    const { facts } = this.#options;
    this.#time.goTo(told.atUs);
    for (const event of facts.extra(told.untilUs)) this.#witnesses.hear('picture', event);
    const { untilUs, blindUntilUs, lostUntilUs } = facts.judged(told);
    this.#witnesses.judged(untilUs, blindUntilUs, lostUntilUs);
    this.#time.tick();
    await settled();
    await this.#actUnasked(told.atUs - EARLY_US_MAX);
  }

  async #event({ atUs, witness, event }: Told<'told.event'>): Promise<void> {
    this.#time.goTo(atUs);
    const now = witness === 'game' ? event : this.#options.facts.again(event);
    if (now) this.#witnesses.hear(witness, now);
  }

  async #command(name: string, args: Record<string, unknown>): Promise<void> {
    const act = machineActOf(name, args);
    const marketId = String(args.marketId);
    if (act && !this.#earlier.has(marketId)) {
      await this.#decide({ name: act, args } as unknown as Asked);
      return;
    }
    if (act) this.result.takenOver++;
    const command = { name, args };
    this.result.commands.push(command);
    const isDone = this.#options.ledger.take(command);
    if (name === 'suspendBetting') await this.#suspend(args);
    if (isDone && BY_PEOPLE.has(name)) {
      this.#time.goTo(Number(args.atUs));
      await this.#markets.restore();
    }
    await settled();
  }

  async #suspend(args: Record<string, unknown>): Promise<void> {
    const reason = String(args.reason);
    const { marketId } = args;
    if (marketId === undefined) this.#markets.suspendBetting(reason);
    // A market that has just ended takes none.
    else await this.#markets.suspend({ marketId: String(marketId), reason }).catch(() => {});
  }

  /** The machine acted here: the rules have asked for it, or do now. */
  async #decide(then: Asked): Promise<void> {
    this.#time.goTo(then.args.atUs);
    let found = this.#take(then);
    if (!found) {
      this.#time.tick(true);
      await settled();
      found = this.#take(then);
    }
    if (!found) {
      this.result.differences.push(`${titleOf(then)}: the rules do not ask for what was done.`);
      return;
    }
    const compared = likeThen(found.asked, then, this.#options.isExact ?? false);
    const of = titleOf(then);
    for (const what of compared.differences) this.result.differences.push(`${of}: ${what}.`);
    for (const what of compared.figures) this.result.figures.push(`${of}: ${what}.`);
    await this.#carryOut(found, compared.command);
  }

  /** The same act on the same market, else another one on it. */
  #take(then: Asked): Waiting | undefined {
    const isOf = ({ asked }: Waiting) =>
      asked.name === 'openMarket' && then.name === 'openMarket'
        ? asked.args.rules.templateId === then.args.rules.templateId
        : asked.args.marketId === then.args.marketId;
    const ours = this.#waiting.filter(isOf);
    const found = ours.find(({ asked }) => asked.name === then.name) ?? ours[0];
    if (found) this.#waiting.splice(this.#waiting.indexOf(found), 1);
    return found;
  }

  /** What the rules have wanted for long, and nobody did then. */
  async #actUnasked(sinceUs: number): Promise<void> {
    for (;;) {
      const at = this.#waiting.findIndex((one) => one.sinceUs <= sinceUs);
      const [unasked] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (!unasked) return;
      const { name, args } = unasked.asked;
      this.result.differences.push(
        `${titleOf(unasked.asked)}: the rules ask for what was not done: ${VERBS[name]}` +
          `${args.reason === '' ? '' : ` (${args.reason})`}.`,
      );
      await this.#carryOut(unasked, unasked.asked);
    }
  }

  async #carryOut(waiting: Waiting, { name, args }: Asked): Promise<void> {
    this.result.decisions++;
    this.result.commands.push({ name, args: { ...args } });
    try {
      waiting.resolve(this.#options.ledger.ask(name, args as never));
    } catch (cause) {
      if (!(cause instanceof LedgerRefusal)) throw cause;
      waiting.reject(cause);
    }
    await settled();
  }
}

const VERBS: Record<MachineAct, string> = {
  openMarket: 'open it',
  lockMarket: 'lock it',
  resolveMarket: 'decide it',
  voidMarket: 'void it',
};

function titleOf({ name, args }: Asked): string {
  if (name === 'openMarket') return `"${args.rules.title}"`;
  return `Market ${args.marketId}`;
}

/** All that waits for answers has them: rooms here wait for nothing else. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
