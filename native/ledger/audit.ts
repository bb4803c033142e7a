// Who did what, read back from the journal, newest first, and what a decision would do to accounts
// before it is taken. Both only read: an effect is computed by the same functions that decide, and
// nothing of it is written. A page looks at so many rows at most, however few acts stand in them.

import { EFFECT_ACCOUNTS_MAX } from '../../core/contract/moderation.ts';
import { decisionOf, type Fate } from '../../core/ledger/decision.ts';
import { availableMinor, type Market } from '../../core/ledger/fold.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { parseRow, type Row, userAccount } from '../../core/ledger/rows.ts';
import { cutoffUs } from '../../core/markets/mediaClock.ts';
import { actOf } from './acts.ts';
import { gainOf } from './correction.ts';
import { cutOf, decidable } from './decisions.ts';
import type { Journal, RowDraft } from './journal.ts';
import type { RequestArgs, RequestResult } from './protocol.ts';
import { rulesOfMarket } from './views.ts';

/** Rows that one page looks at. */
const ROWS_LOOKED_AT_MAX = 20_000;
/** Read from the disk at once. */
const ROWS_AT_ONCE = 500;
const ACTOR = Buffer.from('"actor":"');

/** What the crew did that moves no money and has no row of its own. */
export function notedActRows(journal: Journal, args: RequestArgs<'noteAct'>): RowDraft[] {
  if (!['owner', 'coHost', 'moderator'].includes(args.role)) throw new LedgerRefusal('NOT_ALLOWED');
  const { act, target } = args;
  return [
    {
      kind: 'act',
      id: `act:${args.commandId}`,
      ...actOf(journal, args, args.reason),
      act,
      target,
    },
  ];
}

type AuditRow = RequestResult<'acts'>['acts'][number];

/** Acts before a row (null: the newest), at most `limit`, of `target` where one is named. */
export function actsView(journal: Journal, args: RequestArgs<'acts'>): RequestResult<'acts'> {
  const { limit, target } = args;
  const acts: AuditRow[] = [];
  let beforeSeq = args.beforeSeq ?? journal.state.seq + 1;
  const stopSeq = Math.max(1, beforeSeq - ROWS_LOOKED_AT_MAX);
  while (beforeSeq > stopSeq) {
    const fromSeq = Math.max(stopSeq, beforeSeq - ROWS_AT_ONCE);
    const rows = journal.rowsFrom(fromSeq, beforeSeq - fromSeq).reverse();
    for (const { seq, body } of rows) {
      if (!body.includes(ACTOR)) continue;
      const found = auditRow(journal, parseRow(body));
      if (!found || (target !== undefined && found.target !== target)) continue;
      acts.push(found);
      if (acts.length === limit) return { acts, nextSeq: seq > 1 ? seq : null };
    }
    beforeSeq = fromSeq;
  }
  return { acts, nextSeq: beforeSeq > 1 ? beforeSeq : null };
}

/** Null for what is no act of anybody, or only says that one goes on. */
function auditRow(journal: Journal, row: Row): AuditRow | null {
  if (!('actor' in row)) return null;
  const said = saidOf(journal, row);
  if (!said) return null;
  const { seq, at: atUs, actor, role } = row;
  const reason = journal.textOf(row.reason) ?? '(erased)';
  return { seq, atUs, actor, role, reason, about: '', outcome: '', ...said };
}

type Said = Pick<AuditRow, 'act' | 'target'> & Partial<Pick<AuditRow, 'about' | 'outcome'>>;

function saidOf(journal: Journal, row: Extract<Row, { actor: string }>): Said | null {
  switch (row.kind) {
    case 'act': {
      if (row.act === 'market.settling' || row.act === 'market.settled') return null;
      const market = row.act.startsWith('betting.') ? journal.market(row.target) : undefined;
      const about = market ? titleOf(journal, market) : '';
      return { act: row.act, target: row.target, about };
    }
    case 'evidence':
      return null;
    case 'policy':
      return { act: 'policy.set', target: '' };
    case 'ban':
      return { act: row.isBanned ? 'person.banned' : 'person.unbanned', target: row.subject };
    case 'staff':
      return { act: row.isStaff ? 'person.markedCrew' : 'person.freed', target: row.subject };
    default: {
      const market = journal.market(row.market);
      const about = market ? titleOf(journal, market) : '';
      return { act: row.kind, target: row.market, about, outcome: outcomeOf(journal, row, market) };
    }
  }
}

function titleOf(journal: Journal, market: Market): string {
  return rulesOfMarket(journal, market)?.title ?? '(erased)';
}

function outcomeOf(journal: Journal, row: Row, market: Market | undefined): string {
  if (row.kind !== 'market.resolved' && row.kind !== 'market.corrected') return '';
  if (row.outcome === null || !market) return '';
  return rulesOfMarket(journal, market)?.outcomes[row.outcome] ?? String(row.outcome + 1);
}

