// What our own encoders make, in the dock below the sources: what it is for, how large, how often,
// by which encoder, each with its reason; and which ffmpeg there is and what it lacks. Nothing
// changes before "Use it": a source may have to be opened anew for it.

import { useEffect, useState } from 'react';
import {
  ENCODERS,
  type EncoderTrial,
  PICTURE_HEIGHTS,
  PICTURE_INTENTS,
  PICTURE_RATES,
  type PictureChoice,
  type PictureState,
} from '../../core/contract/picture.ts';
import type { SourceState } from '../../core/contract/state.ts';
import { pictureTargetOf } from '../../core/media/pictureTarget.ts';
import { Button } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { Notice } from '../ui/Notice.tsx';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { translated } from '../ui/sentences.ts';
import { type TextKey, text } from '../ui/texts.ts';
import { ChoiceField } from './Field.tsx';
import { ask, studio } from './store.ts';

export function PicturePanel({ picture, source }: { picture: PictureState; source: SourceState }) {
  const { choice } = picture;
  const summary = text('studio.picture.summary', {
    height: choice.height,
    rate: choice.framesPerSecond,
    intent: text(`studio.picture.intent.${choice.intent}`),
  });
  return (
    <details className="pictureChoice" data-testid="picture">
      <summary>
        {text('studio.picture')} <span className="pictureChoice-summary">{summary}</span>
      </summary>
      <ChoiceForm
        picture={picture}
        madeBy={source.madeBy}
        hasFailed={source.next?.url === source.url && source.next.state === 'failed'}
      />
      <Trials trials={picture.trials} />
      <FfmpegFacts ffmpeg={picture.ffmpeg} />
    </details>
  );
}

type ChoiceFormProps = {
  picture: PictureState;
  madeBy: SourceState['madeBy'];
  /** What is on air could not be opened anew for it; the same choice may be tried again. */
  hasFailed: boolean;
};

function ChoiceForm({ picture, madeBy, hasFailed }: ChoiceFormProps) {
  const [draft, setDraft] = useState<PictureChoice>(picture.choice);
  const known = JSON.stringify(picture.choice);
  // Another page, or settings.json, may have chosen.
  useEffect(() => setDraft(JSON.parse(known)), [known]);
  const isChanged = JSON.stringify(draft) !== known;
  const set = (change: Partial<PictureChoice>) => setDraft({ ...draft, ...change });
  const bits = isChanged ? pictureTargetOf(draft).bitsPerSecond : picture.bitsPerSecond;
  return (
    <form
      className="pictureChoice-form"
      onSubmit={(submit) => {
        submit.preventDefault();
        void ask(studio.picture.choose({ choice: draft }));
      }}
    >
      <ChoiceField
        label={text('studio.picture.intent')}
        hint={text(`studio.picture.why.${draft.intent}`)}
        value={draft.intent}
        choices={PICTURE_INTENTS.map((one) => [one, text(`studio.picture.intent.${one}`)])}
        onValue={(intent) => set({ intent })}
      />
      <ChoiceField
        label={text('studio.picture.height')}
        hint={text(`studio.picture.why.${draft.height}`)}
        value={String(draft.height)}
        choices={PICTURE_HEIGHTS.map((height) => [
          String(height),
          text('studio.picture.heightIs', { height }),
        ])}
        onValue={(value) => set({ height: among(PICTURE_HEIGHTS, value) })}
      />
      <ChoiceField
        label={text('studio.picture.rate')}
        hint={text(`studio.picture.why.rate${draft.framesPerSecond}`)}
        value={String(draft.framesPerSecond)}
        choices={PICTURE_RATES.map((rate) => [
          String(rate),
          text('studio.picture.rateIs', { rate }),
        ])}
        onValue={(value) => set({ framesPerSecond: among(PICTURE_RATES, value) })}
      />
      <ChoiceField
        label={text('studio.picture.encoder')}
        hint={text(encoderReason(draft, picture))}
        value={draft.encoder}
        choices={offered(draft, picture).map((one) => [one, encoderName(one, picture)])}
        onValue={(encoder) => set({ encoder })}
      />
      {picture.reason === '' ? null : <Notice severity="warn">{translated(picture.reason)}</Notice>}
      <p className="health-reason">
        {text('studio.picture.rateOut', { megabits: (bits / 1_000_000).toFixed(1) })}{' '}
        {text(
          madeBy === 'sender' || madeBy === 'page'
            ? `studio.picture.madeBy.${madeBy}`
            : 'studio.picture.never',
        )}
      </p>
      {isChanged && madeBy !== 'sender' && madeBy !== 'page' ? (
        <p className="health-reason">{text('studio.picture.cut')}</p>
      ) : null}
      <Button size="dense" look="primary" type="submit" disabled={!isChanged && !hasFailed}>
        {text('studio.picture.apply')}
      </Button>
    </form>
  );
}

