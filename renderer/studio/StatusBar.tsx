// The health of the show in one line. A press on a figure says what it is, what is normal and what
// to do; nothing here is a guess: what is not measured shows a dash.

import { Check, OctagonAlert, ScanLine, TriangleAlert, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { StudioState } from '../../core/contract/state.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { text } from '../ui/texts.ts';
import { openDialog } from './opened.ts';
import { type FigureTone, type StatusFigure, statusFigures } from './statusFigures.ts';
import { usePage } from './store.ts';
import { useVeil } from './streamerMode.ts';

const ICONS: Record<FigureTone, typeof Check | null> = {
  calm: null,
  go: Check,
  warn: TriangleAlert,
  stop: OctagonAlert,
};

export function StatusBar({ state }: { state: StudioState }) {
  const readings = usePage((page) => page.readings);
  const droppedRecently = usePage((page) => page.droppedRecently);
  const [openId, setOpenId] = useState<string | null>(null);
  const figures = statusFigures(state, readings, droppedRecently);
  const open = figures.find((figure) => figure.id === openId);
  return (
    <footer className="statusBar">
      {open === undefined ? null : <Explained figure={open} onClose={() => setOpenId(null)} />}
      <ul className="statusBar-figures" aria-label={text('studio.status')}>
        {figures.map((figure) => {
          const Icon = ICONS[figure.tone];
          return (
            <li key={figure.id}>
              <button
                type="button"
                className={`statusFigure statusFigure-${figure.tone}`}
                aria-expanded={figure.id === openId}
                onClick={() => setOpenId(figure.id === openId ? null : figure.id)}
              >
                {Icon === null ? null : <Icon size={12} aria-hidden="true" />}
                <Figure>{figure.value}</Figure>
              </button>
            </li>
          );
        })}
      </ul>
    </footer>
  );
}

function Explained({ figure, onClose }: { figure: StatusFigure; onClose: () => void }) {
  const veil = useVeil();
  useEffect(() => {
    const press = (key: KeyboardEvent) => key.key === 'Escape' && onClose();
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [onClose]);
  return (
    <div className="explained card" role="status">
      <div className="explained-head">
        <strong>
          <Figure>{figure.value}</Figure>
        </strong>
        <IconButton size="dense" name={text('common.close')} onClick={onClose}>
          <X size={14} aria-hidden="true" />
        </IconButton>
      </div>
      <p>{veil(figure.what)}</p>
      <p>{text('studio.status.normal', { normal: figure.normal })}.</p>
      <p>{figure.toDo}</p>
      <Button
        size="dense"
        onClick={() => {
          onClose();
          openDialog({ name: 'xray' });
        }}
      >
        <ScanLine size={14} aria-hidden="true" />
        {text('studio.xray.open')}
      </Button>
    </div>
  );
}
