// What a person chooses for this browser: language, streamer mode, keys, docks. Everything takes
// effect at once and is kept; nothing here touches the show.

import { useEffect } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { Button } from '../../ui/Button.tsx';
import type { PageLanguage } from '../../ui/pageLanguage.ts';
import { type TextKey, text } from '../../ui/texts.ts';
import { HotkeyList } from '../commands/HotkeyList.tsx';
import { resetDocks, setDockHidden } from '../docks/dockActs.ts';
import { isHidden } from '../docks/dockLayout.ts';
import { DOCKS } from '../docks/dockList.ts';
import { useDockLayout } from '../docks/dockStore.ts';
import { openFirstRun } from '../firstRun/firstRunStore.ts';
import { changeLanguage, useLanguage } from '../language.ts';
import { Modal } from '../Modal.tsx';
import { closeDialog, openDialog, SETTINGS_PARTS, type SettingsPart } from '../opened.ts';
import { usePage } from '../store.ts';
import { setStreamerMode, useStreamerMode } from '../streamerMode.ts';

const TITLES: Record<SettingsPart, TextKey> = {
  general: 'studio.settings.general',
  hotkeys: 'studio.hotkeys',
  docks: 'studio.docks',
};
const PANELS = { general: General, hotkeys: HotkeyList, docks: Docks };

/** The tabs are drawn a moment after the dialog has looked for where to begin. */
function useTabFocus(): void {
  useEffect(() => {
    const frame = requestAnimationFrame(() =>
      document.querySelector<HTMLElement>('dialog [role=tab][aria-selected=true]')?.focus(),
    );
    return () => cancelAnimationFrame(frame);
  }, []);
}

export function Settings({ part }: { part: SettingsPart }) {
  useTabFocus();
  return (
    <Modal title={text('studio.settings')} onClose={closeDialog}>
      <Tabs
        selectedKey={part}
        onSelectionChange={(key) => openDialog({ name: 'settings', part: key as SettingsPart })}
      >
        <TabList className="tabs" aria-label={text('studio.settings')}>
          {SETTINGS_PARTS.map((one) => (
            <Tab key={one} id={one} className="tab">
              {text(TITLES[one])}
            </Tab>
          ))}
        </TabList>
        {SETTINGS_PARTS.map((one) => {
          const Panel = PANELS[one];
          return (
            <TabPanel key={one} id={one} className="managePart">
              <Panel />
            </TabPanel>
          );
        })}
      </Tabs>
    </Modal>
  );
}

const LANGUAGES: readonly (readonly [PageLanguage, string])[] = [
  ['en', 'English'],
  ['zh', 'Chinese (中文)'],
];

function General() {
  const language = useLanguage((page) => page.language);
  const isHiding = useStreamerMode((mode) => mode.isOn);
  return (
    <>
      <fieldset className="formPart">
        <legend>{text('studio.settings.language')}</legend>
        {LANGUAGES.map(([one, name]) => (
          <label key={one} className="choice" lang={one}>
            <input
              type="radio"
              name="language"
              checked={language === one}
              onChange={() => void changeLanguage(one)}
            />
            {name}
          </label>
        ))}
        <p className="formPart-words">{text('studio.settings.languageHint')}</p>
      </fieldset>
      <fieldset className="formPart">
        <legend>{text('studio.streamer')}</legend>
        <Switch
          name={text('studio.streamer.on')}
          isOn={isHiding}
          onChange={() => setStreamerMode(!isHiding)}
        />
        <p className="formPart-words">{text('studio.streamer.what')}</p>
      </fieldset>
      <FirstRunPart />
    </>
  );
}

/** Not over a show that is live. */
function FirstRunPart() {
  const isLive = usePage(({ state }) => state?.show.state === 'live');
  return (
    <fieldset className="formPart" disabled={isLive}>
      <legend>{text('studio.firstRun')}</legend>
      <p className="formPart-words">{text('studio.firstRun.what')}</p>
      <Button
        onClick={() => {
          closeDialog();
          openFirstRun();
        }}
      >
        {text('studio.firstRun.open')}
      </Button>
    </fieldset>
  );
}

function Docks() {
  const layout = useDockLayout((kept) => kept.layout);
  return (
    <>
      <p className="managePart-words">{text('studio.docks.what')}</p>
      <ul className="manageList">
        {DOCKS.map((dock) => {
          const isAway = isHidden(layout, dock);
          return (
            <li key={dock.id} className="manageLine">
              <Switch
                name={text(dock.title)}
                isOn={!isAway}
                onChange={() => setDockHidden(dock, !isAway)}
              />
            </li>
          );
        })}
      </ul>
      <div className="dialog-actions">
        <Button onClick={resetDocks}>{text('studio.docks.reset')}</Button>
      </div>
    </>
  );
}

type SwitchProps = { name: string; isOn: boolean; onChange: () => void };

function Switch({ name, isOn, onChange }: SwitchProps) {
  return (
    <button type="button" role="switch" className="switch" aria-checked={isOn} onClick={onChange}>
      <span className="switch-track" aria-hidden="true" />
      {name}
    </button>
  );
}