function among<Value extends number>(all: readonly Value[], value: string): Value {
  const found = all.find((one) => String(one) === value);
  if (found === undefined) throw new Error(`No such choice: ${value}`);
  return found;
}

/** Encoders that made a picture, and the chosen one, whatever became of it. */
function offered(draft: PictureChoice, { trials, choice }: PictureState) {
  const proved = trials.filter(({ state }) => state === 'untried' || state === 'seen');
  return ENCODERS.filter(
    (one) =>
      one === 'x264' ||
      one === draft.encoder ||
      one === choice.encoder ||
      proved.some(({ encoder }) => encoder === one),
  );
}

function encoderName(encoder: PictureChoice['encoder'], { trials }: PictureState): string {
  const name = text(`studio.picture.encoder.${encoder}`);
  const isUntried = trials.some((one) => one.encoder === encoder && one.state === 'untried');
  return isUntried ? text('studio.picture.encoder.untriedName', { encoder: name }) : name;
}

function encoderReason({ encoder }: PictureChoice, { trials }: PictureState): TextKey {
  const trial = trials.find((one) => one.encoder === encoder);
  if (!trial) return 'studio.picture.why.x264';
  if (trial.state === 'untried' || trial.state === 'seen') {
    return `studio.picture.why.${trial.state}`;
  }
  return `studio.picture.trial.${trial.state}`;
}

const TONES: Record<EncoderTrial['state'], StateTone> = {
  waiting: 'idle',
  refused: 'idle',
  untried: 'warn',
  seen: 'go',
};

function Trials({ trials }: { trials: readonly EncoderTrial[] }) {
  return (
    <section className="pictureChoice-part" aria-label={text('studio.picture.trials')}>
      <h3 className="dockSubtitle">{text('studio.picture.trials')}</h3>
      <ul className="pictureChoice-list">
        {trials.map(({ encoder, state, reason }) => (
          <li key={encoder}>
            <span>{text(`studio.picture.encoder.${encoder}`)}</span>
            <StateDot tone={TONES[state]}>{text(`studio.picture.trial.${state}`)}</StateDot>
            {reason === '' ? null : <span className="health-reason">{translated(reason)}</span>}
          </li>
        ))}
      </ul>
      <Button size="dense" look="quiet" onClick={() => ask(studio.picture.tryEncoders({}))}>
        {text('studio.picture.tryAgain')}
      </Button>
    </section>
  );
}

function FfmpegFacts({ ffmpeg }: { ffmpeg: PictureState['ffmpeg'] }) {
  const { path, reason, origin, version, has, lacks, protocols, encoders } = ffmpeg;
  const names = (list: typeof has) =>
    list.map((one) => text(`studio.picture.ability.${one}`)).join(', ');
  return (
    <section className="pictureChoice-part" aria-label={text('studio.picture.ffmpeg')}>
      <h3 className="dockSubtitle">{text('studio.picture.ffmpeg')}</h3>
      {path === null ? (
        <Notice severity="warn">
          {text('studio.picture.noFfmpeg')}. {translated(reason)}
        </Notice>
      ) : (
        <>
          <p className="pictureChoice-path">
            <Figure>{path}</Figure>
          </p>
          <p className="health-reason">
            {origin === null
              ? version
              : text('studio.picture.ffmpegIs', {
                  version,
                  origin: text(`studio.picture.origin.${origin}`),
                })}
          </p>
          <p className="health-reason">{text('studio.picture.can', { list: names(has) })}</p>
          <p className="health-reason">
            {text('studio.picture.protocols', { list: protocols.join(', ') })}
          </p>
          <p className="health-reason">
            {text('studio.picture.encoders', { list: encoders.join(', ') })}
          </p>
        </>
      )}
      {lacks.length === 0 ? null : (
        <Notice severity="warn">
          {text('studio.picture.lacks', { list: names(lacks) })} {text('studio.picture.cure')}
        </Notice>
      )}
    </section>
  );
}
