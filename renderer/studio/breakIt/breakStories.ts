// The stories of what was broken here: begun by a button, told from what this page sees and what
// the supervisor and the ledger say, and kept while the engine under the page is another one. It
// never says that something is well because time has passed.

import { create } from 'zustand';
import { realTimers } from '../../../core/base/clock.ts';
import type { Books, BreakAct } from '../../../core/contract/breakIt.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import { newStudioId, refusalOf, studio, usePage } from '../store.ts';
import {
  type BooksCompared,
  type BreakMeasure,
  compareBooks,
  createBreakMeasure,
  type Measured,
} from './breakMeasure.ts';

export type BreakStory = {
  id: string;
  act: BreakAct;
  /** `late`: not all of it came back in time. */
  state: 'begun' | 'over' | 'late' | 'refused';
  /** Of a refusal. */
  reason: string;
  viewersBefore: number;
  booksBefore: Books | null;
  measured: Measured | null;
  books: BooksCompared | null;
};

/** Newest first. */
export const useBreakStories = create<{ stories: readonly BreakStory[] }>(() => ({ stories: [] }));

const STORIES_MAX = 5;
const LOOK_MS = 50;
/** How often the supervisor's word is asked for while the page is connected, in looks. */
const ASK_EVERY = 6;
/** The supervisor brings a child back within three seconds; after this something is wrong. */
const LATE_MS = 60_000;

/** Whether anything may be broken here: the demo match, by this studio's own relay. */
export function mayBreak({ source, relay }: StudioState): boolean {
  return source.url.startsWith('demo:') && relay.isOurs === true;
}

export const isBreaking = () =>
  useBreakStories.getState().stories.some(({ state }) => state === 'begun');

function change(id: string, changes: Partial<BreakStory>): void {
  useBreakStories.setState(({ stories }) => ({
    stories: stories.map((story) => (story.id === id ? { ...story, ...changes } : story)),
  }));
}

/** Breaks one thing, once the one before is whole again. */
export async function breakIt(act: BreakAct): Promise<void> {
  if (isBreaking()) return;
  const id = newStudioId();
  const story: BreakStory = {
    ...{ id, act, state: 'begun', reason: '', viewersBefore: 0 },
    ...{ booksBefore: null, measured: null, books: null },
  };
  useBreakStories.setState(({ stories }) => ({
    stories: [story, ...stories].slice(0, STORIES_MAX),
  }));
  try {
    const { books, viewers } = await studio.breakIt.run({ id, act });
    const before = { act, atMs: performance.now(), books, viewers };
    change(id, { booksBefore: books, viewersBefore: viewers });
    await follow(id, createBreakMeasure(before));
    const last = useBreakStories.getState().stories.find((one) => one.id === id);
    if (last?.state === 'begun') await conclude(id, books);
  } catch (cause) {
    change(id, { state: 'refused', reason: refusalOf(cause) });
  }
}

/** Looks until all is back, or for too long. */
function follow(id: string, measure: BreakMeasure): Promise<void> {
  let told: Awaited<ReturnType<typeof studio.breakIt.show>> | null = null;
  let looks = 0;
  return new Promise((resolve) => {
    const cancel = realTimers.every(LOOK_MS, () => {
      const { connection, state } = usePage.getState();
      const isConnected = connection.state === 'connected';
      if (isConnected && looks++ % ASK_EVERY === 0) {
        studio.breakIt.show({ id, seq: null }).then(
          (answer) => {
            told = answer;
          },
          () => {},
        );
      }
      // What the last engine knew of viewers says nothing of the next.
      if (!isConnected && told) told = { ...told, viewers: null };
      const measured = measure.look({
        ...{ atMs: performance.now(), isConnected, frames: framesDrawn() },
        isBettingSuspended: (state?.show.bettingSuspended ?? '') !== '',
        viewers: told?.viewers ?? null,
        ...{ deed: told?.deed ?? null, loss: told?.loss ?? null },
      });
      change(id, { measured });
      const isRefused = measured.deed?.state === 'refused';
      if (isRefused) change(id, { state: 'refused', reason: measured.deed?.reason ?? '' });
      if (!isRefused && !measured.isOver && measured.nowMs < LATE_MS) return;
      cancel();
      resolve();
    });
  });
}

/** Whether the books are what they were; the ledger may just have come back. */
async function conclude(id: string, before: Books): Promise<void> {
  const { books, rowHash } = await studio.breakIt.show({ id, seq: before.seq });
  const compared = books && compareBooks(before, books, rowHash);
  const last = useBreakStories.getState().stories.find((one) => one.id === id);
  const isOver = last?.measured?.isOver === true && compared?.isWhole === true;
  change(id, { state: isOver ? 'over' : 'late', books: compared });
}

/** Of the program's picture. */
function framesDrawn(): number | null {
  const video = document.querySelector<HTMLVideoElement>('.program-video');
  return video?.getVideoPlaybackQuality().totalVideoFrames ?? null;
}
