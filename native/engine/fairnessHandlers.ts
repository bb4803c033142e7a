// What the fairness scope asks: the delays that viewers' pages report, and the ledger's arrivals.

import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { scopeOf } from '../../core/markets/fairness.ts';
import type { Audience } from '../audience/audience.ts';
import type { LedgerClient } from '../ledger/client.ts';

export type FairnessRooms = {
  audience: Pick<Audience, 'delaysMs' | 'readings'>;
  ledger: Pick<LedgerClient, 'arrivals'>;
};

/** @param refusable turns a room's refusal into the contract's error */
export function fairnessHandlers(
  { audience, ledger }: FairnessRooms,
  refusable: <Result>(run: () => Promise<Result>) => Promise<Result>,
): Pick<Handlers, 'fairness'> {
  return {
    fairness: {
      before: (market) => scopeOf(audience.delaysMs(), audience.readings().viewers, market),
      after: (args) => refusable(() => ledger.arrivals(args)),
    },
  };
}