/** What a decision (outcome null: void) would do, or a correction of one that was taken. */
export function effectView(
  journal: Journal,
  args: RequestArgs<'effectOf'>,
): RequestResult<'effectOf'> {
  const isCorrection = journal.market(args.marketId)?.state === 'RESOLVED';
  const verb = isCorrection ? 'correct' : args.outcome === null ? 'void' : 'resolve';
  const market = decidable(journal, args, verb);
  if (args.outcome !== null && args.outcome >= market.outcomes) {
    throw new LedgerRefusal('BAD_OUTCOME');
  }
  return isCorrection
    ? correctionEffect(journal, market, args)
    : firstEffect(journal, market, args);
}

type Effect = RequestResult<'effectOf'>;
type Account = Effect['accounts'][number];

function firstEffect(
  journal: Journal,
  market: Market,
  { outcome }: RequestArgs<'effectOf'>,
): Effect {
  const accounts = new Accounts();
  const pending = market.bets.filter((bet) => bet.state === 'PENDING');
  if (outcome === null) {
    for (const { subject, amountMinor } of pending) accounts.add(subject, amountMinor, amountMinor);
    return accounts.effect({
      kind: 'decision',
      settlement: 'void',
      houseMinor: market.budgetMinor,
    });
  }
  // What a lock would undo in the same step.
  const { cutoff, guests } = cutOf(journal, market, null);
  const decision = decisionOf(market, outcome, cutoff, guests);
  for (const { bet, why, paidMinor } of decision.fates) {
    if (bet.state !== 'PENDING') continue;
    accounts.add(bet.subject, bet.amountMinor, why === null ? paidMinor : bet.amountMinor);
  }
  const { settlement, rakeMinor, residueMinor } = decision;
  const houseMinor = rakeMinor + residueMinor - market.budgetMinor;
  return accounts.effect({ kind: 'decision', settlement, houseMinor });
}

function correctionEffect(
  journal: Journal,
  market: Market,
  { outcome, tCapUs }: RequestArgs<'effectOf'>,
): Effect {
  const cutoff = tCapUs === null ? market.cutoffUs : cutoffUs(tCapUs, market.guardMs);
  const decision = decisionOf(market, outcome, cutoff);
  const accounts = new Accounts();
  for (const fate of decision.fates) addCorrected(accounts, fate);
  accounts.owe((subject) => availableMinor(journal.state, userAccount(subject)));
  const houseMinor =
    decision.rakeMinor - market.rakeMinor + decision.residueMinor - market.residueMinor;
  return accounts.effect({ kind: 'correction', settlement: decision.settlement, houseMinor });
}

function addCorrected(accounts: Accounts, fate: Fate): void {
  accounts.add(fate.bet.subject, fate.bet.amountMinor, gainOf(fate));
}

/** Sums by bettor. */
class Accounts {
  readonly #bySubject = new Map<string, Account>();

  add(subject: string, stakedMinor: number, changeMinor: number): void {
    const known = this.#bySubject.get(subject);
    if (known) {
      known.stakedMinor += stakedMinor;
      known.changeMinor += changeMinor;
    } else this.#bySubject.set(subject, { subject, stakedMinor, changeMinor, owedMinor: 0 });
  }

  /** More than somebody has is not taken: it is owed. */
  owe(availableOf: (subject: string) => number): void {
    for (const account of this.#bySubject.values()) {
      const lacking = -account.changeMinor - availableOf(account.subject);
      if (account.changeMinor >= 0 || lacking <= 0) continue;
      account.owedMinor = lacking;
      account.changeMinor += lacking;
    }
  }

  effect(what: Pick<Effect, 'kind' | 'settlement' | 'houseMinor'>): Effect {
    const touched = [...this.#bySubject.values()].filter(
      ({ changeMinor, owedMinor, stakedMinor }) =>
        changeMinor !== 0 || owedMinor > 0 || (what.kind === 'decision' && stakedMinor > 0),
    );
    touched.sort((one, other) => sizeOf(other) - sizeOf(one));
    let [givenMinor, givenCount, takenMinor, owedMinor] = [0, 0, 0, 0];
    for (const account of touched) {
      if (account.changeMinor > 0) {
        givenMinor += account.changeMinor;
        givenCount++;
      } else takenMinor -= account.changeMinor;
      owedMinor += account.owedMinor;
    }
    const accounts = touched.slice(0, EFFECT_ACCOUNTS_MAX);
    return {
      ...what,
      givenMinor,
      givenCount,
      takenMinor,
      owedMinor,
      accountCount: touched.length,
      accounts,
    };
  }
}

const sizeOf = ({ changeMinor, owedMinor }: Account) => Math.abs(changeMinor) + owedMinor;
