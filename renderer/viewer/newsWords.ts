// An event of the show in words: its name, and its evidence behind.

import { EVENT_CATALOGUE, type EventType } from '../../core/contract/eventCatalogue.ts';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import type { NewsLine } from './wireViews.ts';

export function eventName(type: string): string {
  return isEventType(type) ? text(`viewer.event.${type}`) : type;
}

export function newsWords({ type, why }: Pick<NewsLine, 'type' | 'why'>): string {
  return why === '' ? eventName(type) : `${eventName(type)}: ${translated(why)}`;
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_CATALOGUE, type);
}
