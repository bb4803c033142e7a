// The commands that are always there. Those about a market, a source or a template that exists now
// are made from the state (stateCommands.ts). Every operation of the contract that a person can ask
// for is reached by one of them: directly, or by the panel where its questions are asked.

import type { StudioState } from '../../../core/contract/state.ts';
import { type TextKey, text } from '../../ui/texts.ts';
import { breakCommands } from '../breakIt/breakActs.ts';
import { focusDock, resetDocks, setDockHidden } from '../docks/dockActs.ts';
import { isHidden } from '../docks/dockLayout.ts';
import { offeredDocks } from '../docks/dockList.ts';
import { useDockLayout } from '../docks/dockStore.ts';
import { openDrawing } from '../drawing/drawingStore.ts';
import { openFirstRun } from '../firstRun/firstRunStore.ts';
import { testAndGoLive } from '../goLive.ts';
import { changeLanguage, useLanguage } from '../language.ts';
import { openFirstSuggestion } from '../marketCalls.ts';
import { toggleHeard } from '../mixer/soundActs.ts';
import { type ManagePart, openDialog, openForm, setPaletteOpen, useOpened } from '../opened.ts';
import { toggleBoxes, toggleSound, toggleViewers } from '../programView.ts';
import { saveLastSeconds, toggleRecording, toggleWhileLive } from '../recordingActs.ts';
import { copyAndSay } from '../shareLink.ts';
import { ask, studio, usePage } from '../store.ts';
import { setStreamerMode, useStreamerMode } from '../streamerMode.ts';
import { undoLast, useUndo } from '../undo.ts';
import type { Command } from './command.ts';

const isLive = (state: StudioState) => state.show.state === 'live';

const SHOW: readonly Command[] = [
  {
    ...{ id: 'show.goLive', area: 'show', title: 'studio.header.goLive' },
    isEnabled: (state) => !isLive(state),
    run: () => void testAndGoLive(),
  },
  {
    ...{ id: 'show.end', area: 'show', title: 'studio.end.end' },
    isEnabled: isLive,
    run: () => openDialog({ name: 'end' }),
  },
  {
    ...{ id: 'show.rename', area: 'show', title: 'studio.command.rename' },
    run: () => document.querySelector<HTMLElement>('.header-title')?.focus(),
  },
  {
    ...{ id: 'show.share', area: 'show', title: 'studio.header.share' },
    run: () => openDialog({ name: 'share' }),
  },
  {
    ...{ id: 'show.copyLink', area: 'show', title: 'studio.share.copy' },
    isEnabled: (state) => state.show.viewerUrl !== '',
    run: () => void copyAndSay(),
  },
  {
    ...{ id: 'recording.toggle', area: 'show', title: 'studio.command.recording', chord: 'R' },
    run: () => void toggleRecording(),
  },
  {
    ...{ id: 'recording.clip', area: 'show', title: 'studio.recording.clip', chord: 'C' },
    run: () => void saveLastSeconds(),
  },
  {
    ...{ id: 'recording.clips', area: 'show', title: 'studio.clips.title' },
    run: () => openDialog({ name: 'clips' }),
  },
  {
    ...{ id: 'show.report', area: 'show', title: 'studio.report.open' },
    run: () => openDialog({ name: 'report' }),
  },
  {
    ...{ id: 'recording.whileLive', area: 'show', title: 'studio.command.whileLive' },
    run: () => void toggleWhileLive(),
  },
];

/** The first one that runs: what a key without a name can mean. */
const firstOpen = (state: StudioState) => state.markets.find((market) => market.state === 'OPEN');
const firstUndecided = (state: StudioState) =>
  state.markets.find((market) => market.state === 'OPEN' || market.state === 'LOCKED');
const now = () => usePage.getState().state;

