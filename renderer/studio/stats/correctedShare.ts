// How often the picture's decisions were wrong: of the settlements that the studio made by itself,
// the share that a person corrected afterwards. Pure; the acts are those of the audit log, so it is
// true after any restart.

import type { AuditEntry } from '../../../core/contract/moderation.ts';

export type DecidingAct = Pick<AuditEntry, 'act' | 'role' | 'target'>;

/** In percent; null while nothing was settled by the picture. Corrected twice counts once. */
export function correctedPercentOf(acts: readonly DecidingAct[]): number | null {
  const byPicture = new Set<string>();
  const corrected = new Set<string>();
  for (const { act, role, target } of acts) {
    if (act === 'market.resolved' && role === 'vision') byPicture.add(target);
    if (act === 'market.corrected') corrected.add(target);
  }
  if (byPicture.size === 0) return null;
  const wrong = [...byPicture].filter((market) => corrected.has(market)).length;
  return (100 * wrong) / byPicture.size;
}
