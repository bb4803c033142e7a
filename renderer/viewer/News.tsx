// What just happened in the picture, newest first, each with its evidence. Its place is kept
// free, so that news moves nothing on the page.

import { useStore } from 'zustand';
import { EVENT_CATALOGUE, type EventType } from '../../core/contract/events.ts';
import { text } from '../ui/texts.ts';
import type { ViewerSession } from './viewerSession.ts';

const NEWS_SHOWN = 3;

export function News({ session }: { session: ViewerSession }) {
  const news = useStore(session.store, (view) => view.news);
  return (
    <section className="news" aria-label={text('viewer.news')} aria-live="polite">
      <h2 className="news-head">{text('viewer.news')}</h2>
      {news.length === 0 ? <p className="news-line">{text('viewer.noNews')}</p> : null}
      <ul>
        {news.slice(0, NEWS_SHOWN).map((line) => (
          <li key={line.id} className="news-line" data-type={line.type} title={line.why}>
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
