// A viewer's own limits between wire and ledger. The ledger holds and applies them; here they are
// renamed, and times that no person can mean are refused.

import { create } from '@bufbuild/protobuf';
import { LimitName, type Limits, LimitsSchema } from '../../core/wire/gen/facts_pb.js';
import type { Refusal } from '../../core/wire/viewerReplies.ts';
import type { RequestArgs, RequestResult } from '../ledger/protocol.ts';

type LedgerLimit = RequestArgs<'setLimit'>['limit'];

const DAY_US = 86_400_000_000;
/** Longest break: six weeks, and a day for clocks that differ. */
const PAUSE_US_MAX = 43 * DAY_US;
/** Longest exclusion: ten years. */
const EXCLUSION_US_MAX = 3_660 * DAY_US;

export const LIMIT_NAMES: Record<LimitName, LedgerLimit | null> = {
  [LimitName.UNSPECIFIED]: null,
  [LimitName.STAKE_DAY]: 'stakeDay',
  [LimitName.LOSS_DAY]: 'lossDay',
  [LimitName.PAUSED_UNTIL]: 'pausedUntil',
  [LimitName.EXCLUDED_UNTIL]: 'excludedUntil',
};

/** Why this cannot be somebody's limit; null when it can. */
export function limitFault(
  limit: LedgerLimit | null,
  value: number | null,
  nowUs: number,
): Refusal | null {
  if (limit === null) return { code: 'BAD_REQUEST', message: 'There is no such limit.' };
  const longestUs = { pausedUntil: PAUSE_US_MAX, excludedUntil: EXCLUSION_US_MAX };
  const isTime = limit === 'pausedUntil' || limit === 'excludedUntil';
  if (!isTime || value === null || value - nowUs <= longestUs[limit]) return null;
  const message = 'A break lasts at most six weeks, an exclusion at most ten years.';
  return { code: 'BAD_REQUEST', message };
}

export function wireLimits(commandId: string, found: RequestResult<'limits'>): Limits {
  const names = [
    [LimitName.STAKE_DAY, found.stakeDay],
    [LimitName.LOSS_DAY, found.lossDay],
    [LimitName.PAUSED_UNTIL, found.pausedUntil],
    [LimitName.EXCLUDED_UNTIL, found.excludedUntil],
  ] as const;
  return create(LimitsSchema, {
    commandId,
    isBanned: found.isBanned,
    limits: names.map(([limit, { value, waiting }]) => ({
      limit,
      ...(value === null ? {} : { value: BigInt(value) }),
      ...(waiting === null ? {} : { waitingFromUs: BigInt(waiting.fromUs) }),
      ...(waiting === null || waiting.value === null
        ? {}
        : { waitingValue: BigInt(waiting.value) }),
    })),
  });
}