const MARKETS: readonly Command[] = [
  {
    ...{ id: 'markets.openFirst', area: 'markets', title: 'studio.command.openFirst' },
    ...{ chord: 'Enter', isEnabled: (state) => state.suggestions.length > 0 },
    run: () => void openFirstSuggestion(),
  },
  {
    ...{ id: 'markets.new', area: 'markets', title: 'studio.markets.new', chord: 'N' },
    run: () => openDialog({ name: 'newMarket' }),
  },
  {
    ...{ id: 'markets.lockFirst', area: 'markets', title: 'studio.command.lockFirst', chord: 'L' },
    isEnabled: (state) => firstOpen(state) !== undefined,
    run() {
      const state = now();
      const market = state === null ? undefined : firstOpen(state);
      if (market !== undefined) void ask(studio.markets.lock({ marketId: market.id }));
    },
  },
  {
    ...{ id: 'markets.resolveFirst', area: 'markets', title: 'studio.command.resolveFirst' },
    ...{ chord: 'E', isEnabled: (state) => firstUndecided(state) !== undefined },
    run() {
      const state = now();
      const market = state === null ? undefined : firstUndecided(state);
      if (market !== undefined) openForm({ name: 'market', marketId: market.id, act: 'resolve' });
    },
  },
  {
    ...{ id: 'show.suspendBetting', area: 'markets', title: 'studio.markets.suspend', chord: 'P' },
    isEnabled: (state) => state.show.suspendedByHand === '',
    run: () => openForm({ name: 'suspendBetting' }),
  },
  {
    ...{ id: 'show.resumeBetting', area: 'markets', title: 'studio.markets.resume' },
    isEnabled: (state) => state.show.suspendedByHand !== '',
    run: () => void ask(studio.show.resumeBetting({})),
  },
];

const PROGRAM: readonly Command[] = [
  {
    ...{ id: 'program.boxes', area: 'program', title: 'studio.command.boxes', chord: 'B' },
    run: toggleBoxes,
  },
  {
    ...{ id: 'program.draw', area: 'program', title: 'studio.drawing.open', chord: 'D' },
    run: openDrawing,
  },
  {
    ...{ id: 'program.viewers', area: 'program', title: 'studio.viewersSee.switch', chord: 'V' },
    run: toggleViewers,
  },
  {
    ...{ id: 'program.sound', area: 'program', title: 'studio.command.sound', chord: 'M' },
    run: toggleSound,
  },
  {
    ...{ id: 'program.xray', area: 'program', title: 'studio.xray' },
    run: () => openDialog({ name: 'xray' }),
  },
  {
    ...{ id: 'mixer.mute', area: 'sources', title: 'studio.mixer.muteShow', chord: 'Shift+M' },
    isEnabled: (state) => state.mixer?.strips.some(({ isHeard }) => isHeard) === true,
    run: toggleHeard,
  },
  {
    ...{ id: 'sources.add', area: 'sources', title: 'studio.sources.add' },
    run: () => focusDock('sources'),
  },
  {
    ...{ id: 'playback.pause', area: 'sources', title: 'studio.command.pause' },
    isEnabled: ({ source }) => source.playback !== undefined,
    run() {
      const isPaused = now()?.source.playback?.isPaused === true;
      void ask(studio.sources.setPaused({ isPaused: !isPaused }));
    },
  },
  {
    ...{ id: 'playback.next', area: 'sources', title: 'studio.playback.next' },
    isEnabled: ({ source }) => (source.playback?.entries ?? 0) > 1,
    run: () => void ask(studio.sources.skip({ to: 'next' })),
  },
  {
    ...{ id: 'playback.previous', area: 'sources', title: 'studio.command.previous' },
    isEnabled: ({ source }) => source.playback !== undefined,
    run: () => void ask(studio.sources.skip({ to: 'previous' })),
  },
  {
    ...{ id: 'sources.systemSound', area: 'sources', title: 'studio.command.systemSound' },
    run() {
      const isOn = now()?.source.systemSound === undefined;
      void ask(studio.sources.setSystemSound({ isOn }));
    },
  },
  {
    ...{ id: 'obs.start', area: 'sources', title: 'studio.command.obsStart' },
    isEnabled: ({ obs }) => obs.state === 'connected' && !obs.isStreaming,
    run: () => void ask(studio.obs.start({})),
  },
  {
    ...{ id: 'obs.stop', area: 'sources', title: 'studio.command.obsStop' },
    isEnabled: ({ obs }) => obs.state === 'connected' && obs.isStreaming,
    run: () => void ask(studio.obs.stop({})),
  },
];

