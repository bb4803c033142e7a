// A market as it stands in the form, and what is wrong with each field. Pure. The engine checks the
// same again; here it only becomes a sentence at the right place before anything is sent.

import type { EventType } from '../../core/contract/events.ts';
import type { Template } from '../../core/contract/state.ts';
import type { TextKey } from '../ui/texts.ts';

type Pricing = 'parimutuel' | 'lmsr';

/** Fields hold what was typed. Empty event names mean none. */
export type TemplateDraft = {
  id: string;
  title: string;
  outcomes: readonly string[];
  betWindow: string;
  horizon: string;
  deadline: string;
  guard: string;
  suggestOn: EventType | '';
  opening: Template['opening'];
  lockOn: EventType | '';
  lockSubject: string;
  lockConfidence: string;
  decideOn: EventType | '';
  decideSubject: string;
  decideConfidence: string;
  outcomeThen: number;
  otherwise: number;
  pricing: Pricing;
  budget: string;
  /** Percent; empty: no cap. */
  guests: string;
};

/** The sentence of a fault, to be said at its field. */
export type Fault = { key: TextKey; values?: Record<string, string | number> };
/** Field name (outcomes as outcome0, outcome1 ...) -> fault. */
export type Faults = Readonly<Record<string, Fault>>;

export const OUTCOMES_MAX = 10;

export const EMPTY_DRAFT: TemplateDraft = {
  id: '',
  title: '',
  outcomes: ['Yes', 'No'],
  betWindow: '20',
  horizon: '60',
  deadline: '180',
  guard: '500',
  suggestOn: '',
  opening: 'ask',
  lockOn: '',
  lockSubject: '',
  lockConfidence: '60',
  decideOn: '',
  decideSubject: '',
  decideConfidence: '60',
  outcomeThen: 0,
  otherwise: 1,
  pricing: 'parimutuel',
  budget: '500',
  guests: '',
};

export function draftOf(template: Template): TemplateDraft {
  const { lockOn, decideOn, pricing = 'parimutuel' } = template;
  return {
    ...EMPTY_DRAFT,
    id: template.id,
    title: template.title,
    outcomes: template.outcomes,
    betWindow: String(template.betWindowSeconds),
    horizon: String(template.horizonSeconds),
    deadline: String(template.deadlineSeconds),
    guard: String(template.guardMs),
    suggestOn: template.suggestOn ?? '',
    opening: template.opening,
    otherwise: template.otherwise,
    guests:
      template.guestShareBasisPoints === undefined
        ? ''
        : percentText(template.guestShareBasisPoints / 10_000),
    ...(lockOn
      ? {
          lockOn: lockOn.type,
          lockSubject: lockOn.subject ?? '',
          lockConfidence: percentText(lockOn.minimumConfidence),
        }
      : {}),
    ...(decideOn
      ? {
          decideOn: decideOn.type,
          decideSubject: decideOn.subject ?? '',
          decideConfidence: percentText(decideOn.minimumConfidence),
          outcomeThen: decideOn.outcome,
        }
      : {}),
    ...(pricing === 'parimutuel'
      ? {}
      : { pricing: 'lmsr' as const, budget: String(pricing.lmsr.budgetMinor) }),
  };
}

/** What is wrong, by field; empty when nothing is. */
export function faultsOf(draft: TemplateDraft): Faults {
  const faults: Record<string, Fault> = {};
  const check = (field: string, fault: Fault | null) => {
    if (fault !== null && !(field in faults)) faults[field] = fault;
  };
  check('title', wordsFault(draft.title, 80));
  draft.outcomes.forEach((label, index) => {
    check(`outcome${index}`, wordsFault(label, 25));
    const isTwice = draft.outcomes.findIndex((one) => one.trim() === label.trim()) < index;
    check(`outcome${index}`, isTwice ? { key: 'studio.fault.same' } : null);
  });
  check('betWindow', numberFault(draft.betWindow, 3, 1800));
  check('guard', numberFault(draft.guard, 0, 10_000, true));
  check('horizon', numberFault(draft.horizon, 4, 86_400));
  check('deadline', numberFault(draft.deadline, 5, 86_400));
  if (Object.keys(faults).every((field) => !TIMES.includes(field))) checkOrder(draft, check);
  if (draft.lockOn) check('lockConfidence', numberFault(draft.lockConfidence, 0, 100));
  if (draft.lockOn) check('lockSubject', longFault(draft.lockSubject, 60));
  if (draft.decideOn) check('decideConfidence', numberFault(draft.decideConfidence, 0, 100));
  if (draft.decideOn) check('decideSubject', longFault(draft.decideSubject, 60));
  if (draft.pricing === 'lmsr') check('budget', numberFault(draft.budget, 1, 1e9, true));
  else if (draft.guests.trim() !== '') check('guests', numberFault(draft.guests, 0, 99.9));
  return faults;
}

