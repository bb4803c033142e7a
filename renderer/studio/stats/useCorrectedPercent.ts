// Asks the audit log how often the picture was corrected, for the curve that tells it: at each
// decision, and only while the dock is shown. Who may not read the log sees it as not measured.

import { useEffect } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { attempt, studio } from '../store.ts';
import { correctedPercentOf, type DecidingAct } from './correctedShare.ts';
import { setCorrectedPercent } from './statsHistory.ts';

const PAGE = 100;
/** The newest decisions count; a correction is always newer than what it corrects. */
const PAGES_MAX = 5;

/** What nobody asks for any more is not told on. */
export function useCorrectedPercent({ markets }: StudioState): void {
  const decided = markets
    .filter(({ state }) => state === 'RESOLVED' || state === 'VOID')
    .map(({ id, revision = 0 }) => `${id}.${revision}`)
    .join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew when a decision came.
  useEffect(() => {
    let isHere = true;
    void readCorrectedPercent().then((percent) => {
      if (isHere) setCorrectedPercent(percent);
    });
    return () => {
      isHere = false;
    };
  }, [decided]);
  useEffect(() => () => setCorrectedPercent(null), []);
}

/** Null when the studio refuses, or nothing was settled by the picture. */
async function readCorrectedPercent(): Promise<number | null> {
  const acts: DecidingAct[] = [];
  let beforeSeq: number | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const asked: ReturnType<typeof studio.moderation.audit> = studio.moderation.audit({
      ...{ beforeSeq, limit: PAGE, words: 'market.' },
    });
    if ((await attempt(asked)) !== null) return null;
    const { entries, nextSeq } = await asked;
    acts.push(...entries);
    if (nextSeq === null) break;
    beforeSeq = nextSeq;
  }
  return correctedPercentOf(acts);
}
