// What a studio grants and allows, and what viewers forbid themselves. The policy in force is in
// the journal, so that anybody can recompute whether a bet was allowed. Pure: time comes from rows.

import { z } from 'zod';

const points = z.number().int().positive().max(1_000_000_000);
const optional = points.nullable();

export const policySchema = z.strictObject({
  version: z.literal(1),
  /** What a new viewer is given, minor points; 0: everything vests by watching. */
  grantMinor: z.number().int().nonnegative().max(1_000_000_000),
  /** Given per minute watched, from the house, while a viewer has less than `vestBelowMinor`. */
  vestMinorPerMinute: z.number().int().nonnegative().max(1_000_000),
  vestBelowMinor: z.number().int().nonnegative().max(1_000_000_000),
  /** Most that vests in any 24 hours. */
  vestMinorPerDay: z.number().int().nonnegative().max(1_000_000_000),
  /** Limits for everybody; null: none. */
  stakeMinorPerBet: optional,
  stakeMinorPerMarket: optional,
  stakeMinorPerDay: optional,
  betsPerSecond: z.number().int().positive().max(1_000).nullable(),
  /** How long after a decision it may be corrected, seconds. */
  disputeSeconds: z.number().int().nonnegative().max(86_400),
});
export type Policy = z.infer<typeof policySchema>;

/** In force before the first policy row; part of version 1 of the journal, never to be changed. */
export const FIRST_POLICY: Policy = {
  version: 1,
  grantMinor: 1000,
  vestMinorPerMinute: 10,
  vestBelowMinor: 1000,
  vestMinorPerDay: 1000,
  stakeMinorPerBet: null,
  stakeMinorPerMarket: null,
  stakeMinorPerDay: null,
  betsPerSecond: null,
  disputeSeconds: 600,
};

/** A looser limit waits so long, microseconds. */
export const LOOSER_AFTER_US = 24 * 3600 * 1_000_000;
/** Limits per day look back so far, microseconds. */
export const DAY_US = 24 * 3600 * 1_000_000;

export type LimitName = 'stakeDay' | 'lossDay' | 'pausedUntil' | 'excludedUntil';
/** The settings of one limit in the order they were made. */
export type LimitHistory = { value: number | null; fromUs: number }[];

/** The value in force at `nowUs`; null: none. */
export function limitAt(history: LimitHistory | undefined, nowUs: number): number | null {
  return history?.findLast((setting) => setting.fromUs <= nowUs)?.value ?? null;
}

/** Whether `next` forbids at least what `known` forbids. */
export function isStricter(limit: LimitName, known: number | null, next: number | null): boolean {
  if (known === null) return true;
  if (next === null) return false;
  return limit === 'stakeDay' || limit === 'lossDay' ? next <= known : next >= known;
}

/** When a new value comes into force: at once when stricter, else after 24 hours. */
export function limitFromUs(
  limit: LimitName,
  history: LimitHistory | undefined,
  next: number | null,
  nowUs: number,
): number {
  const isAtOnce = isStricter(limit, limitAt(history, nowUs), next);
  return isAtOnce ? nowUs : nowUs + LOOSER_AFTER_US;
}

/** The history with one more setting; whatever still waited is replaced by it. */
export function withLimit(
  history: LimitHistory | undefined,
  setting: { value: number | null; fromUs: number },
  atUs: number,
): LimitHistory {
  return [...(history ?? []).filter((one) => one.fromUs <= atUs), setting];
}
