// One model of the shelf: its card, whether it is here, and what may be done with it. A licence is
// shown and accepted before the first download.

import { useState } from 'react';
import type { ModelCard } from '../../../core/contract/modelCards.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';
import { ask, studio } from '../store.ts';

type Look = () => Promise<void>;

export function ModelLine({ card, look }: { card: ModelCard; look: Look }) {
  const { title, use, state, reason } = card;
  const percent = card.bytes > 0 ? Math.floor((card.receivedBytes / card.bytes) * 100) : 0;
  return (
    <li className="models-line">
      <div className="models-lineHead">
        <strong className="models-name">{title}</strong>
        <small className="models-facts">
          {text(`studio.models.use.${use}`)} · {text(`studio.models.here.${state}`, { percent })}
        </small>
        <Acts card={card} look={look} />
      </div>
      {state === 'downloading' ? <progress aria-label={title} value={percent} max={100} /> : null}
      {reason === '' ? null : (
        <p className={state === 'broken' ? 'models-reason models-broken' : 'models-reason'}>
          {translated(reason)}
        </p>
      )}
      <Facts card={card} />
    </li>
  );
}

function Facts({ card }: { card: ModelCard }) {
  const facts = [
    ['licence', card.licence || text('studio.models.notNamed')],
    ['source', card.source],
    ['trainedOn', card.trainedOn],
    ['measured', card.measured],
    ['golden', card.golden],
  ] as const;
  return (
    <dl className="models-card">
      {facts.map(([name, value]) =>
        value === '' ? null : (
          <div key={name}>
            <dt>{text(`studio.models.${name}`)}</dt>
            <dd>
              {value}
              {name === 'licence' && card.licenceUrl !== '' ? (
                <>
                  {' · '}
                  <a href={card.licenceUrl} target="_blank" rel="noreferrer">
                    {text('studio.models.readLicence')}
                  </a>
                </>
              ) : null}
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Acts({ card, look }: { card: ModelCard; look: Look }) {
  const [isAsking, setIsAsking] = useState(false);
  const { id, title, state } = card;
  async function run(call: Promise<unknown>): Promise<void> {
    await ask(call);
    await look();
  }
  async function acceptAndDownload(): Promise<void> {
    setIsAsking(false);
    if (!(await ask(studio.models.accept({ id })))) return;
    await run(state === 'absent' ? studio.models.download({ id }) : Promise.resolve());
  }
  if (isAsking) {
    return (
      <Notice
        severity="warn"
        action={
          <>
            <Button size="dense" look="primary" onClick={acceptAndDownload}>
              {text(state === 'absent' ? 'studio.models.accept' : 'studio.models.acceptOnly')}
            </Button>
            <Button size="dense" look="quiet" onClick={() => setIsAsking(false)}>
              {text('studio.models.cancel')}
            </Button>
          </>
        }
      >
        {text('studio.models.ask', { title, licence: card.licence })}{' '}
        <a href={card.licenceUrl} target="_blank" rel="noreferrer">
          {text('studio.models.readLicence')}
        </a>
      </Notice>
    );
  }
  const isHere = state === 'here' || state === 'shipped';
  return (
    <span className="models-acts">
      {state === 'absent' && card.url !== '' ? (
        <Button
          size="dense"
          aria-label={text('studio.models.downloadNamed', { title })}
          onClick={() =>
            card.isAccepted ? run(studio.models.download({ id })) : setIsAsking(true)
          }
        >
          {text('studio.models.download', { megabytes: megabytesOf(card.bytes) })}
        </Button>
      ) : null}
      {isHere && !card.isAccepted ? (
        <Button size="dense" onClick={() => setIsAsking(true)}>
          {text('studio.models.acceptOnly')}
        </Button>
      ) : null}
      {state === 'downloading' ? (
        <Button
          size="dense"
          aria-label={text('studio.models.stopNamed', { title })}
          onClick={() => run(studio.models.stop({ id }))}
        >
          {text('studio.models.stop')}
        </Button>
      ) : null}
      {card.isRemovable && state !== 'downloading' ? <Remove card={card} run={run} /> : null}
    </span>
  );
}

function Remove({
  card,
  run,
}: {
  card: ModelCard;
  run: (call: Promise<unknown>) => Promise<void>;
}) {
  const [isSure, setIsSure] = useState(false);
  const { id, title } = card;
  return (
    <Button
      size="dense"
      look={isSure ? 'stop' : 'quiet'}
      aria-label={
        isSure ? text('studio.models.removeSure') : text('studio.models.removeNamed', { title })
      }
      onBlur={() => setIsSure(false)}
      onClick={() => (isSure ? run(studio.models.remove({ id })) : setIsSure(true))}
    >
      {text(isSure ? 'studio.models.removeSure' : 'studio.models.remove')}
    </Button>
  );
}

function megabytesOf(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
