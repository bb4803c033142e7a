// Where each model in use runs, how fast, and why it does not run on a better provider.

import type { ModelShelf, RunningModel } from '../../../core/contract/modelCards.ts';
import { StateDot, type StateTone } from '../../ui/StateDot.tsx';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';

const TONES: Record<RunningModel['state'], StateTone> = {
  starting: 'warn',
  running: 'go',
  failed: 'warn',
  givenUp: 'stop',
};

export function RunningModels({
  running,
  decoder,
}: {
  running: readonly RunningModel[];
  decoder: ModelShelf['decoder'];
}) {
  return (
    <>
      {running.length === 0 ? <p>{text('studio.models.none')}</p> : null}
      {running.map((model) => (
        <Running key={`${model.use} ${model.id}`} model={model} />
      ))}
      {decoder.name === '' ? null : (
        <p className="models-facts">
          {text('studio.models.decoder', { name: decoder.name })}
          {decoder.reason === '' ? '' : ` · ${translated(decoder.reason)}`}
        </p>
      )}
    </>
  );
}

function Running({ model }: { model: RunningModel }) {
  const { id, use, state, provider, medianMs, reason, refusals } = model;
  return (
    <div className="models-running">
      <span className="models-name">{id}</span>
      <small className="models-facts">{text(`studio.models.use.${use}`)}</small>
      <StateDot tone={TONES[state]}>
        {medianMs === null
          ? text(`studio.models.state.${state}`)
          : text('studio.models.speed', { provider, ms: medianMs.toFixed(1) })}
      </StateDot>
      {reason === '' ? null : <p className="models-reason">{translated(reason)}</p>}
      {refusals.length === 0 ? null : (
        <ul className="models-refusals">
          {refusals.map((one) => (
            <li key={one.provider}>
              {text('studio.models.refused', { provider: one.provider, reason: one.reason })}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
