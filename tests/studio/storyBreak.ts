// Break it in a studio without processes: the connections of its pages are cut for the engine, and
// what the supervisor would say is said. Never shipped.

import type { BreakDeed } from '../../core/contract/breakIt.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';

const BOOKS = {
  ...{ seq: 412, hash: 'd'.repeat(64), accounts: 128 },
  ...{ pointsMinor: 12_400, grantedMinor: 12_800 },
};

export function storyBreak(calls: string[]): Handlers['breakIt'] {
  let deed: BreakDeed | null = null;
  return {
    show: ({ seq }) => ({
      ...{
        refusal: '',
        books: BOOKS,
        viewers: 128,
        rowHash: seq === BOOKS.seq ? BOOKS.hash : null,
      },
      loss: null,
      deed,
    }),
    run({ id, act }) {
      calls.push(`breakIt.run ${act}`);
      if (act === 'losePackets') return { books: BOOKS, viewers: 128 };
      const isTorn = act === 'tearLog';
      deed = {
        ...{ id, act, state: 'back', reason: '', pid: 4711, nextPid: 4750 },
        ...{ endedMs: 12, backMs: 640, tornBytes: isTorn ? 2_072 : 0 },
        leftOutBytes: isTorn ? 2_072 : null,
      };
      return { books: BOOKS, viewers: 128 };
    },
  };
}
