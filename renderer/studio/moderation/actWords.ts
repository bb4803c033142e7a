// How acts and actors are called, in the page's language. An act that this page does not know shows
// its own name: the log of a newer studio stays readable.

import type { Role } from '../../../core/contract/roles.ts';
import type { EarlierAct } from '../../../core/contract/rpc.ts';
import { moderationTexts } from '../../ui/texts/moderation.ts';
import { type TextKey, text } from '../../ui/texts.ts';

export function actWords(act: string): string {
  const key = `studio.act.${act}`;
  return key in moderationTexts ? text(key as TextKey) : act;
}

export function roleWords(role: Role): string {
  return text(`studio.mod.role.${role}`);
}

/** As the crew knows them. */
export function whoWords({ name, role }: { name: string; role: Role }): string {
  return name === '' ? roleWords(role) : name;
}

export function timeWords(atMs: number): string {
  return new Date(atMs).toLocaleTimeString(document.documentElement.lang || 'en', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
}

/** A day is said only when it is not today. */
export function momentWords(atMs: number): string {
  const at = new Date(atMs);
  const isToday = at.toDateString() === new Date().toDateString();
  if (isToday) return timeWords(atMs);
  const day = at.toLocaleDateString(document.documentElement.lang || 'en', {
    month: 'short',
    day: 'numeric',
  });
  return `${day} ${timeWords(atMs)}`;
}

export function earlierWords(earlier: EarlierAct): string {
  const outcome = earlier.outcome === '' ? '' : ` (${earlier.outcome})`;
  return text('studio.call.earlier', {
    who: whoWords(earlier),
    act: `${actWords(earlier.act)}${outcome}`,
    time: timeWords(earlier.atMs),
  });
}
