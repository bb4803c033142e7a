// One decision of the rules of today beside the one that was recorded: what has to be the same is
// compared, and what is of that day is taken from the recording. Pure.
//
// Compared: which act, on which market, with which outcome, words, cut-off and deciding picture. Of
// that day: the time at which the engine acted, ids, and how sure vision was, if it is as sure now
// within the bound (models on other processors, or on pictures that a busy machine left out, differ
// in the last digits).

import type { MarketRules } from '../../core/markets/rules.ts';
import type { Evidence, RequestArgs, RequestName } from '../../native/ledger/protocol.ts';

/** What a machine may ask of a market. */
export const MACHINE_ACTS = ['openMarket', 'lockMarket', 'resolveMarket', 'voidMarket'] as const;
export type MachineAct = (typeof MACHINE_ACTS)[number];
export type Asked = { [Name in MachineAct]: { name: Name; args: RequestArgs<Name> } }[MachineAct];

/** Thousandths by which vision may be surer or less sure than it was, and be the same. */
export const CONFIDENCE_BOUND_PERMILLE = 25;

export type Compared = {
  /** To be asked of the ledger. */
  command: Asked;
  /** What was decided otherwise, in words; empty: the same. */
  differences: string[];
  /** What is not of the decision: how sure it was then and now. */
  figures: string[];
};

/** @param isExact how sure vision is, and its words, are compared, too */
export function likeThen(now: Asked, then: Asked, isExact: boolean): Compared {
  const { commandId, atUs, marketId } = then.args;
  const act = { commandId, atUs, marketId };
  if (now.name === 'openMarket' && then.name === 'openMarket') {
    const rules = rulesLikeThen(now.args, then.args);
    const differences = fieldsOf(rules, then.args.rules).map(
      ([field, is, was]) => `its ${field} is ${is}, and was ${was}`,
    );
    return {
      command: { name: now.name, args: { ...now.args, ...act, rules } },
      differences,
      figures: [],
    };
  }
  const command = { ...now, args: { ...now.args, ...act } } as Asked;
  if (now.name !== then.name) {
    const differences = [
      `it is ${WORDS[now.name]} (${now.args.reason}), and was ${WORDS[then.name]}`,
    ];
    return { command, differences, figures: [] };
  }
  return compareActs(command, then, isExact);
}

const WORDS: Record<MachineAct, string> = {
  openMarket: 'opened',
  lockMarket: 'locked',
  resolveMarket: 'decided',
  voidMarket: 'void',
};

function compareActs(now: Asked, then: Asked, isExact: boolean): Compared {
  const differences: string[] = [];
  const figures: string[] = [];
  const say = (what: string, is: unknown, was: unknown) => {
    if (is !== was) differences.push(`${what} is ${is}, and was ${was}`);
  };
  if (now.name === 'lockMarket' && then.name === 'lockMarket') {
    say('the cut', now.args.tCapUs, then.args.tCapUs);
  }
  let isSame = true;
  let command = now;
  if (now.name === 'resolveMarket' && then.name === 'resolveMarket') {
    say('the outcome', now.args.outcome, then.args.outcome);
    const [is, was] = [now.args.evidence, then.args.evidence];
    say('the event', is?.type ?? 'none', was?.type ?? 'none');
    say('its picture', is?.captureUs ?? 0, was?.captureUs ?? 0);
    const [sure, wasSure] = [is?.confidencePermille ?? 0, was?.confidencePermille ?? 0];
    if (sure !== wasSure) figures.push(`sure to ${sure / 1000}, and to ${wasSure / 1000} then`);
    isSame = Math.abs(sure - wasSure) <= (isExact ? 0 : CONFIDENCE_BOUND_PERMILLE);
    const evidence = is && was && evidenceLikeThen(is, was, isSame);
    command = { ...now, args: { ...now.args, evidence: evidence ?? is } };
  }
  const isSamePicture = differences.length === 0;
  if (isSamePicture && !isSame) differences.push(figures.pop() ?? '');
  const [words, wereWords] = [now.args.reason, then.args.reason];
  if (words === wereWords) return { command, differences, figures };
  // Words hold figures: on the same picture, as sure as then, they are that day's.
  const hasPicture = isByPicture(then);
  if (!isExact && hasPicture && isSamePicture && isSame) {
    figures.push(`words "${words}", and "${wereWords}" then`);
    const args = { ...command.args, reason: wereWords };
    return { command: { ...command, args } as Asked, differences, figures };
  }
  differences.push(`the reason is "${words}", and was "${wereWords}"`);
  return { command, differences, figures };
}

function isByPicture(then: Asked): boolean {
  if (then.name === 'lockMarket') return then.args.tCapUs !== null;
  return then.name === 'resolveMarket' && then.args.evidence !== null;
}

function evidenceLikeThen(is: Evidence, was: Evidence, isAsSure: boolean): Evidence {
  if (is.type !== was.type || is.captureUs !== was.captureUs) return is;
  const { id, detectedUs, confidencePermille } = was;
  return { ...is, id, detectedUs, ...(isAsSure ? { confidencePermille } : {}) };
}

/** Rules that were fixed a moment apart, with the salt of that day. */
function rulesLikeThen(
  now: RequestArgs<'openMarket'>,
  then: RequestArgs<'openMarket'>,
): MarketRules {
  const { rules } = now;
  const laterUs = then.rules.opensAtUs - rules.opensAtUs;
  return {
    ...rules,
    salt: then.rules.salt,
    opensAtUs: rules.opensAtUs + laterUs,
    lockAtUs: rules.lockAtUs + laterUs,
    horizonAtUs: rules.horizonAtUs + laterUs,
    deadlineAtUs: rules.deadlineAtUs + laterUs,
  };
}

function fieldsOf(is: MarketRules, was: MarketRules): [string, string, string][] {
  const fields = [...new Set([...Object.keys(is), ...Object.keys(was)])] as (keyof MarketRules)[];
  return fields.flatMap((field): [string, string, string][] => {
    const [one, other] = [JSON.stringify(is[field]), JSON.stringify(was[field])];
    return one === other ? [] : [[field, one ?? 'absent', other ?? 'absent']];
  });
}

/** A command of the recording that only the machine's rules can have asked for; else null. */
export function machineActOf(name: string, args: Record<string, unknown>): MachineAct | null {
  const act = MACHINE_ACTS.find((one) => one === (name as RequestName));
  const isMachine = args.actor === 'engine' && args.role === 'vision';
  // Locked when the ledger was rebuilt: no rule of markets, and it has no facts behind it.
  const isRebuilt = String(args.commandId).startsWith('recovered-');
  return act && isMachine && !isRebuilt ? act : null;
}
