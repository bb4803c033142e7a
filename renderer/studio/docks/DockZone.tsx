// One of the three places around the picture: its docks in the order of the list, a splitter
// between each two, and one at the edge towards the picture. A place without a dock is not there.

import { Fragment, useRef } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { type TextKey, text } from '../../ui/texts.ts';
import { DockFrame } from './DockFrame.tsx';
import {
  DOCK_SIZE_PX_MIN,
  type DockPlace,
  dockSizePx,
  isHidden,
  PLACE_SHARE_MAX,
  PLACE_SIZE_PX_MIN,
  withDockSize,
  withPlaceSize,
} from './dockLayout.ts';
import { type Dock, offeredDocks } from './dockList.ts';
import { changeLayout, useDockLayout } from './dockStore.ts';
import { Splitter, sizeStyle } from './Splitter.tsx';

const NAMES: Record<DockPlace, TextKey> = {
  left: 'studio.docks.left',
  right: 'studio.docks.right',
  below: 'studio.docks.below',
};

export function DockZone({ place, state }: { place: DockPlace; state: StudioState }) {
  const layout = useDockLayout((kept) => kept.layout);
  const zone = useRef<HTMLDivElement>(null);
  const all = offeredDocks(state);
  const docks = all.filter((dock) => dock.place === place && !isHidden(layout, dock));
  if (docks.length === 0) return null;
  const axis = place === 'below' ? 'height' : 'width';
  const sizePx = layout.places[place];
  const edge = (
    <Splitter
      name={text(NAMES[place])}
      target={() => zone.current}
      axis={axis}
      direction={place === 'left' ? 1 : -1}
      minPx={PLACE_SIZE_PX_MIN[place]}
      maxPx={() =>
        (axis === 'width' ? window.innerWidth : window.innerHeight) * PLACE_SHARE_MAX[place]
      }
      onSize={(px) => changeLayout((before) => withPlaceSize(before, place, px))}
    />
  );
  return (
    <div ref={zone} className={`zone zone-${place}`} style={sizeStyle(sizePx)}>
      {place === 'left' ? null : edge}
      <div className="zone-docks">
        {docks.map((dock, index) => (
          <Fragment key={dock.id}>
            <DockFrame dock={dock} state={state} sizePx={sizeOf(dock, docks, layout)} />
            {index === docks.length - 1 ? null : <Between dock={dock} />}
          </Fragment>
        ))}
      </div>
      {place === 'left' ? edge : null}
    </div>
  );
}

/** The last dock has no line after it: it takes what is left. */
function sizeOf(dock: Dock, docks: readonly Dock[], layout: Parameters<typeof dockSizePx>[0]) {
  return dock === docks.at(-1) ? null : dockSizePx(layout, dock.id);
}

function Between({ dock: { id, title, place } }: { dock: Dock }) {
  const axis = place === 'below' ? 'width' : 'height';
  const name = axis === 'width' ? 'studio.docks.widthOf' : 'studio.docks.heightOf';
  return (
    <Splitter
      name={text(name, { title: text(title) })}
      target={() => document.getElementById(`dock-${id}`)}
      axis={axis}
      direction={1}
      minPx={DOCK_SIZE_PX_MIN}
      maxPx={() => (axis === 'width' ? window.innerWidth : window.innerHeight) * 0.8}
      onSize={(px) => changeLayout((before) => withDockSize(before, id, px))}
    />
  );
}
