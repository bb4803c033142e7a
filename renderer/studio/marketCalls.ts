// What a person can ask of markets. Market ids are made here and kept for the call, so that asking
// twice cannot open two.

import { ask, newStudioId, studio, usePage } from './store.ts';

const asked = new Set<string>();

/** Opens a suggestion once, however often its button or key is pressed meanwhile. */
export async function openSuggestion(suggestionId: string): Promise<void> {
  if (asked.has(suggestionId)) return;
  asked.add(suggestionId);
  await ask(studio.markets.openSuggestion({ suggestionId, marketId: newStudioId() }));
  asked.delete(suggestionId);
}

/** False when there is none to open. */
export function openFirstSuggestion(): boolean {
  const first = usePage.getState().state?.suggestions[0];
  if (first === undefined) return false;
  openSuggestion(first.id);
  return true;
}
