// The history dock: every bet and every market that was, newest first, however many; searched by
// question, outcome and name. A press on a market leads to its bets, on a bet to its bettor's, and
// from there to the person's card.

import { RefreshCw, UserRound, X } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { HISTORY_PAGE_MAX, type PastBet } from '../../../core/contract/historyOperations.ts';
import type { MarketView } from '../../../core/contract/state.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { pointsText } from '../../ui/figures.ts';
import { Notice } from '../../ui/Notice.tsx';
import { text } from '../../ui/texts.ts';
import { DockActions } from '../docks/DockFrame.tsx';
import { PersonCard } from '../moderation/PersonCard.tsx';
import { studio } from '../store.ts';
import { betCells, marketCells } from './HistoryRows.tsx';
import { HISTORY_PARTS, type HistoryOf, lookAtHistory, useHistoryView } from './historyView.ts';
import { RowList } from './RowList.tsx';
import { KEPT_MAX, type Page, usePages } from './usePages.ts';
import './history.css';

/** Typing goes on for so long before it is searched for, ms. */
const TYPING_MS = 250;

export function History() {
  const { part, of } = useHistoryView();
  const [words, setWords] = useState('');
  const [times, setTimes] = useState(0);
  const isBets = part === 'bets';
  return (
    <div className="history-dock">
      <DockActions>
        <IconButton
          size="dense"
          name={text('studio.history.again')}
          onClick={() => setTimes(times + 1)}
        >
          <RefreshCw size={14} aria-hidden="true" />
        </IconButton>
      </DockActions>
      <div className="history-head">
        <fieldset className="segments">
          <legend className="visuallyHidden">{text('studio.history.what')}</legend>
          {HISTORY_PARTS.map((one) => (
            <button
              key={one}
              type="button"
              className="segment"
              aria-pressed={one === part}
              onClick={() => lookAtHistory({ part: one, of: null })}
            >
              {text(`studio.history.${one}`)}
            </button>
          ))}
        </fieldset>
        <input
          type="search"
          className="field field-dense"
          maxLength={100}
          aria-label={text(isBets ? 'studio.history.searchBets' : 'studio.history.searchMarkets')}
          placeholder={text(isBets ? 'studio.history.searchBets' : 'studio.history.searchMarkets')}
          value={words}
          onChange={(change) => setWords(change.target.value)}
        />
      </div>
      {isBets && of !== null ? <Narrowed of={of} /> : null}
      {isBets ? (
        <Bets of={of} words={words} times={times} />
      ) : (
        <Markets words={words} times={times} />
      )}
    </div>
  );
}

/** What the bets are narrowed to, and the way back. */
function Narrowed({ of }: { of: HistoryOf }) {
  const [isOpen, setOpen] = useState(false);
  const name = of.title;
  return (
    <div className="history-of">
      <span className="history-ofName" title={name}>
        {text(of.kind === 'market' ? 'studio.history.inMarket' : 'studio.history.ofPerson', {
          name,
        })}
      </span>
      {of.kind === 'person' ? (
        <IconButton
          size="dense"
          name={text('studio.history.card', { name })}
          onClick={() => setOpen(true)}
        >
          <UserRound size={14} aria-hidden="true" />
        </IconButton>
      ) : null}
      <IconButton
        size="dense"
        name={text('studio.history.all')}
        onClick={() => lookAtHistory({ of: null })}
      >
        <X size={14} aria-hidden="true" />
      </IconButton>
      {isOpen ? <PersonCard subject={of.id} name={name} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

type Asked = { words: string; times: number };

const keyOfBet = ({ betId }: PastBet) => betId;
const keyOfMarket = ({ id }: MarketView) => id;
const toPerson = ({ subject: id, name: title }: PastBet) =>
  lookAtHistory({ of: { kind: 'person', id, title } });
const toMarket = ({ id, title }: MarketView) =>
  lookAtHistory({ part: 'bets', of: { kind: 'market', id, title } });

function Bets({ of, words, times }: Asked & { of: HistoryOf | null }) {
  const limit = HISTORY_PAGE_MAX;
  const read = async (beforeSeq: number | null): Promise<Page<PastBet>> => {
    const subject = of?.kind === 'person' ? of.id : null;
    const marketId = of?.kind === 'market' ? of.id : null;
    const page = await studio.history.bets({ beforeSeq, limit, words, subject, marketId });
    return { items: page.bets, next: page.nextSeq };
  };
  const question = JSON.stringify([of?.id, words, times]);
  const pages = usePages(question, words === '' ? 0 : TYPING_MS, read);
  return (
    <Shown pages={pages} words={words} none={text('studio.history.noBets')}>
      <RowList
        key={question}
        label={text('studio.history.bets')}
        items={pages.items}
        keyOf={keyOfBet}
        cells={betCells}
        onChoose={toPerson}
        isWhole={pages.next === null}
        onNearEnd={pages.more}
      />
    </Shown>
  );
}

function Markets({ words, times }: Asked) {
  const limit = HISTORY_PAGE_MAX;
  const read = async (beforeOpensAtUs: number | null): Promise<Page<MarketView>> => {
    const page = await studio.history.markets({ beforeOpensAtUs, limit, words });
    return { items: page.markets, next: page.nextOpensAtUs };
  };
  const question = JSON.stringify([words, times]);
  const pages = usePages(question, words === '' ? 0 : TYPING_MS, read);
  return (
    <Shown pages={pages} words={words} none={text('studio.history.noMarkets')}>
      <RowList
        key={question}
        label={text('studio.history.markets')}
        items={pages.items}
        keyOf={keyOfMarket}
        cells={marketCells}
        onChoose={toMarket}
        isWhole={pages.next === null}
        onNearEnd={pages.more}
      />
    </Shown>
  );
}

type ShownProps = {
  pages: Omit<ReturnType<typeof usePages>, 'items'> & { items: readonly unknown[] };
  words: string;
  none: string;
  children: ReactNode;
};

/** The list with what is to be said of it: nothing there, refused, or not all of it. */
function Shown({ pages, words, none, children }: ShownProps) {
  const { items, isRead, next, refusal, isFull, more, goOn } = pages;
  const isEmpty = items.length === 0;
  useEffect(() => {
    if (isEmpty && next !== null) more();
  }, [isEmpty, next, more]);
  const count = pointsText(items.length);
  const goOnPressed = useCallback(() => goOn(), [goOn]);
  return (
    <>
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {isEmpty ? (
        <p className="history-none" role="status">
          {isRead && next === null
            ? words === ''
              ? none
              : text('studio.history.nothingFound')
            : text('studio.history.reading')}
        </p>
      ) : (
        children
      )}
      <div className="history-foot">
        {isEmpty ? null : (
          <span>
            {next === null
              ? text('studio.history.count', { count })
              : text('studio.history.countSoFar', { count })}
          </span>
        )}
        {isFull && next !== null ? (
          <span>{text('studio.history.full', { count: pointsText(KEPT_MAX) })}</span>
        ) : null}
        {!isFull && next !== null && (refusal !== null || pages.emptyPages > 0) ? (
          <Button size="dense" look="quiet" onClick={goOnPressed}>
            {text('studio.history.goOn')}
          </Button>
        ) : null}
      </div>
    </>
  );
}
