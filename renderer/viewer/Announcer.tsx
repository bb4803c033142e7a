// Says to screen readers what changed: events, market news, what became of a bet. One short
// sentence at a time in a live region of its own, because a region with figures in it would talk
// all day.

import { useEffect, useState } from 'react';
import { announcements } from './announcements.ts';
import type { ViewerSession } from './viewerSession.ts';

export function Announcer({ session }: { session: ViewerSession }) {
  const [words, setWords] = useState('');
  useEffect(
    () =>
      session.store.subscribe((view, before) => {
        const said = announcements(view, before);
        if (said.length > 0) setWords(said.join(' '));
      }),
    [session],
  );
  return (
    <p className="visuallyHidden" role="status" aria-live="polite" data-testid="announcer">
      {words}
    </p>
  );
}
