// Who did what: the acts of the crew and of the studio itself, as they stand in the ledger's
// journal, newest first. The search runs at the studio, over names, acts, reasons and questions.

import { useEffect, useState } from 'react';
import type { AuditEntry } from '../../../core/contract/moderation.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';
import { attempt, studio } from '../store.ts';
import { actWords, momentWords, roleWords, whoWords } from './actWords.ts';

const PAGE = 30;
/** Typing goes on for so long before it is searched for, ms. */
const TYPING_MS = 250;

type Page = { entries: AuditEntry[]; nextSeq: number | null };

export function AuditLog() {
  const [words, setWords] = useState('');
  const [page, setPage] = useState<Page | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  useEffect(() => {
    let isHere = true;
    const read = async () => {
      const asked = studio.moderation.audit({ beforeSeq: null, limit: PAGE, words });
      const refused = await attempt(asked);
      if (!isHere) return;
      setRefusal(refused);
      if (refused === null) setPage(await asked);
    };
    const timer = setTimeout(read, words === '' ? 0 : TYPING_MS);
    return () => {
      isHere = false;
      clearTimeout(timer);
    };
  }, [words]);
  async function older(): Promise<void> {
    if (!page || page.nextSeq === null) return;
    const asked = studio.moderation.audit({ beforeSeq: page.nextSeq, limit: PAGE, words });
    const refused = await attempt(asked);
    setRefusal(refused);
    if (refused !== null) return;
    const more = await asked;
    setPage({ entries: [...page.entries, ...more.entries], nextSeq: more.nextSeq });
  }
  return (
    <div className="auditLog">
      <input
        type="search"
        className="field field-dense"
        aria-label={text('studio.mod.logSearch')}
        placeholder={text('studio.mod.logSearch')}
        value={words}
        onChange={(change) => setWords(change.target.value)}
      />
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {page?.entries.length === 0 ? (
        <p className="moderation-empty">
          {text(words === '' ? 'studio.mod.logNone' : 'studio.mod.nothingFound')}
        </p>
      ) : null}
      <Acts entries={page?.entries ?? []} />
      {page && page.nextSeq !== null ? (
        <Button size="dense" look="quiet" onClick={older}>
          {text('studio.mod.older')}
        </Button>
      ) : null}
    </div>
  );
}

export function Acts({ entries }: { entries: readonly AuditEntry[] }) {
  return (
    <ul className="acts">
      {entries.map((entry) => {
        const { seq, atMs, role, name, act, about, outcome, reason } = entry;
        const what = [actWords(act), outcome].filter((one) => one !== '').join(': ');
        return (
          <li key={seq} className="act">
            <div className="act-head">
              <strong>{whoWords({ name, role })}</strong>
              {name === '' ? null : <span className="crewTag">{roleWords(role)}</span>}
              <time>{momentWords(atMs)}</time>
            </div>
            <p>
              {what}
              {about === '' ? null : <span className="act-about"> · {about}</span>}
            </p>
            {reason === '' ? null : <p className="act-reason">{translated(reason)}</p>}
          </li>
        );
      })}
    </ul>
  );
}
