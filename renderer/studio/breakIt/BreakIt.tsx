// Break it: buttons that hurt this studio, each with what will happen before it is pressed, and
// above them the story of what did. A dock and not a dialog, because the picture is to be watched.

import { FileX2, type LucideIcon, ServerCrash, WifiOff } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { BreakAct } from '../../../core/contract/breakIt.ts';
import { PACKETS_LOST_MS, PACKETS_LOST_PERCENT } from '../../../core/contract/breakIt.ts';
import { Button } from '../../ui/Button.tsx';
import { text } from '../../ui/texts.ts';
import { BreakStoryCard } from './BreakStoryCard.tsx';
import { BREAK_ACTS } from './breakActs.ts';
import { breakIt, useBreakStories } from './breakStories.ts';
import './breakIt.css';

const ICONS: Record<BreakAct, LucideIcon> = {
  engine: ServerCrash,
  vision: ServerCrash,
  relay: ServerCrash,
  ledger: ServerCrash,
  tearLog: FileX2,
  losePackets: WifiOff,
};
const VALUES = { percent: PACKETS_LOST_PERCENT, seconds: PACKETS_LOST_MS / 1000 };

export function BreakIt() {
  const { stories } = useBreakStories();
  const [newest, ...older] = stories;
  const isBusy = stories.some(({ state }) => state === 'begun');
  const top = useRef<HTMLParagraphElement>(null);
  const newestId = newest?.id;
  // A button further down was pressed; what comes of it is told above.
  useEffect(() => {
    if (newestId !== undefined) top.current?.scrollIntoView({ block: 'start' });
  }, [newestId]);
  return (
    <div className="breakIt">
      <p className="breakIt-lead" ref={top}>
        {text('studio.break.lead')}
      </p>
      {newest ? <BreakStoryCard key={newest.id} story={newest} isNewest /> : null}
      <ul className="breakIt-acts">
        {BREAK_ACTS.map((act) => (
          <Act key={act} act={act} isBusy={isBusy} />
        ))}
      </ul>
      {older.map((story) => (
        <BreakStoryCard key={story.id} story={story} />
      ))}
    </div>
  );
}

function Act({ act, isBusy }: { act: BreakAct; isBusy: boolean }) {
  const Icon = ICONS[act];
  const id = `break-${act}`;
  return (
    <li className="breakIt-act">
      <Button
        look="stop"
        size="dense"
        data-testid={id}
        aria-describedby={`${id}-what`}
        // Still there for the keyboard: the focus stays where it was pressed.
        aria-disabled={isBusy}
        onClick={() => void breakIt(act)}
      >
        <Icon size={14} aria-hidden="true" />
        {text(`studio.break.${act}`)}
      </Button>
      <p id={`${id}-what`}>{text(`studio.break.${act}.what`, VALUES)}</p>
    </li>
  );
}
