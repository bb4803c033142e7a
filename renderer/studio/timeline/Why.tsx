// Why an event is there: its picture, the sentence of the rule that fired, how sure it was, what
// vision knew on that frame, and the clip where one was kept.

import { X } from 'lucide-react';
import { useState } from 'react';
import type { GameEvent } from '../../../core/contract/events.ts';
import type { ClipView } from '../../../core/contract/recording.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Figure } from '../../ui/Figure.tsx';
import { elapsedText } from '../../ui/figures.ts';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';
import { Movie } from '../Clips.tsx';
import { Modal } from '../Modal.tsx';
import { ask, say, studio, usePage } from '../store.ts';
import { type FetchedMoment, forgetMoment, useMoment } from './moments.ts';

type WhyProps = { event: GameEvent; state: StudioState; onClose(): void };

export function Why({ event, state, onClose }: WhyProps) {
  const moment = useMoment(event.id);
  const [opened, setOpened] = useState<'facts' | ClipView | null>(null);
  const { type, confidence, why, subject, captureUs } = event;
  const name = text(`studio.event.${type}`);
  const time = elapsedText(captureUs - state.show.liveSinceUs);
  const found = moment === 'wait' ? null : moment;
  return (
    <section className="timelineWhy" aria-label={text('studio.timeline.why', { name })}>
      <Picture moment={moment} name={name} state={state} eventId={event.id} />
      <div className="timelineWhy-words" aria-live="polite">
        <p className="timelineWhy-head">
          <strong>{name}</strong>
          <Figure>{confidence.toFixed(2)}</Figure>
          {state.show.liveSinceUs > 0 ? <Figure>{time}</Figure> : null}
          {subject === '' ? null : <span>“{subject}”</span>}
        </p>
        <p>{translated(why)}</p>
        <p className="timelineWhy-rule">
          {text(`studio.timeline.rule.${type}`)} · {state.vision.pack}
        </p>
        <div className="timelineWhy-acts">
          <Button
            size="dense"
            disabled={(found?.lines.length ?? 0) === 0}
            onClick={() => setOpened('facts')}
          >
            {text('studio.timeline.facts')}
          </Button>
          {found && found.clip !== '' ? (
            <Button size="dense" onClick={() => void clipOf(found.clip).then(setOpened)}>
              {text('studio.timeline.clip')}
            </Button>
          ) : null}
        </div>
      </div>
      <IconButton size="dense" name={text('studio.timeline.close')} onClick={onClose}>
        <X size={14} aria-hidden="true" />
      </IconButton>
      {opened === null ? null : (
        <Modal title={`${name} ${time}`} onClose={() => setOpened(null)}>
          {opened === 'facts' ? (
            <>
              <p>{text('studio.timeline.factsLead')}</p>
              <pre className="evidence-facts">{found?.lines.join('\n')}</pre>
            </>
          ) : (
            <Movie clip={opened} />
          )}
        </Modal>
      )}
    </section>
  );
}

async function clipOf(name: string): Promise<ClipView | null> {
  const clips = await studio.recording.clips({}).catch(() => []);
  const found = clips.find((clip) => clip.name === name);
  if (!found) say(text('studio.clips.gone'), '');
  return found ?? null;
}

type PictureProps = {
  moment: FetchedMoment | null | 'wait';
  name: string;
  state: StudioState;
  eventId: string;
};

/** The still, or why there is none. */
function Picture({ moment, name, state, eventId }: PictureProps) {
  const isOwner = usePage(({ role }) => role === 'owner');
  if (moment === 'wait') return <div className="timelineWhy-still" aria-busy="true" />;
  if (moment && moment.still !== '') {
    return (
      <img
        className="timelineWhy-still"
        src={moment.still}
        alt={text('studio.timeline.still', { name })}
      />
    );
  }
  const reason = moment?.stillState ?? 'gone';
  const { settings } = state.recording;
  async function allow(): Promise<void> {
    const changed = { ...settings, sealedStills: true };
    if (await ask(studio.recording.configure({ settings: changed }))) forgetMoment(eventId);
  }
  return (
    <div className="timelineWhy-still">
      <span>{text(`studio.timeline.noStill.${reason === 'made' ? 'none' : reason}`)}</span>
      {reason === 'sealed' && isOwner && !settings.sealedStills ? (
        <Button size="dense" onClick={() => void allow()}>
          {text('studio.timeline.allow')}
        </Button>
      ) : null}
    </div>
  );
}
