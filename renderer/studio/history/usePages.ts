// A list that comes page by page: what is here, whether there is more, and the sentence of a page
// that was refused. One page is asked for at a time; another question throws away what was here.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { attempt } from '../store.ts';

/** Rows kept in this page: a bound for memory; what is older is found by a search. */
export const KEPT_MAX = 20_000;
/** Pages without a single hit that are asked for one after the other. */
const EMPTY_PAGES_MAX = 10;
/** `next` null: there is nothing older. */
export type Page<Item> = { items: readonly Item[]; next: number | null };

type Pages<Item> = {
  items: readonly Item[];
  /** Whether the first page has come, or was refused. */
  isRead: boolean;
  next: number | null;
  refusal: string | null;
  /** Pages without a hit since the last one. */
  emptyPages: number;
};

const NOTHING = { items: [], isRead: false, next: null, refusal: null, emptyPages: 0 };

/**
 * @param question changes when the list begins anew
 * @param waitMs until it is asked: typing goes on
 * @param read one page after `next`; null: the newest
 */
export function usePages<Item>(
  question: string,
  waitMs: number,
  read: (next: number | null) => Promise<Page<Item>>,
) {
  const [pages, setPages] = useState<Pages<Item>>(NOTHING);
  const newest = useRef(read);
  newest.current = read;
  const asked = useRef({ question: '', isReading: false });
  const ask = useCallback(async (next: number | null, isFirst: boolean) => {
    const of = asked.current;
    if (of.isReading) return;
    of.isReading = true;
    const reading = newest.current(next);
    const refusal = await attempt(reading);
    // Another question is asked by now.
    if (asked.current !== of) return;
    of.isReading = false;
    if (refusal !== null) {
      setPages((before) => ({ ...before, isRead: true, refusal }));
      return;
    }
    const page = await reading;
    setPages((before) => joined(isFirst ? NOTHING : before, page));
  }, []);
  useEffect(() => {
    asked.current = { question, isReading: false };
    const timer = setTimeout(() => void ask(null, true), waitMs);
    return () => {
      clearTimeout(timer);
      asked.current = { question: '', isReading: false };
    };
  }, [question, waitMs, ask]);
  const { next, items, refusal, emptyPages } = pages;
  const isFull = items.length >= KEPT_MAX;
  const mayRead = next !== null && !isFull && refusal === null && emptyPages < EMPTY_PAGES_MAX;
  const more = useCallback(() => {
    if (mayRead) void ask(next, false);
  }, [mayRead, next, ask]);
  const goOn = useCallback(() => void ask(next, false), [next, ask]);
  return useMemo(() => ({ ...pages, isFull, more, goOn }), [pages, isFull, more, goOn]);
}

function joined<Item>(before: Pages<Item>, page: Page<Item>): Pages<Item> {
  return {
    items: [...before.items, ...page.items],
    isRead: true,
    next: page.next,
    refusal: null,
    emptyPages: page.items.length === 0 ? before.emptyPages + 1 : 0,
  };
}
