// Which docks are shown, and the way back to how the page came. Reached from the header; also what
// the palette runs.

import { LayoutPanelLeft } from 'lucide-react';
import {
  Button,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  type Selection,
  Separator,
} from 'react-aria-components';

import { text } from '../../ui/texts.ts';
import { usePage } from '../store.ts';
import { resetDocks } from './dockActs.ts';
import { isHidden, withHidden } from './dockLayout.ts';
import { type Dock, offeredDocks } from './dockList.ts';
import { changeLayout, useDockLayout } from './dockStore.ts';

function showOnly(docks: readonly Dock[], shown: Selection): void {
  changeLayout((before) =>
    docks.reduce((layout, dock) => {
      const hides = shown !== 'all' && !shown.has(dock.id);
      return hides === isHidden(layout, dock) ? layout : withHidden(layout, dock.id, hides);
    }, before),
  );
}

export function DockMenu() {
  const layout = useDockLayout((kept) => kept.layout);
  const docks = offeredDocks(usePage((page) => page.state));
  const shown = docks.filter((dock) => !isHidden(layout, dock)).map(({ id }) => id);
  return (
    <MenuTrigger>
      <Button
        id="docks-menu"
        className="button button-quiet button-normal iconButton"
        aria-label={text('studio.docks')}
      >
        <LayoutPanelLeft size={16} aria-hidden="true" />
      </Button>
      <Popover className="menuPopover" placement="bottom end">
        <Menu className="menu" aria-label={text('studio.docks')}>
          <MenuSection
            selectionMode="multiple"
            selectedKeys={shown}
            onSelectionChange={(selection) => showOnly(docks, selection)}
            shouldCloseOnSelect={false}
          >
            <Header className="menu-header">{text('studio.docks.shown')}</Header>
            {docks.map(({ id, title }) => (
              <MenuItem key={id} id={id} className="menu-item" textValue={text(title)}>
                <span className="menu-check" aria-hidden="true" />
                {text(title)}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator className="menu-line" />
          <MenuItem className="menu-item" onAction={resetDocks}>
            <span className="menu-check" aria-hidden="true" />
            {text('studio.docks.reset')}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
