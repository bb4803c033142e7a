// Arrival of the bet, the guard and the deciding frame on one line, to scale. The guard is the
// stretch before the frame in which nothing counts any more; where it begins is the cut-off.

import type { CSSProperties } from 'react';
import type { ReceiptStory } from '../../core/ledger/receiptStory.ts';
import { text } from '../ui/texts.ts';

/** Room left and right of the marks, share of the line. */
const MARGIN = 0.08;
const US_PER_SECOND = 1_000_000;

function seconds(us: number, decimals = 3): string {
  return `${(us / US_PER_SECOND).toFixed(decimals)} s`;
}

/** What the line says, in one sentence. */
function sentenceOf(story: ReceiptStory): string {
  const { arrivedUs, cutoffUs, lockAtUs, opensAtUs } = story;
  if (cutoffUs === null) return text('check.line.none', { lock: seconds(lockAtUs - opensAtUs) });
  const gap = seconds(Math.abs(cutoffUs - arrivedUs));
  if (arrivedUs === cutoffUs) return text('check.line.atCutoff');
  return text(arrivedUs < cutoffUs ? 'check.line.early' : 'check.line.late', { gap });
}

type Mark = { kind: 'bet' | 'cutoff' | 'frame'; atUs: number; label: string };

function marksOf({ arrivedUs, cutoffUs, tCapUs }: ReceiptStory): Mark[] {
  const marks: Mark[] = [{ kind: 'bet', atUs: arrivedUs, label: text('check.line.bet') }];
  if (cutoffUs !== null && tCapUs !== null) {
    marks.push({ kind: 'cutoff', atUs: cutoffUs, label: text('check.line.cutoff') });
    marks.push({ kind: 'frame', atUs: tCapUs, label: text('check.line.frame') });
  }
  return marks;
}

export function TimeLine({ story }: { story: ReceiptStory }) {
  const marks = marksOf(story);
  const { cutoffUs, tCapUs } = story;
  // With a frame the line shows what lies between; without one, the market's whole time for bets.
  const times = marks.map(({ atUs }) => atUs);
  const first = cutoffUs === null ? story.opensAtUs : Math.min(...times);
  const last = Math.max(...(cutoffUs === null ? [story.lockAtUs] : times), first + 1);
  const placeOf = (us: number) =>
    MARGIN + (1 - 2 * MARGIN) * (Math.max(0, us - first) / (last - first));
  const place = (us: number) => ({ '--at': `${placeOf(us) * 100}%` }) as CSSProperties;
  const guard = cutoffUs !== null && tCapUs !== null ? { cutoffUs, tCapUs } : null;
  return (
    <section className="timeLine" data-testid="time-line">
      <p className="timeLine-says">{sentenceOf(story)}</p>
      <div className="timeLine-bar" aria-hidden="true">
        {guard ? (
          <span
            className="timeLine-guard"
            style={
              {
                '--from': `${placeOf(guard.cutoffUs) * 100}%`,
                '--to': `${placeOf(guard.tCapUs) * 100}%`,
              } as CSSProperties
            }
          />
        ) : null}
        {marks.map(({ kind, atUs }) => (
          <span key={kind} className="timeLine-mark" data-kind={kind} style={place(atUs)} />
        ))}
      </div>
      <ol className="timeLine-marks">
        {marks.map(({ kind, atUs, label }) => (
          <li key={kind} data-kind={kind}>
            <span className="timeLine-dot" data-kind={kind} aria-hidden="true" />
            <span>{label}</span>
            <span className="figure">{seconds(atUs - story.opensAtUs)}</span>
          </li>
        ))}
        <li data-kind="guard">{text('check.line.guard', { guard: story.guardMs })}</li>
      </ol>
      <p className="timeLine-clock">{text('check.line.clock')}</p>
    </section>
  );
}
