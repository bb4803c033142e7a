// What a person does with docks; hiding and resetting can be taken back.

import type { TextKey } from '../../ui/texts.ts';
import { text } from '../../ui/texts.ts';
import { say } from '../store.ts';
import { rememberUndo } from '../undo.ts';
import { type DockLayout, FIRST_LAYOUT, withHidden } from './dockLayout.ts';
import { changeLayout, useDockLayout } from './dockStore.ts';

function changeAndRemember(
  title: TextKey,
  values: Readonly<Record<string, string>>,
  change: (before: DockLayout) => DockLayout,
): void {
  const { layout } = useDockLayout.getState();
  rememberUndo({ title, values, undo: () => changeLayout(() => layout) });
  changeLayout(change);
}

export function resetDocks(): void {
  changeAndRemember('studio.docks.reset', {}, () => FIRST_LAYOUT);
}

export function setDockHidden(dock: { id: string; title: TextKey }, isHidden: boolean): void {
  const values = { title: text(dock.title) };
  const title = isHidden ? 'studio.docks.hideNamed' : 'studio.docks.showNamed';
  changeAndRemember(title, values, (layout) => withHidden(layout, dock.id, isHidden));
}

/** From its own head: the focus goes to where docks come back from, and that is said. */
export function hideDock(dock: { id: string; title: TextKey }): void {
  setDockHidden(dock, true);
  say(text('studio.docks.isHidden', { title: text(dock.title) }), '');
  document.getElementById('docks-menu')?.focus();
}

/** Puts the focus into the first control of a dock, which is shown for it. */
export function focusDock(id: string): void {
  changeLayout((layout) => withHidden(layout, id, false));
  // Drawn by the next frame at the latest.
  requestAnimationFrame(() => {
    const content = document.querySelector(`#dock-${CSS.escape(id)} .dock-body`);
    const first = content?.querySelector<HTMLElement>('button, input, select, a[href], [tabindex]');
    (first ?? document.querySelector<HTMLElement>(`#dock-${CSS.escape(id)} button`))?.focus();
  });
}
