// The numbered actions by which state reaches user interfaces, and the one reducer that engine and
// pages share. Pure: the same actions give the same state everywhere.

import { z } from 'zod';
import { unreachable } from '../base/assert.ts';
import { gameEventSchema } from './events.ts';
import { firstRunSchema } from './firstRun.ts';
import { mixerStateSchema } from './mixer.ts';
import {
  EVENTS_SHOWN,
  MARKETS_SHOWN,
  marketViewSchema,
  type StudioState,
  studioStateSchema,
  suggestionSchema,
} from './state.ts';

const part = studioStateSchema.shape;

export const actionSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('show.changed'), show: part.show }),
  z.object({ type: z.literal('source.changed'), source: part.source }),
  z.object({ type: z.literal('sources.changed'), sources: part.sources }),
  z.object({ type: z.literal('picture.changed'), picture: part.picture }),
  z.object({ type: z.literal('mixer.changed'), mixer: mixerStateSchema }),
  z.object({ type: z.literal('firstRun.changed'), firstRun: firstRunSchema }),
  z.object({ type: z.literal('relay.changed'), relay: part.relay }),
  z.object({ type: z.literal('handover.changed'), handover: part.handover }),
  z.object({ type: z.literal('destinations.changed'), destinations: part.destinations }),
  z.object({ type: z.literal('obs.changed'), obs: part.obs }),
  z.object({ type: z.literal('people.changed'), people: part.people }),
  z.object({ type: z.literal('recording.changed'), recording: part.recording }),
  z.object({ type: z.literal('vision.changed'), vision: part.vision }),
  z.object({ type: z.literal('ledger.changed'), ledger: part.ledger }),
  z.object({ type: z.literal('templates.changed'), templates: part.templates }),
  z.object({ type: z.literal('policy.changed'), policy: part.policy }),
  z.object({ type: z.literal('suggestion.made'), suggestion: suggestionSchema }),
  z.object({ type: z.literal('suggestion.gone'), id: z.string() }),
  z.object({ type: z.literal('market.changed'), market: marketViewSchema }),
  z.object({ type: z.literal('event.happened'), event: gameEventSchema }),
  z.object({ type: z.literal('notice.raised'), notice: part.notices.element }),
  z.object({ type: z.literal('notice.cleared'), id: z.string() }),
]);
export type Action = z.infer<typeof actionSchema>;

/** The next state. Never changes its arguments. */
export function reduce(state: StudioState, action: Action): StudioState {
  switch (action.type) {
    case 'show.changed':
      return { ...state, show: action.show };
    case 'source.changed':
      return { ...state, source: action.source };
    case 'sources.changed':
      return { ...state, sources: action.sources };
    case 'picture.changed':
      return { ...state, picture: action.picture };
    case 'mixer.changed':
      return { ...state, mixer: action.mixer };
    case 'firstRun.changed':
      return { ...state, firstRun: action.firstRun };
    case 'relay.changed':
      return { ...state, relay: action.relay };
    case 'people.changed':
      return { ...state, people: action.people };
    case 'handover.changed':
      return { ...state, handover: action.handover };
    case 'destinations.changed':
      return { ...state, destinations: action.destinations };
    case 'obs.changed':
      return { ...state, obs: action.obs };
    case 'recording.changed':
      return { ...state, recording: action.recording };
    case 'vision.changed':
      return { ...state, vision: action.vision };
    case 'ledger.changed':
      return { ...state, ledger: action.ledger };
    case 'templates.changed':
      return { ...state, templates: action.templates };
    case 'policy.changed':
      return { ...state, policy: action.policy };
    case 'suggestion.made':
      return { ...state, suggestions: upsert(state.suggestions, action.suggestion) };
    case 'suggestion.gone':
      return { ...state, suggestions: without(state.suggestions, action.id) };
    case 'market.changed': {
      const known = state.markets.some((market) => market.id === action.market.id);
      const markets = known
        ? upsert(state.markets, action.market)
        : [action.market, ...state.markets].slice(0, MARKETS_SHOWN);
      return { ...state, markets };
    }
    case 'event.happened':
      return { ...state, events: [...state.events, action.event].slice(-EVENTS_SHOWN) };
    case 'notice.raised':
      return { ...state, notices: upsert(state.notices, action.notice) };
    case 'notice.cleared':
      return { ...state, notices: without(state.notices, action.id) };
    default:
      return unreachable(action);
  }
}

function upsert<Item extends { id: string }>(items: readonly Item[], item: Item): Item[] {
  const at = items.findIndex((other) => other.id === item.id);
  return at < 0 ? [...items, item] : items.with(at, item);
}

function without<Item extends { id: string }>(items: readonly Item[], id: string): Item[] {
  return items.filter((item) => item.id !== id);
}
