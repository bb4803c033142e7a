// What a break does to a show, measured from looks at it: when the process was gone and back, when
// this page was, how long the picture stood, whether betting paused, how few viewers there were.
// Pure: looks go in, figures come out. It says "over" only when all of it is as it was before.

import type { Books, BreakAct, BreakDeed, PacketLossView } from '../../../core/contract/breakIt.ts';

/** One look at the show. Null: it cannot be seen now. */
export type Look = {
  atMs: number;
  isConnected: boolean;
  /** Pictures drawn so far; it begins anew with a new connection. */
  frames: number | null;
  isBettingSuspended: boolean;
  viewers: number | null;
  deed: BreakDeed | null;
  loss: PacketLossView | null;
};

export type Before = { act: BreakAct; atMs: number; books: Books; viewers: number };

/** Milliseconds since the break; null: it has not happened. */
export type Measured = {
  endedMs: number | null;
  backMs: number | null;
  pageLostMs: number | null;
  pageBackMs: number | null;
  bettingPausedMs: number | null;
  bettingOpenMs: number | null;
  /** The longest time without a new picture. */
  pictureStoodMs: number;
  isPictureMoving: boolean;
  viewersFewest: number;
  viewersNow: number;
  deed: BreakDeed | null;
  loss: PacketLossView | null;
  isOver: boolean;
  nowMs: number;
};

/** A picture counts as moving when the last new one is no older than this. */
const MOVING_MS = 500;
/** The relay counts its viewers once a second: looks before that say nothing of the break. */
const COUNTED_MS = 2_500;

export type BreakMeasure = { look(look: Look): Measured };

/** @param before taken just before it was broken */
export function createBreakMeasure(before: Before): BreakMeasure {
  let frames: number | null = null;
  let movedMs = 0;
  let pictureStoodMs = 0;
  let measured: Omit<Measured, 'isOver' | 'isPictureMoving' | 'nowMs'> = {
    ...{ endedMs: null, backMs: null, pageLostMs: null, pageBackMs: null },
    ...{ bettingPausedMs: null, bettingOpenMs: null, pictureStoodMs: 0 },
    ...{ viewersFewest: before.viewers, viewersNow: before.viewers, deed: null, loss: null },
  };

  function lookAtPicture(look: Look, nowMs: number): void {
    pictureStoodMs = Math.max(pictureStoodMs, nowMs - movedMs);
    if (look.frames === null || look.frames === frames) return;
    // The first count only says where it stands.
    if (frames !== null) movedMs = nowMs;
    frames = look.frames;
  }

  return {
    look(look) {
      const nowMs = Math.round(look.atMs - before.atMs);
      lookAtPicture(look, nowMs);
      const deed = look.deed ?? measured.deed;
      const loss = look.loss ?? measured.loss;
      const viewersNow = look.viewers ?? measured.viewersNow;
      const { pageLostMs, bettingPausedMs } = measured;
      const isOpen = look.isConnected && !look.isBettingSuspended;
      measured = {
        ...measured,
        ...{ deed, loss, viewersNow, pictureStoodMs },
        ...{ endedMs: deed?.endedMs ?? null, backMs: deed?.backMs ?? null },
        pageLostMs: pageLostMs ?? (look.isConnected ? null : nowMs),
        pageBackMs: measured.pageBackMs ?? (pageLostMs !== null && look.isConnected ? nowMs : null),
        bettingPausedMs:
          bettingPausedMs ?? (look.isConnected && look.isBettingSuspended ? nowMs : null),
        bettingOpenMs: bettingOpenOf(measured, isOpen, nowMs),
        viewersFewest: Math.min(measured.viewersFewest, viewersNow),
      };
      const isPictureMoving = nowMs - movedMs < MOVING_MS && frames !== null;
      return { ...measured, isPictureMoving, nowMs, isOver: isOver() };

      function isOver(): boolean {
        if (deed?.state === 'refused') return true;
        const isDone =
          before.act === 'losePackets' ? loss?.isOver === true : deed?.state === 'back';
        const isWhole = isOpen && isPictureMoving && viewersNow >= before.viewers;
        return isDone && isWhole && nowMs >= COUNTED_MS;
      }
    },
  };
}

/** Betting that pauses once more is not open yet. */
function bettingOpenOf(
  known: { bettingPausedMs: number | null; bettingOpenMs: number | null },
  isOpen: boolean,
  nowMs: number,
): number | null {
  if (!isOpen || known.bettingPausedMs === null) return null;
  return known.bettingOpenMs ?? nowMs;
}

export type BooksCompared = {
  /** Nothing is missing: the row that was last is there, and every point is accounted for. */
  isWhole: boolean;
  pointsBefore: number;
  pointsAfter: number;
  /** By the house, in the meantime. */
  granted: number;
  /** What decided markets moved between viewers and house; 0 where winners share the pool. */
  moved: number;
  row: number;
  isRowSame: boolean;
};

/** @param rowHash of the row that was the last one before, as the ledger reads it now */
export function compareBooks(before: Books, after: Books, rowHash: string | null): BooksCompared {
  const granted = after.grantedMinor - before.grantedMinor;
  const moved = after.pointsMinor - before.pointsMinor - granted;
  const isRowSame = rowHash === before.hash;
  return {
    isWhole: isRowSame && after.seq >= before.seq && (moved === 0 || after.seq > before.seq),
    ...{ pointsBefore: before.pointsMinor, pointsAfter: after.pointsMinor },
    ...{ granted, moved, row: before.seq, isRowSame },
  };
}
