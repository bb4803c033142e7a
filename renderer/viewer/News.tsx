// What just happened in the picture, newest first, each with its evidence. Two lines of place are
// kept free, so that news never moves the market above it.

import { useStore } from 'zustand';
import { EVENT_CATALOGUE, type EventType } from '../../core/contract/events.ts';
import { text } from '../ui/texts.ts';
import type { ViewerSession } from './viewerSession.ts';

export function News({ session }: { session: ViewerSession }) {
  const news = useStore(session.store, (view) => view.news);
  return (
    <section className="news" aria-label={text('viewer.news')} aria-live="polite">
      <h2 className="news-head">{text('viewer.news')}</h2>
      {news.length === 0 ? <p className="news-line">{text('viewer.noNews')}</p> : null}
      <ul>
        {news.map((line) => (
          <li key={line.id} className="news-line" data-type={line.type}>
            <strong>{nameOf(line.type)}</strong>
            {line.why === '' ? '' : ` · ${line.why}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function nameOf(type: string): string {
  return isEventType(type) ? text(`viewer.event.${type}`) : type;
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_CATALOGUE, type);
}
