// Which changes of the page are said aloud, and how. Pure. Only what is new since the view before:
// the list that a page begins with is no news.

import { type TextKey, text } from '../ui/texts.ts';
import { stateText } from './betWords.ts';
import { newsWords } from './newsWords.ts';
import type { ViewerView } from './viewerView.ts';

/** At most so many at once: who hears more hears none. */
const SAID_MAX = 3;

type Seen = Pick<ViewerView, 'news' | 'markets' | 'bets' | 'facts'>;

export function announcements(view: Seen, before: Seen): string[] {
  if (view.facts.state !== 'welcome' || before.facts.state !== 'welcome') return [];
  const said: string[] = [];
  if (view.markets !== before.markets && before.markets.length > 0) {
    for (const market of view.markets) said.push(...marketNews(market, before.markets));
  }
  if (view.bets !== before.bets) {
    for (const bet of view.bets) {
      const known = before.bets.find(({ betId }) => betId === bet.betId);
      if (!known || known.state === bet.state || bet.state === 'sent') continue;
      said.push(text('viewer.said.bet', { outcome: bet.outcomeLabel, state: stateText(bet) }));
    }
  }
  if (view.news !== before.news && before.news.length > 0) {
    const newest = view.news[0];
    if (newest && !before.news.some(({ id }) => id === newest.id)) said.push(newsWords(newest));
  }
  return said.slice(0, SAID_MAX);
}

const SAID: Readonly<Record<string, TextKey>> = {
  OPEN: 'viewer.said.open',
  LOCKED: 'viewer.said.locked',
  RESOLVED: 'viewer.said.resolved',
  VOID: 'viewer.said.void',
};

function marketNews(market: Seen['markets'][number], before: Seen['markets']): string[] {
  const known = before.find(({ id }) => id === market.id);
  const key = SAID[market.state];
  if (!key || known?.state === market.state) return [];
  const outcome = market.outcomes[market.winner ?? -1]?.label ?? '';
  return [text(key, { title: market.title, outcome, reason: market.reason })];
}
