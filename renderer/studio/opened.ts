// What is open over the control room: one dialog, the palette above it, and one form inside a dock.
// Kept in one place so that a button, a key and the palette open the same thing.

import { create } from 'zustand';
import { withHidden } from './docks/dockLayout.ts';
import { changeLayout } from './docks/dockStore.ts';

export const MANAGE_PARTS = [
  'templates',
  'viewers',
  'policy',
  'relay',
  'handover',
  'obs',
  'outward',
] as const;
export type ManagePart = (typeof MANAGE_PARTS)[number];
export const SETTINGS_PARTS = ['general', 'hotkeys', 'docks'] as const;
export type SettingsPart = (typeof SETTINGS_PARTS)[number];

export type Dialog =
  | { name: 'newMarket' | 'models' | 'clips' | 'share' | 'end' | 'xray' | 'report' }
  | { name: 'manage'; part: ManagePart }
  | { name: 'settings'; part: SettingsPart };

export type MarketAct = 'resolve' | 'void' | 'extend' | 'suspend' | 'correct';
export type DockForm =
  | { name: 'suspendBetting' }
  | { name: 'market'; marketId: string; act: MarketAct };

type Opened = { dialog: Dialog | null; isPaletteOpen: boolean; form: DockForm | null };

export const useOpened = create<Opened>(() => ({
  dialog: null,
  isPaletteOpen: false,
  form: null,
}));

export function openDialog(dialog: Dialog): void {
  useOpened.setState({ dialog });
}

export function closeDialog(): void {
  useOpened.setState({ dialog: null });
}

export function setPaletteOpen(isPaletteOpen: boolean): void {
  useOpened.setState({ isPaletteOpen });
}

/** Opens a form of the markets dock, which is shown for it. */
export function openForm(form: DockForm): void {
  changeLayout((layout) => withHidden(layout, 'markets', false));
  useOpened.setState({ form });
}

export function closeForm(): void {
  useOpened.setState({ form: null });
}

/** Which form of this market is open, if any. */
export function useMarketForm(marketId: string): MarketAct | null {
  return useOpened(({ form }) =>
    form?.name === 'market' && form.marketId === marketId ? form.act : null,
  );
}
