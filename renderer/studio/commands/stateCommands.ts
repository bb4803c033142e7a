// The commands about what exists now: this suggestion, this market, that source. Resolving says who
// would be paid how much before it is run; voiding and correcting ask for their reason in the dock.

import type { MarketView, StudioState } from '../../../core/contract/state.ts';
import { text } from '../../ui/texts.ts';
import { openSuggestion } from '../marketCalls.ts';
import { resolveEffect } from '../marketWords.ts';
import { titleOf, toggleMute } from '../mixer/soundActs.ts';
import { type MarketAct, openForm } from '../opened.ts';
import { ask, newStudioId, say, studio } from '../store.ts';
import type { Command } from './command.ts';

export function stateCommands(state: StudioState): Command[] {
  return [
    ...state.suggestions.flatMap(({ id, title }): Command[] => [
      {
        ...{ id: `suggestion.open.${id}`, area: 'markets', title: 'studio.markets.openNamed' },
        values: { title },
        run: () => void openSuggestion(id),
      },
      {
        ...{ id: `suggestion.gone.${id}`, area: 'markets', title: 'studio.markets.dismissNamed' },
        values: { title },
        run: () => void ask(studio.markets.dismissSuggestion({ suggestionId: id })),
      },
    ]),
    ...state.markets.flatMap(marketCommands),
    ...state.templates.flatMap(templateCommands),
    ...sourceCommands(state),
    ...soundCommands(state),
    ...state.destinations.map(
      ({ id, title, isOn }): Command => ({
        ...{ id: `destination.${id}`, area: 'sources', values: { title } },
        title: isOn ? 'studio.command.pushOff' : 'studio.outward.on',
        run: () => void ask(studio.destinations.setOn({ id, isOn: !isOn })),
      }),
    ),
  ];
}

function marketCommands(market: MarketView): Command[] {
  const { id: marketId, title, state, suspended = '' } = market;
  const values = { title };
  const form = (act: MarketAct, words: Command['title']): Command => ({
    ...{ id: `market.${act}.${marketId}`, area: 'markets', title: words, values },
    run: () => openForm({ name: 'market', marketId, act }),
  });
  if (state === 'RESOLVED') {
    const keep: Command = {
      ...{ id: `market.keepCase.${marketId}`, area: 'markets', title: 'studio.case.keepNamed' },
      values,
      run: () => void keepCase(marketId),
    };
    return [form('correct', 'studio.markets.correctNamed'), keep];
  }
  if (state !== 'OPEN' && state !== 'LOCKED') return [];
  const lock: Command = {
    ...{ id: `market.lock.${marketId}`, area: 'markets', title: 'studio.command.lockNamed' },
    values,
    run: () => void ask(studio.markets.lock({ marketId })),
  };
  const suspend: Command =
    suspended === ''
      ? form('suspend', 'studio.markets.suspendNamed')
      : {
          ...{ id: `market.resume.${marketId}`, area: 'markets', values },
          title: 'studio.markets.resumeNamed',
          run: () => void ask(studio.markets.resume({ marketId })),
        };
  return [
    ...(state === 'OPEN' ? [lock] : []),
    ...market.outcomes.map(
      ({ label }, outcome): Command => ({
        ...{ id: `market.resolve.${marketId}.${outcome}`, area: 'markets' },
        title: 'studio.command.resolveNamed',
        values: { title, outcome: label },
        effect: resolveEffect(market, outcome),
        run() {
          const reason = text('studio.markets.decidedByHand');
          void ask(studio.markets.resolve({ marketId, outcome, reason }));
        },
      }),
    ),
    form('void', 'studio.command.voidNamed'),
    form('extend', 'studio.markets.extendNamed'),
    ...(state === 'OPEN' ? [suspend] : []),
  ];
}

async function keepCase(marketId: string): Promise<void> {
  const kept = studio.evidence.keepCase({ marketId });
  if (await ask(kept)) say(text('studio.case.kept', { file: (await kept).file }), '');
}

function templateCommands({ id, title, opening, suggestOn }: StudioState['templates'][number]) {
  const open: Command = {
    ...{ id: `template.open.${id}`, area: 'markets', title: 'studio.markets.openNamed' },
    values: { title },
    run: () => void ask(studio.markets.open({ templateId: id, marketId: newStudioId() })),
  };
  const auto: Command = {
    ...{ id: `template.auto.${id}`, area: 'markets', values: { title } },
    title: opening === 'auto' ? 'studio.command.autoOff' : 'studio.markets.autoNamed',
    run: () =>
      void ask(
        studio.markets.setOpening({ templateId: id, opening: opening === 'auto' ? 'ask' : 'auto' }),
      ),
  };
  return suggestOn === null ? [open] : [open, auto];
}

function soundCommands({ mixer }: StudioState): Command[] {
  return (mixer?.strips ?? []).map(
    (strip): Command => ({
      ...{ id: `mixer.mute.${strip.key}`, area: 'sources', values: { title: titleOf(strip) } },
      title: strip.settings.isMuted ? 'studio.mixer.unmuteNamed' : 'studio.mixer.muteNamed',
      run: () => toggleMute(strip),
    }),
  );
}

function sourceCommands({ source, sources }: StudioState): Command[] {
  return sources
    .filter(({ url }) => url !== source.url)
    .map(
      ({ url, title }): Command => ({
        ...{ id: `source.${url}`, area: 'sources', title: 'studio.sources.switch' },
        values: { title },
        run: () => void ask(studio.sources.select({ url })),
      }),
    );
}
