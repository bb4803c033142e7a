// What whoever runs the show decides about betting as a whole: suspend and resume it, ban a viewer,
// set the policy. The ledger books and enforces bans and policy; suspending is the show's and is
// kept in the data folder, so that a restarted engine does not open what a person had closed.

import type { MediaClock } from '../../core/base/clock.ts';
import { newId, type RandomBytes } from '../../core/base/ids.ts';
import type { Bettor } from '../../core/contract/operations.ts';
import type { Policy } from '../../core/ledger/policy.ts';
import type { LedgerClient } from '../ledger/client.ts';
import { type MarketCaller, MarketRefusal } from '../markets/markets.ts';
import type { StudioStateStore } from '../serve/state.ts';
import type { KeptChoices } from './keptChoices.ts';
import type { Show } from './show.ts';

export type StaffActs = {
  /** Empty: betting goes on. */
  suspendBetting(caller: MarketCaller, reason: string): Promise<void>;
  /** Writes into the ledger who suspended a market, or let it go on (empty reason). */
  noteSuspension(caller: MarketCaller, args: { marketId?: string; reason: string }): Promise<void>;
  bettors(limit: number): Promise<Bettor[]>;
  setBan(
    caller: MarketCaller,
    args: { subject: string; isBanned: boolean; reason: string },
  ): Promise<void>;
  setStaff(
    caller: MarketCaller,
    args: { subject: string; marketId?: string | undefined; isStaff: boolean; reason: string },
  ): Promise<void>;
  setPolicy(caller: MarketCaller, args: { policy: Policy; reason: string }): Promise<void>;
  /** Shows the policy in force, once the ledger is there. */
  readPolicy(): void;
};

export function createStaffActs(rooms: {
  show: Show;
  ledger: LedgerClient;
  store: StudioStateStore;
  clock: MediaClock;
  random: RandomBytes;
  kept: KeptChoices;
}): StaffActs {
  const { show, ledger, store, clock, random, kept } = rooms;
  const act = ({ actor, role }: MarketCaller) => ({
    ...{ actor, role },
    commandId: newId(random),
    atUs: clock.nowUs(),
  });
  async function readPolicy(): Promise<void> {
    store.apply({ type: 'policy.changed', policy: await ledger.policy() });
  }
  async function noteSuspension(
    caller: MarketCaller,
    { marketId, reason }: { marketId?: string; reason: string },
  ): Promise<void> {
    const of = marketId === undefined ? {} : { marketId };
    const note = { ...act(caller), ...of, isSuspended: reason !== '', reason };
    await ledger.noteSuspension(note).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new MarketRefusal(
        'unavailable',
        `It holds, but the ledger has no record of it: ${why}`,
      );
    });
  }
  return {
    noteSuspension,
    async suspendBetting(caller, reason) {
      // Stopping bets never waits for the disk.
      show.suspendByHand(reason);
      await kept.keepSuspended({ show: reason }).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        const words = `It holds now, but not over a restart of the studio: ${why}`;
        throw new MarketRefusal('unavailable', words);
      });
      await noteSuspension(caller, { reason });
    },
    async bettors(limit) {
      const found = await ledger.bettors(limit);
      return found.map(({ debtMinor: _owed, ...bettor }) => bettor);
    },
    async setBan(caller, args) {
      await ledger.setBan({ ...act(caller), ...args });
    },
    async setStaff(caller, args) {
      await ledger.setStaff({ ...act(caller), ...args });
    },
    async setPolicy(caller, args) {
      await ledger.setPolicy({ ...act(caller), ...args });
      await readPolicy();
    },
    readPolicy() {
      // The link was lost again; the next connection asks anew.
      readPolicy().catch(() => {});
    },
  };
}
