// What a check found: the verdict, the steps in their order, the times on one line, the facts, and
// in plain words what is shown and what is not. The first thing that does not hold is named.

import { RECEIPT_STEPS, type ReceiptFinding } from '../../core/ledger/receipt.ts';
import type { ReceiptStory } from '../../core/ledger/receiptStory.ts';
import { Button } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import { Notice } from '../ui/Notice.tsx';
import { OutcomeMark } from '../ui/OutcomeMark.tsx';
import { text } from '../ui/texts.ts';
import type { KeyState } from './check.ts';
import type { BetWords } from './deviceMemory.ts';
import { TimeLine } from './TimeLine.tsx';

type FindingProps = {
  finding: ReceiptFinding;
  keyState: KeyState;
  isFile: boolean;
  words: BetWords | null;
  onTrustKey(): void;
};

export function Finding({ finding, keyState, isFile, words, onTrustKey }: FindingProps) {
  const { failed, story } = finding;
  const mayTrust = keyState === 'other' && failed?.step === 'signature';
  return (
    <>
      {failed ? (
        <Notice
          severity="stop"
          action={
            mayTrust ? (
              <Button size="dense" onClick={onTrustKey}>
                {text('check.key.trust')}
              </Button>
            ) : undefined
          }
        >
          <strong>{text('check.failed')}</strong> {failed.sentence} {text('check.failedFix')}
        </Notice>
      ) : (
        <p className="verdict" data-testid="verdict">
          <StepMark state="holds" />
          {text(isFile ? 'check.provedFile' : 'check.proved')}
        </p>
      )}
      {words ? <h2 className="betTitle">{words.marketTitle}</h2> : null}
      {story ? <TimeLine story={story} /> : null}
      <Steps finding={finding} />
      <Facts finding={finding} story={story} keyState={keyState} words={words} />
      {failed ? null : <Limits />}
    </>
  );
}

type StepState = 'holds' | 'fails' | 'notLooked';

const MARK_PATHS: Record<StepState, string> = {
  holds: 'M2 7.5 5.5 11 12 3.5',
  fails: 'M3 3 11 11M11 3 3 11',
  notLooked: 'M4 7H10',
};

function StepMark({ state }: { state: StepState }) {
  return (
    <svg className="stepMark" data-state={state} viewBox="0 0 14 14" aria-hidden="true">
      <path d={MARK_PATHS[state]} fill="none" stroke="currentColor" strokeWidth="2" />
    </svg>
  );
}

function Steps({ finding }: { finding: ReceiptFinding }) {
  const failedAt = finding.failed ? RECEIPT_STEPS.indexOf(finding.failed.step) : 99;
  return (
    <ol className="steps">
      {RECEIPT_STEPS.map((step, index) => {
        const state = index < failedAt ? 'holds' : index === failedAt ? 'fails' : 'notLooked';
        return (
          <li key={step} className="step" data-step={step} data-state={state}>
            <StepMark state={state} />
            <span>
              {text(`check.step.${step}`)}
              {state === 'notLooked' ? ` (${text('check.step.notLooked')})` : null}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

type FactsProps = {
  finding: ReceiptFinding;
  story: ReceiptStory | null;
  keyState: KeyState;
  words: BetWords | null;
};

function Facts({ finding, story, keyState, words }: FactsProps) {
  const { proof } = finding;
  if (!proof) return null;
  const { timeMs, mark, relayKey } = proof;
  return (
    <dl className="facts">
      {story ? <BetFacts story={story} words={words} /> : null}
      <dt>{text('check.fact.witnessed')}</dt>
      <dd>
        {text('check.fact.witnessedValue', {
          time: new Date(timeMs).toLocaleString(dateLocale(), {
            dateStyle: 'medium',
            timeStyle: 'medium',
          }),
          seq: mark.seq,
        })}
      </dd>
      <dt>{text('check.fact.key')}</dt>
      <dd>
        <span className="figure">{shortKey(relayKey)}</span>
        <span className="facts-note">{text(`check.key.${keyState}`)}</span>
      </dd>
    </dl>
  );
}

function BetFacts({ story, words }: { story: ReceiptStory; words: BetWords | null }) {
  const { amountMinor, outcome } = story;
  const label = words?.outcomeLabel ?? text('check.fact.outcome', { number: outcome + 1 });
  return (
    <>
      <dt>{text('check.fact.stake')}</dt>
      <dd className="facts-stake">
        <OutcomeMark index={outcome} size={10} />
        {text('check.fact.stakeValue', { points: pointsText(amountMinor), outcome: label })}
      </dd>
      <dt>{text('check.fact.fate')}</dt>
      <dd data-testid="fate">{fateText(story)}</dd>
    </>
  );
}

function fateText({ fate, why, paidMinor }: ReceiptStory): string {
  if (fate === 'RETURNED' && why !== null) return text(`check.why.${why}`);
  return text(`check.fate.${fate}`, { points: pointsText(paidMinor) });
}

/** Dates as whoever reads this language writes them. */
function dateLocale(): string {
  return document.documentElement.lang === 'zh' ? 'zh-CN' : 'en-GB';
}

/** Enough to read aloud and compare: the first and last 8 of 64 characters. */
function shortKey(key: string): string {
  return `${key.slice(0, 8)} … ${key.slice(-8)}`;
}

function Limits() {
  return (
    <div className="limits">
      <section>
        <h2>{text('check.shows')}</h2>
        <ul>
          <li>{text('check.shows.1')}</li>
          <li>{text('check.shows.2')}</li>
          <li>{text('check.shows.3')}</li>
        </ul>
      </section>
      <section>
        <h2>{text('check.showsNot')}</h2>
        <ul>
          <li>{text('check.showsNot.1')}</li>
          <li>{text('check.showsNot.2')}</li>
          <li>{text('check.showsNot.3')}</li>
        </ul>
      </section>
    </div>
  );
}
