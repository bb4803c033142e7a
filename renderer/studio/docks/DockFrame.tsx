// One dock: its title, its own buttons, the button that hides it, and its content below. Content
// puts buttons into the head with `DockActions`; outside of a dock they stand where they are.

import { X } from 'lucide-react';
import { createContext, memo, type ReactNode, useContext, useState } from 'react';
import { createPortal } from 'react-dom';
import type { StudioState } from '../../../core/contract/state.ts';
import { IconButton } from '../../ui/Button.tsx';
import { text } from '../../ui/texts.ts';
import { hideDock } from './dockActs.ts';
import type { Dock } from './dockList.ts';
import { sizeStyle } from './Splitter.tsx';

/** Where the head of the dock around takes buttons; undefined outside of a dock. */
const Head = createContext<HTMLElement | null | undefined>(undefined);

/** Whether what asks is content of a dock of the studio, which has other docks to show. */
const InDock = createContext(false);

export const useInDock = () => useContext(InDock);

/** Buttons for the head of the dock that this is in. */
export function DockActions({ children }: { children: ReactNode }) {
  const head = useContext(Head);
  if (head === undefined) return <div className="dock-actions">{children}</div>;
  return head === null ? null : createPortal(children, head);
}

type PanelFrameProps = { id: string; title: string; className: string; children: ReactNode };

/** A panel that stays where it is, with a head like a dock's. */
export function PanelFrame({ id, title, className, children }: PanelFrameProps) {
  const [head, setHead] = useState<HTMLElement | null>(null);
  return (
    <section className={className} aria-labelledby={id}>
      <div className="dock-head">
        <h2 id={id} className="dockTitle">
          {title}
        </h2>
        <div ref={setHead} className="dock-actions" />
      </div>
      <Head.Provider value={head}>{children}</Head.Provider>
    </section>
  );
}

type DockFrameProps = { dock: Dock; state: StudioState; sizePx: number | null };

export const DockFrame = memo(function DockFrame({ dock, state, sizePx }: DockFrameProps) {
  const [head, setHead] = useState<HTMLElement | null>(null);
  const { id, title, place, room, Content } = dock;
  return (
    <section
      id={`dock-${id}`}
      className={`dock dock-${sizePx === null ? room : 'sized'}`}
      aria-labelledby={`dock-${id}-title`}
      data-axis={place === 'below' ? 'width' : 'height'}
      style={sizeStyle(sizePx)}
    >
      <div className="dock-head">
        <h2 id={`dock-${id}-title`} className="dockTitle">
          {text(title)}
        </h2>
        <div ref={setHead} className="dock-actions" />
        <span className="dock-hide">
          <IconButton
            size="dense"
            name={text('studio.docks.hideNamed', { title: text(title) })}
            onClick={() => hideDock(dock)}
          >
            <X size={14} aria-hidden="true" />
          </IconButton>
        </span>
      </div>
      <div className="dock-body">
        <InDock.Provider value={true}>
          <Head.Provider value={head}>
            <Content state={state} />
          </Head.Provider>
        </InDock.Provider>
      </div>
    </section>
  );
});
