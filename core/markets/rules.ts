// The rules of one market: everything that decides it, fixed at opening and hashed into its row.
// Nothing that happens later may change them. They carry a random salt, so that erasing the text
// leaves a hash in the journal from which nobody can guess the title.

import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { toHex } from '../base/ids.ts';
import { eventTypeSchema } from '../contract/events.ts';
import type { Template } from '../contract/state.ts';
import { type CanonicalValue, canonicalBytes } from '../ledger/canonical.ts';

const binding = {
  type: eventTypeSchema,
  subject: z.string().max(60).nullable(),
  /** Thousandths, because hashed bytes hold integers only. */
  minimumConfidencePermille: z.number().int().min(0).max(1000),
};
const timeUs = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** Longest life of a market: 24 hours and the slack of one rounding, microseconds. */
export const LIFE_US_MAX = 86_400_000_000;

export const marketRulesSchema = z
  .strictObject({
    version: z.literal(1),
    templateId: z.string().min(1).max(40),
    title: z.string().min(1).max(80),
    outcomes: z.array(z.string().min(1).max(25)).min(2).max(10),
    /** Ends the betting by its capture time; absent: no event does. */
    lockOn: z.strictObject(binding).optional(),
    /** Null: only people decide. */
    decideOn: z.strictObject({ ...binding, outcome: z.number().int().nonnegative() }).nullable(),
    otherwise: z.number().int().nonnegative(),
    /** Media clock, microseconds: betting begins. */
    opensAtUs: timeUs,
    /** The last bet arrives before this. */
    lockAtUs: timeUs,
    /** The question ends, on the capture clock. */
    horizonAtUs: timeUs,
    /** Unresolved then: void and refund. */
    deadlineAtUs: timeUs,
    guardMs: z.number().int().min(0).max(10_000),
    /** lmsr: the house puts in a budget, which it may lose, and every bet has its price. */
    pricing: z.union([
      z.literal('parimutuel'),
      z.strictObject({
        lmsr: z.strictObject({ budgetMinor: z.number().int().min(1).max(1_000_000_000) }),
      }),
    ]),
    rakeBasisPoints: z.number().int().min(0).max(2_000),
    /** Most of the pool that guests may hold at the lock; absent: any part. */
    guestShareBasisPoints: z.number().int().min(0).max(9_999).optional(),
    rakeBase: z.literal('losers'),
    rounding: z.literal('largestRemainder'),
    salt: z.string().regex(/^[0-9a-f]{32}$/),
  })
  .superRefine((rules, context) => {
    const isOrdered =
      rules.opensAtUs < rules.lockAtUs &&
      rules.lockAtUs <= rules.horizonAtUs - rules.guardMs * 1000 &&
      rules.horizonAtUs <= rules.deadlineAtUs &&
      rules.deadlineAtUs - rules.opensAtUs <= LIFE_US_MAX;
    if (!isOrdered) {
      context.addIssue(
        'times must be opensAt < lockAt <= horizonAt - guard, horizonAt <= deadlineAt <= 24 h',
      );
    }
    if (rules.guestShareBasisPoints !== undefined && rules.pricing !== 'parimutuel') {
      context.addIssue('a share of guests needs a pool that is shared');
    }
    for (const outcome of [rules.decideOn?.outcome ?? 0, rules.otherwise]) {
      if (outcome >= rules.outcomes.length) context.addIssue(`there is no outcome ${outcome}`);
    }
  });
export type MarketRules = z.infer<typeof marketRulesSchema>;

/** What the house puts in; null for a market that shares its pool. */
export function budgetOf(rules: MarketRules): number | null {
  return rules.pricing === 'parimutuel' ? null : rules.pricing.lmsr.budgetMinor;
}

/**
 * The rules of a market that opens at `opensAtUs` from a template.
 *
 * @param salt 32 hexadecimal characters, random.
 * @throws ZodError when the template's times contradict each other.
 */
export function rulesOf(template: Template, opensAtUs: number, salt: string): MarketRules {
  return marketRulesSchema.parse({
    version: 1,
    templateId: template.id,
    title: template.title,
    outcomes: template.outcomes,
    ...(template.lockOn ? { lockOn: bindingOf(template.lockOn) } : {}),
    decideOn: template.decideOn && {
      ...bindingOf(template.decideOn),
      outcome: template.decideOn.outcome,
    },
    otherwise: template.otherwise,
    opensAtUs,
    lockAtUs: opensAtUs + toUs(template.betWindowSeconds),
    horizonAtUs: opensAtUs + toUs(template.horizonSeconds),
    deadlineAtUs: opensAtUs + toUs(template.deadlineSeconds),
    guardMs: template.guardMs,
    pricing: template.pricing ?? 'parimutuel',
    rakeBasisPoints: 0,
    ...(template.guestShareBasisPoints === undefined
      ? {}
      : { guestShareBasisPoints: template.guestShareBasisPoints }),
    rakeBase: 'losers',
    rounding: 'largestRemainder',
    salt,
  });
}

/** SHA-256 over the canonical bytes of the rules, hexadecimal. */
export function rulesHash(rules: MarketRules): string {
  return toHex(sha256(canonicalBytes(rules as CanonicalValue)));
}

function bindingOf(on: NonNullable<Template['lockOn']>) {
  return {
    type: on.type,
    subject: on.subject,
    minimumConfidencePermille: Math.ceil(on.minimumConfidence * 1000),
  };
}

function toUs(seconds: number): number {
  return Math.round(seconds * 1_000_000);
}