const MANAGE_TITLES: Record<ManagePart, TextKey> = {
  templates: 'studio.manage.templates',
  viewers: 'studio.manage.viewers',
  policy: 'studio.manage.policy',
  relay: 'studio.manage.relay',
  handover: 'studio.handover.tab',
  obs: 'studio.obs.tab',
  outward: 'studio.outward.tab',
};

function manageCommands(): Command[] {
  return Object.entries(MANAGE_TITLES).map(([part, title]) => ({
    ...{ id: `manage.${part}`, area: 'manage', title },
    run: () => openDialog({ name: 'manage', part: part as ManagePart }),
  }));
}

const MODELS: Command = {
  ...{ id: 'models.open', area: 'manage', title: 'studio.models.title' },
  run: () => openDialog({ name: 'models' }),
};

function dockCommands(): Command[] {
  const { layout } = useDockLayout.getState();
  return offeredDocks(now()).flatMap((dock): Command[] => {
    const values = { title: text(dock.title) };
    const isAway = isHidden(layout, dock);
    return [
      {
        ...{ id: `docks.toggle.${dock.id}`, area: 'page', values },
        title: isAway ? 'studio.docks.showNamed' : 'studio.docks.hideNamed',
        run: () => setDockHidden(dock, !isHidden(useDockLayout.getState().layout, dock)),
      },
      {
        ...{ id: `docks.focus.${dock.id}`, area: 'page', values },
        title: 'studio.docks.focusNamed',
        run: () => focusDock(dock.id),
      },
    ];
  });
}

const PAGE: readonly Command[] = [
  {
    ...{ id: 'page.palette', area: 'page', title: 'studio.palette', chord: 'Mod+K' },
    run: () => setPaletteOpen(!useOpened.getState().isPaletteOpen),
  },
  {
    ...{ id: 'page.streamerMode', area: 'page', title: 'studio.command.streamer' },
    chord: 'Mod+Shift+X',
    run: () => setStreamerMode(!useStreamerMode.getState().isOn),
  },
  {
    ...{ id: 'page.settings', area: 'page', title: 'studio.settings', chord: 'Mod+,' },
    run: () => openDialog({ name: 'settings', part: 'general' }),
  },
  {
    ...{ id: 'page.firstRun', area: 'page', title: 'studio.firstRun.open' },
    isEnabled: (state) => !isLive(state),
    run: openFirstRun,
  },
  {
    ...{ id: 'page.hotkeys', area: 'page', title: 'studio.hotkeys', chord: '?' },
    run: () => openDialog({ name: 'settings', part: 'hotkeys' }),
  },
  {
    ...{ id: 'page.language', area: 'page', title: 'studio.command.language' },
    run: () => void changeLanguage(useLanguage.getState().language === 'zh' ? 'en' : 'zh'),
  },
  {
    ...{ id: 'docks.reset', area: 'page', title: 'studio.docks.reset' },
    run: resetDocks,
  },
];

function undoCommand(): Command {
  const last = useUndo.getState().acts.at(-1);
  return {
    ...{ id: 'page.undo', area: 'page', title: 'studio.command.undoNamed', chord: 'Mod+Z' },
    values: { what: last === undefined ? '' : text(last.title, last.values) },
    isEnabled: () => useUndo.getState().acts.length > 0,
    run: () => void undoLast(),
  };
}

/** The commands that do not come and go with markets and sources; a key can be given to each. */
export function fixedCommands(): Command[] {
  const docks = dockCommands();
  return [
    ...SHOW,
    ...breakCommands(),
    ...MARKETS,
    ...PROGRAM,
    ...manageCommands(),
    MODELS,
    undoCommand(),
    ...PAGE,
    ...docks,
  ];
}
