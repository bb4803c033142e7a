// The markets dock: what vision suggests, what is open, what can be opened by hand, what was. An
// empty dock says how the first market comes to be.

import { CornerDownLeft, X } from 'lucide-react';
import type { MarketView, StudioState, Suggestion, Template } from '../../core/contract/state.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { countdownText } from '../ui/figures.ts';
import { MarketCard } from '../ui/MarketCard.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { useInDock } from './docks/DockFrame.tsx';
import { FairnessLine } from './fairness/FairnessScope.tsx';
import { openHistory } from './history/historyView.ts';
import { MarketControls } from './MarketControls.tsx';
import { MarketsHead } from './MarketsHead.tsx';
import { openSuggestion } from './marketCalls.ts';
import { said } from './marketWords.ts';
import { PastMarket } from './PastMarket.tsx';
import { ask, newStudioId, studio, usePage } from './store.ts';
import { useNowUs } from './useNowUs.ts';

export function Markets({ state }: { state: StudioState }) {
  const nowUs = useNowUs();
  const running = state.markets.filter(({ state: at }) => at === 'OPEN' || at === 'LOCKED');
  const past = state.markets.filter(({ state: at }) => at === 'RESOLVED' || at === 'VOID');
  const isEmpty = running.length === 0 && state.suggestions.length === 0;
  return (
    <>
      <MarketsHead state={state} />
      <div className="marketsList">
        {isEmpty ? <Empty isLive={state.show.state === 'live'} /> : null}
        {state.suggestions.map((suggestion, index) => (
          <SuggestionCard
            key={suggestion.id}
            suggestion={suggestion}
            template={state.templates.find(({ id }) => id === suggestion.templateId)}
            isFirst={index === 0}
            nowUs={nowUs}
          />
        ))}
        {running.map((market) => (
          <MarketCard key={market.id} market={said(market)} nowUs={nowUs}>
            <MarketControls market={market} nowUs={nowUs} />
          </MarketCard>
        ))}
        <Templates templates={state.templates} />
        <History shown={past} policy={state.policy} nowUs={nowUs} />
      </div>
    </>
  );
}

function Empty({ isLive }: { isLive: boolean }) {
  return (
    <div className="marketsEmpty">
      <strong>{text('studio.markets.emptyTitle')}</strong>
      <p>{text(isLive ? 'studio.markets.empty' : 'studio.markets.emptyReady')}</p>
    </div>
  );
}

type SuggestionProps = {
  suggestion: Suggestion;
  template: Template | undefined;
  isFirst: boolean;
  nowUs: number | null;
};

function SuggestionCard({ suggestion, template, isFirst, nowUs }: SuggestionProps) {
  const { id, title, why } = suggestion;
  return (
    <article className="card suggestion" data-suggestion={id}>
      <div className="marketCard-head">
        <span className="suggestion-tag">{text('studio.markets.suggested')}</span>
        <Figure charactersMin={5}>
          {nowUs === null ? '' : countdownText(suggestion.expiresAtUs - nowUs)}
        </Figure>
      </div>
      <h3 className="marketCard-title">{title}</h3>
      <p className="marketCard-reason">{translated(why)}</p>
      {template === undefined ? null : (
        <FairnessLine betWindowSeconds={template.betWindowSeconds} guardMs={template.guardMs} />
      )}
      <div className="suggestion-actions">
        <Button
          look="primary"
          aria-label={text('studio.markets.openNamed', { title })}
          onClick={() => openSuggestion(id)}
          {...(isFirst
            ? { keyHint: <CornerDownLeft size={12} />, 'aria-keyshortcuts': 'Enter' }
            : {})}
        >
          {text('studio.markets.open')}
        </Button>
        <IconButton
          name={text('studio.markets.dismissNamed', { title })}
          onClick={() => ask(studio.markets.dismissSuggestion({ suggestionId: id }))}
        >
          <X size={16} aria-hidden="true" />
        </IconButton>
      </div>
    </article>
  );
}

function Templates({ templates }: { templates: readonly Template[] }) {
  if (templates.length === 0) return null;
  return (
    <section aria-labelledby="templates-title">
      <h3 id="templates-title" className="dockSubtitle">
        {text('studio.markets.templates')}
      </h3>
      <ul className="templates">
        {templates.map((template) => (
          <TemplateLine key={template.id} template={template} />
        ))}
      </ul>
    </section>
  );
}

function TemplateLine({ template: { id, title, opening, suggestOn } }: { template: Template }) {
  const isAuto = opening === 'auto';
  const isModerator = usePage(({ role }) => role === 'moderator');
  return (
    <li className="template">
      <span className="template-title">{title}</span>
      <Button
        size="dense"
        aria-label={text('studio.markets.openNamed', { title })}
        onClick={() => ask(studio.markets.open({ templateId: id, marketId: newStudioId() }))}
      >
        {text('studio.markets.open')}
      </Button>
      {suggestOn === null || isModerator ? null : (
        <button
          type="button"
          role="switch"
          className="switch"
          aria-checked={isAuto}
          aria-label={text('studio.markets.autoNamed', { title })}
          onClick={() =>
            ask(studio.markets.setOpening({ templateId: id, opening: isAuto ? 'ask' : 'auto' }))
          }
        >
          <span className="switch-track" aria-hidden="true" />
          {text('studio.markets.auto')}
        </button>
      )}
    </li>
  );
}

type HistoryProps = {
  shown: readonly MarketView[];
  policy: StudioState['policy'];
  nowUs: number | null;
};

/** The latest ones, with what can still be done about them; all others are in the history dock. */
function History({ shown, policy, nowUs }: HistoryProps) {
  const isInDock = useInDock();
  return (
    <details className="history" open>
      <summary className="dockSubtitle">{text('studio.markets.history')}</summary>
      <ul>
        {shown.map((market) => (
          <PastMarket key={market.id} market={market} policy={policy} nowUs={nowUs} />
        ))}
      </ul>
      {isInDock ? (
        <Button
          look="quiet"
          size="dense"
          onClick={() => openHistory({ part: 'markets', of: null })}
        >
          {text('studio.history.whole')}
        </Button>
      ) : null}
    </details>
  );
}
