// The dock of curves: the last ten minutes of every figure, drawn anew once a second, seldom for
// who wants little motion. What is not measured says so in its place; nothing is guessed.

import { Download, ScanLine } from 'lucide-react';
import { useEffect, useState } from 'react';
import { realTimers } from '../../../core/base/clock.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import { IconButton } from '../../ui/Button.tsx';
import { text } from '../../ui/texts.ts';
import { DockActions } from '../docks/DockFrame.tsx';
import { openDialog } from '../opened.ts';
import { StatsCurve } from './StatsCurve.tsx';
import { STATS } from './statsFigures.ts';
import { saveStats } from './statsFile.ts';
import { useCorrectedPercent } from './useCorrectedPercent.ts';
import './stats.css';

const DRAWN_EVERY_MS = 1_000;
const SELDOM_MS = 5_000;

export function Stats({ state }: { state: StudioState }) {
  useDrawnAnew();
  useCorrectedPercent(state);
  return (
    <div className="stats">
      <DockActions>
        <IconButton
          size="dense"
          name={text('studio.xray.open')}
          onClick={() => openDialog({ name: 'xray' })}
        >
          <ScanLine size={14} aria-hidden="true" />
        </IconButton>
        <IconButton size="dense" name={text('studio.stats.save')} onClick={saveStats}>
          <Download size={14} aria-hidden="true" />
        </IconButton>
      </DockActions>
      <p className="stats-lead">{text('studio.stats.lead')}</p>
      <ul className="stats-figures">
        {STATS.map((figure, index) => (
          <StatsCurve key={figure.id} figure={figure} index={index} state={state} />
        ))}
      </ul>
    </div>
  );
}

/** Readings come twice as often as anybody can read. */
function useDrawnAnew(): void {
  const [, setDrawn] = useState(0);
  useEffect(() => {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const everyMs = isCalm ? SELDOM_MS : DRAWN_EVERY_MS;
    return realTimers.every(everyMs, () => setDrawn((drawn) => drawn + 1));
  }, []);
}
