// The room's chat as a moderator sees it: everything that was said, held or removed, with who said
// it one press away. It is read again whenever the studio says that something changed.

import { Ban, Check, Send, Trash2, X } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { ChatLine, PeopleSummary } from '../../../core/contract/people.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { text } from '../../ui/texts.ts';
import { longestWords } from '../Field.tsx';
import { ask, studio, usePage } from '../store.ts';
import { roleWords, timeWords } from './actWords.ts';
import { PersonCard } from './PersonCard.tsx';

/** Lines shown at once; older ones are in the person's card and the log. */
const LINES = 100;
const FILTERS = ['all', 'held', 'crew'] as const;
type Filter = (typeof FILTERS)[number];

export function ChatPanel({ people }: { people: PeopleSummary }) {
  const [filter, setFilter] = useState<Filter>('all');
  const [words, setWords] = useState('');
  const [about, setAbout] = useState<ChatLine | null>(null);
  const lines = useLines(filter === 'held', people.chatChanges);
  const wanted = words.trim().toLowerCase();
  const shown = (lines ?? []).filter(
    ({ role, name, text: said }) =>
      (filter !== 'crew' || role !== 'viewer') &&
      (wanted === '' || `${name} ${said}`.toLowerCase().includes(wanted)),
  );
  return (
    <div className="chatPanel">
      <div className="chatPanel-filters">
        <fieldset className="segments">
          <legend className="visuallyHidden">{text('studio.mod.filter')}</legend>
          {FILTERS.map((one) => (
            <button
              key={one}
              type="button"
              className="segment"
              aria-pressed={one === filter}
              onClick={() => setFilter(one)}
            >
              {text(`studio.mod.filter.${one}`, { count: people.heldCount })}
            </button>
          ))}
        </fieldset>
        <input
          type="search"
          className="field field-dense"
          aria-label={text('studio.mod.search')}
          placeholder={text('studio.mod.search')}
          value={words}
          onChange={(change) => setWords(change.target.value)}
        />
      </div>
      <Lines lines={shown} onAbout={setAbout} />
      {lines !== null && shown.length === 0 ? (
        <p className="moderation-empty">{emptyWords(filter, wanted)}</p>
      ) : null}
      <Say />
      {about === null ? null : (
        <PersonCard subject={about.subject} name={about.name} onClose={() => setAbout(null)} />
      )}
    </div>
  );
}

function emptyWords(filter: Filter, wanted: string): string {
  if (wanted !== '') return text('studio.mod.nothingFound');
  return text(filter === 'held' ? 'studio.mod.noHeld' : 'studio.mod.noLines');
}

function useLines(heldOnly: boolean, changes: number): ChatLine[] | null {
  const [lines, setLines] = useState<ChatLine[] | null>(null);
  const connection = usePage((page) => page.connection.state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change is the reason to read.
  useEffect(() => {
    let isHere = true;
    studio.chat
      .list({ beforeNumber: null, limit: LINES, heldOnly })
      .then((found) => isHere && setLines(found))
      .catch(() => {});
    return () => {
      isHere = false;
    };
  }, [heldOnly, changes, connection]);
  return lines;
}

function Lines({ lines, onAbout }: { lines: ChatLine[]; onAbout: (line: ChatLine) => void }) {
  const list = useRef<HTMLUListElement>(null);
  const isAtEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are the reason to scroll.
  useLayoutEffect(() => {
    const { current } = list;
    if (current && isAtEnd.current) current.scrollTop = current.scrollHeight;
  }, [lines.length]);
  return (
    <ul
      ref={list}
      className="chatLines"
      aria-label={text('studio.mod.chat')}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      {lines.map((line) => (
        <Line key={line.number} line={line} onAbout={onAbout} />
      ))}
    </ul>
  );
}

function Line({ line, onAbout }: { line: ChatLine; onAbout: (line: ChatLine) => void }) {
  const { number, atMs, subject, name, role, state, why } = line;
  const judge = (isSaid: boolean) => ask(studio.chat.judge({ number, isSaid }));
  return (
    <li className="chatLine" data-state={state} data-number={number}>
      <div className="chatLine-head">
        {subject === '' ? (
          <span className="chatLine-name">{name}</span>
        ) : (
          <button type="button" className="chatLine-name" onClick={() => onAbout(line)}>
            {name}
          </button>
        )}
        {role === 'viewer' ? null : <span className="crewTag">{roleWords(role)}</span>}
        <time className="chatLine-time">{timeWords(atMs)}</time>
        {state === 'said' ? (
          <IconButton
            size="dense"
            name={text('studio.mod.removeNamed', { name })}
            onClick={() => ask(studio.chat.remove({ numbers: [number] }))}
          >
            <Trash2 size={14} aria-hidden="true" />
          </IconButton>
        ) : null}
      </div>
      {state === 'removed' ? (
        <p className="chatLine-gone">
          <Ban size={12} aria-hidden="true" /> {text('studio.mod.removed')}
        </p>
      ) : (
        <p className="chatLine-text">{line.text}</p>
      )}
      {state === 'held' ? (
        <div className="chatLine-held">
          <span>{text('studio.mod.held', { why })}</span>
          <Button
            size="dense"
            aria-label={text('studio.mod.approveNamed', { text: line.text })}
            onClick={() => judge(true)}
          >
            <Check size={14} aria-hidden="true" />
            {text('studio.mod.approve')}
          </Button>
          <Button
            size="dense"
            look="stop"
            aria-label={text('studio.mod.refuseNamed', { text: line.text })}
            onClick={() => judge(false)}
          >
            <X size={14} aria-hidden="true" />
            {text('studio.mod.refuse')}
          </Button>
        </div>
      ) : null}
    </li>
  );
}

function Say() {
  const [words, setWords] = useState('');
  const hintId = useId();
  async function send(): Promise<void> {
    const said = words.trim();
    if (said !== '' && (await ask(studio.chat.say({ text: said, replyTo: 0 })))) setWords('');
  }
  return (
    <form
      className="chatSay"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <input
        className="field"
        aria-label={text('studio.mod.sayLabel')}
        aria-describedby={hintId}
        placeholder={text('studio.mod.sayLabel')}
        maxLength={300}
        value={words}
        onChange={(change) => setWords(change.target.value)}
      />
      <small id={hintId} className={words === '' ? 'visuallyHidden' : 'formField-hint'}>
        {longestWords(300)}
      </small>
      <IconButton name={text('studio.mod.say')} look="plain" type="submit">
        <Send size={16} aria-hidden="true" />
      </IconButton>
    </form>
  );
}
