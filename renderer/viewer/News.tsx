// What just happened in the picture, newest first, each with its evidence. Its place is kept
// free, so that news moves nothing on the page.

import { useStore } from 'zustand';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { useMediaNow } from './mediaNow.ts';
import { eventName } from './newsWords.ts';
import type { ViewerSession } from './viewerSession.ts';

export function News({ session }: { session: ViewerSession }) {
  const news = useStore(session.store, (view) => view.news);
  const nowUs = useMediaNow(session.clock);
  return (
    <section className="news" aria-label={text('viewer.news')}>
      <h2 className="news-head">{text('viewer.news')}</h2>
      {news.length === 0 ? <p className="news-line">{text('viewer.noNews')}</p> : null}
      <ul>
        {news.map((line) => (
          <li
            key={line.id}
            className="news-line"
            data-type={line.type}
            title={translated(line.why)}
          >
            <span className="news-words">
              <strong>{eventName(line.type)}</strong>
              {line.why === '' ? '' : ` · ${translated(line.why)}`}
            </span>
            {nowUs === null ? null : <Ago passedUs={nowUs - line.captureUs} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Ago({ passedUs }: { passedUs: number }) {
  const minutes = Math.floor(passedUs / 60_000_000);
  if (minutes < 1) return null;
  return <span className="news-ago">{text('viewer.minutesAgo', { minutes })}</span>;
}