/** Longer than any field takes, and no number. */
const TOO_MUCH = 'x'.repeat(1_000);

/** What a field takes, as the sentence of its fault; null: anything. */
export function allowedIn(draft: TemplateDraft, field: string): Fault | null {
  const at = /^outcome(\d+)$/.exec(field)?.[1];
  const change =
    at === undefined
      ? { [field]: TOO_MUCH }
      : { outcomes: draft.outcomes.with(Number(at), TOO_MUCH) };
  return faultsOf({ ...draft, ...change })[field] ?? null;
}

/** The faults of fields that were changed: said while one types, and not before. */
export function faultsTyped(draft: TemplateDraft, before: TemplateDraft): Faults {
  const value = (one: TemplateDraft, field: string) => {
    const at = /^outcome(\d+)$/.exec(field)?.[1];
    return at === undefined ? one[field as keyof TemplateDraft] : one.outcomes[Number(at)];
  };
  const known = Object.entries(faultsOf(draft));
  return Object.fromEntries(
    known.filter(([field]) => value(draft, field) !== value(before, field)),
  );
}

/** The template of a draft without faults. */
export function templateOf(draft: TemplateDraft, id: string): Template {
  const last = draft.outcomes.length - 1;
  return {
    id,
    title: draft.title.trim(),
    outcomes: draft.outcomes.map((label) => label.trim()),
    suggestOn: draft.suggestOn || null,
    lockOn: draft.lockOn
      ? {
          type: draft.lockOn,
          subject: draft.lockSubject.trim() || null,
          minimumConfidence: Number(draft.lockConfidence) / 100,
        }
      : null,
    decideOn: draft.decideOn
      ? {
          type: draft.decideOn,
          subject: draft.decideSubject.trim() || null,
          minimumConfidence: Number(draft.decideConfidence) / 100,
          outcome: Math.min(draft.outcomeThen, last),
        }
      : null,
    otherwise: Math.min(draft.otherwise, last),
    betWindowSeconds: Number(draft.betWindow),
    horizonSeconds: Number(draft.horizon),
    deadlineSeconds: Number(draft.deadline),
    guardMs: Number(draft.guard),
    opening: draft.opening,
    ...(draft.pricing === 'lmsr'
      ? { pricing: { lmsr: { budgetMinor: Number(draft.budget) } } }
      : guestShareOf(draft)),
  };
}

/** An id for a new template: readable, and free. */
export function freeTemplateId(title: string, taken: readonly string[]): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 30);
  const base = words || 'market';
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.includes(id)) return id;
  }
}

function guestShareOf({ guests }: TemplateDraft): Pick<Template, 'guestShareBasisPoints'> {
  if (guests.trim() === '') return {};
  return { guestShareBasisPoints: Math.round(Number(guests) * 100) };
}

const TIMES = ['betWindow', 'guard', 'horizon', 'deadline'];

function checkOrder(
  draft: TemplateDraft,
  check: (field: string, fault: Fault | null) => void,
): void {
  const horizonMin = Number(draft.betWindow) + Number(draft.guard) / 1000;
  const horizon = Number(draft.horizon);
  if (horizon < horizonMin) {
    check('horizon', { key: 'studio.fault.horizon', values: { min: horizonMin } });
  }
  if (Number(draft.deadline) < horizon) {
    check('deadline', { key: 'studio.fault.deadline', values: { min: horizon } });
  }
}

function wordsFault(words: string, max: number): Fault | null {
  return words.trim() === '' ? { key: 'studio.fault.empty' } : longFault(words, max);
}

function longFault(words: string, max: number): Fault | null {
  return words.trim().length > max ? { key: 'studio.fault.long', values: { max } } : null;
}

/** Whether what was typed is a number inside the bounds. */
export function numberFault(
  typed: string,
  min: number,
  max: number,
  isWhole = false,
): Fault | null {
  const value = Number(typed);
  const isNumber = typed.trim() !== '' && Number.isFinite(value) && (!isWhole || value % 1 === 0);
  if (isNumber && value >= min && value <= max) return null;
  return { key: isWhole ? 'studio.fault.whole' : 'studio.fault.number', values: { min, max } };
}

function percentText(share: number): string {
  return String(Math.round(share * 1000) / 10);
}
