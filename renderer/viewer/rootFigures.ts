// The page's figures as data attributes on its root, for tests, the bench and the curious. Read
// only: nothing in the page reads them back.

import type { StoreApi } from 'zustand/vanilla';
import type { ViewerView } from './viewerView.ts';

/** Keeps `data-*` of `root` equal to the store. */
export function publishFigures(store: StoreApi<ViewerView>, root: HTMLElement): void {
  const publish = (view: ViewerView) => {
    const { figures } = view;
    set(root, 'state', view.watch);
    set(root, 'facts', view.facts.state);
    set(root, 'overlay', view.overlay);
    set(root, 'place', view.move.place);
    set(root, 'clockShift', view.move.shift === null ? '' : String(view.move.shift));
    set(root, 'moveGapMs', rounded(view.move.gapMs));
    set(root, 'transport', view.transport);
    set(root, 'streamSkewMs', rounded(view.streamSkewMs));
    set(root, 'frames', String(figures.frames));
    set(root, 'framesPerSecond', figures.framesPerSecond.toFixed(1));
    set(root, 'firstFrameMs', rounded(figures.firstFrameMs));
    set(root, 'delayMs', rounded(figures.delayMs));
    set(root, 'delayP95Ms', rounded(figures.delayP95Ms));
    set(root, 'uncertaintyMs', rounded(figures.uncertaintyMs));
    set(root, 'overlayDelayP95Ms', rounded(figures.overlayDelayP95Ms));
    set(root, 'addedDelayMs', rounded(figures.addedDelayMs));
    set(root, 'ownFrameShare', figures.ownFrameShare?.toFixed(3) ?? '');
    set(root, 'balance', view.balance === null ? '' : String(view.balance.availableMinor));
    set(root, 'staked', view.balance === null ? '' : String(view.balance.stakedMinor));
  };
  publish(store.getState());
  store.subscribe(publish);
}

function set(root: HTMLElement, name: string, value: string): void {
  if (root.dataset[name] !== value) root.dataset[name] = value;
}

function rounded(value: number | null): string {
  return value === null ? '' : value.toFixed(1);
}
