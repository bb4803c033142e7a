// Breaks a running studio because its owner wants to see it survive: a process is killed, and the
// ledger's log torn while nobody has it open. Only the demo match, only with the studio's own
// relay, and each wish once: an engine that comes back may ask again. It never breaks what is not
// whole, so that nobody drives the supervisor into its slow restarts. It must never touch what was
// committed.

import type { Logger } from '../../core/base/logger.ts';
import type { BreakDeed, BreakOrder } from '../../core/contract/breakIt.ts';
import type { ProcessName } from '../../core/contract/process.ts';
import type { ChildFacts } from './supervisor.ts';

/** Deeds that are remembered, and told to an engine that comes back. */
const DEEDS_MAX = 16;
/** The supervisor restarts five times a minute at full speed; the fifth is left to chance. */
const DEATHS_A_MINUTE_MAX = 4;

export type BreakingOptions = {
  logger: Logger;
  monotonicMs(): number;
  /** Why nothing may be broken here and now; empty when it may. */
  refusal(): string;
  /** Leaves half a record at the end of the ledger's log; returns its bytes. */
  tearLog(): number;
};

/** What the supervisor lends for it. */
export type BreakableChildren = {
  /** Of a ready child; null: it is not there to be killed. */
  pidOf(name: ProcessName): number | null;
  /** How often it died within the last minute. */
  deathsLately(name: ProcessName): number;
  kill(name: ProcessName): void;
  tell(deed: BreakDeed): void;
};

export type Breaking = {
  order(order: BreakOrder): void;
  exited(name: ProcessName): void;
  ready(name: ProcessName, pid: number | null, facts: ChildFacts): void;
  /** Newest last. */
  deeds(): readonly BreakDeed[];
};

type Kept = { deed: BreakDeed; target: ProcessName; sinceMs: number };

export function createBreaking(options: BreakingOptions, children: BreakableChildren): Breaking {
  const { logger, monotonicMs } = options;
  const kept: Kept[] = [];

  function change(one: Kept, changes: Partial<BreakDeed>): void {
    one.deed = { ...one.deed, ...changes };
    children.tell(one.deed);
  }

  function refusalOf(target: ProcessName): string {
    const refusal = options.refusal();
    if (refusal !== '') return refusal;
    const isDying = newest(target, 'ending') !== undefined;
    if (isDying || children.pidOf(target) === null)
      return `The ${target} is being started; wait a moment.`;
    if (children.deathsLately(target) < DEATHS_A_MINUTE_MAX) return '';
    return `The ${target} died ${DEATHS_A_MINUTE_MAX} times within a minute; wait a minute.`;
  }

  const newest = (name: ProcessName, state: BreakDeed['state']) =>
    kept.findLast(({ target, deed }) => target === name && deed.state === state);

  return {
    order({ id, act }) {
      if (kept.some(({ deed }) => deed.id === id)) return;
      const target = act === 'tearLog' ? 'ledger' : act;
      const reason = refusalOf(target);
      const state = reason === '' ? ('ending' as const) : ('refused' as const);
      const one: Kept = {
        deed: {
          ...{ id, act, state, reason, pid: children.pidOf(target), nextPid: null },
          ...{ endedMs: null, backMs: null, tornBytes: 0, leftOutBytes: null },
        },
        target,
        sinceMs: monotonicMs(),
      };
      kept.push(one);
      if (kept.length > DEEDS_MAX) kept.shift();
      logger.warn('broken on purpose', { act, process: target, refused: reason });
      children.tell(one.deed);
      if (reason === '') children.kill(target);
    },
    exited(name) {
      const one = newest(name, 'ending');
      if (!one) return;
      const tornBytes = one.deed.act === 'tearLog' ? tear(options) : 0;
      change(one, { state: 'ended', endedMs: since(one), tornBytes });
    },
    ready(name, nextPid, { leftOutBytes }) {
      const one = newest(name, 'ended');
      if (!one) return;
      const leftOut = typeof leftOutBytes === 'number' ? leftOutBytes : null;
      change(one, { state: 'back', nextPid, backMs: since(one), leftOutBytes: leftOut });
    },
    deeds: () => kept.map(({ deed }) => deed),
  };

  function since({ sinceMs }: Kept): number {
    return Math.round(monotonicMs() - sinceMs);
  }
}

/** A log that cannot be torn keeps no ledger from coming back. */
function tear({ tearLog, logger }: BreakingOptions): number {
  try {
    return tearLog();
  } catch (cause) {
    logger.warn('the log was not torn', { reason: String(cause) });
    return 0;
  }
}
