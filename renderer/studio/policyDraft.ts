// The rules for everybody as they stand in the form. Pure; an empty limit means none.

import type { Policy } from '../../core/ledger/policy.ts';
import { type Faults, numberFault } from './templateDraft.ts';

const GIVEN_MAX = 1_000_000_000;

/** Fields of the form: their bounds, and whether they may be empty. */
export const POLICY_FIELDS = {
  grantMinor: { min: 0, max: GIVEN_MAX, isLimit: false },
  vestMinorPerMinute: { min: 0, max: 1_000_000, isLimit: false },
  vestBelowMinor: { min: 0, max: GIVEN_MAX, isLimit: false },
  vestMinorPerDay: { min: 0, max: GIVEN_MAX, isLimit: false },
  stakeMinorPerBet: { min: 1, max: GIVEN_MAX, isLimit: true },
  stakeMinorPerMarket: { min: 1, max: GIVEN_MAX, isLimit: true },
  stakeMinorPerDay: { min: 1, max: GIVEN_MAX, isLimit: true },
  betsPerSecond: { min: 1, max: 1_000, isLimit: true },
  disputeSeconds: { min: 0, max: 86_400, isLimit: false },
} as const;

export type PolicyField = keyof typeof POLICY_FIELDS;
export type PolicyDraft = Record<PolicyField, string>;

const NAMES = Object.keys(POLICY_FIELDS) as PolicyField[];

export function policyDraftOf(policy: Policy): PolicyDraft {
  const entries = NAMES.map((name) => [name, policy[name] === null ? '' : String(policy[name])]);
  return Object.fromEntries(entries) as PolicyDraft;
}

export function policyFaults(draft: PolicyDraft): Faults {
  const faults: Record<string, NonNullable<ReturnType<typeof numberFault>>> = {};
  for (const name of NAMES) {
    const { min, max, isLimit } = POLICY_FIELDS[name];
    if (isLimit && draft[name].trim() === '') continue;
    const fault = numberFault(draft[name], min, max, true);
    if (fault !== null) faults[name] = fault;
  }
  return faults;
}

/** The faults of fields that were changed: said while one types, and not before. */
export function policyFaultsTyped(draft: PolicyDraft, before: PolicyDraft): Faults {
  const known = Object.entries(policyFaults(draft));
  return Object.fromEntries(
    known.filter(([name]) => draft[name as PolicyField] !== before[name as PolicyField]),
  );
}

/** The policy of a draft without faults. */
export function policyOf(draft: PolicyDraft): Policy {
  const entries = NAMES.map((name) => [
    name,
    draft[name].trim() === '' ? null : Number(draft[name]),
  ]);
  return { version: 1, ...Object.fromEntries(entries) } as Policy;
}
