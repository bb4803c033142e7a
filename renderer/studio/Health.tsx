// The processes behind the show, in a word each: relay, vision, ledger. Reasons stand below.

import type { StudioState } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { openDialog } from './opened.ts';
import { Said } from './Secret.tsx';

const RELAY: Record<StudioState['relay']['state'], StateTone> = {
  connecting: 'warn',
  connected: 'go',
  unreachable: 'stop',
};
const VISION: Record<StudioState['vision']['state'], StateTone> = {
  starting: 'warn',
  running: 'go',
  restarting: 'warn',
  off: 'idle',
};
const LEDGER: Record<StudioState['ledger']['state'], StateTone> = {
  starting: 'warn',
  running: 'go',
  restarting: 'warn',
  refused: 'stop',
};

export function Health({ state: { relay, vision, ledger } }: { state: StudioState }) {
  const rate = ledger.commitsPerSecond;
  const disk = rate > 0 ? text('studio.ledger.disk', { rate: pointsText(rate) }) : '';
  const model = [vision.model, vision.provider, vision.pack].filter((part) => part !== '');
  return (
    <div className="dockPart">
      <dl className="health">
        <Line
          name={text('studio.health.relay')}
          tone={RELAY[relay.state]}
          words={text(`studio.relay.${relay.state}`)}
          below={relay.reason}
        />
        {relay.state === 'unreachable' ? (
          <Button
            size="dense"
            look="quiet"
            onClick={() => openDialog({ name: 'manage', part: 'relay' })}
          >
            {text('studio.wayOut.relay')}
          </Button>
        ) : null}
        <Line
          name={text('studio.health.vision')}
          tone={VISION[vision.state]}
          words={text(`studio.vision.${vision.state}`)}
          below={vision.reason === '' ? model.join(' · ') : vision.reason}
          more={placesWords(vision.places)}
        />
        <Line
          name={text('studio.health.ledger')}
          tone={LEDGER[ledger.state]}
          words={text(`studio.ledger.${ledger.state}`, { row: pointsText(ledger.seq) })}
          below={ledger.reason === '' ? disk : ledger.reason}
        />
      </dl>
      <Button size="dense" look="quiet" onClick={() => openDialog({ name: 'models' })}>
        {text('studio.models.open')}
      </Button>
    </div>
  );
}

/** Where what was drawn on the picture lies now, as far as anybody must know. */
function placesWords({ state, reason }: StudioState['vision']['places']): string {
  if (state === 'lost') return text('studio.places.lost', { reason: translated(reason) });
  return state === 'carried' ? text('studio.places.carried') : '';
}

type LineProps = { name: string; tone: StateTone; words: string; below: string; more?: string };

function Line({ name, tone, words, below, more = '' }: LineProps) {
  return (
    <div className="health-line">
      <dt>{name}</dt>
      <dd>
        <StateDot tone={tone}>{words}</StateDot>
      </dd>
      {below === '' ? null : (
        <dd className="health-reason">
          <Said>{below}</Said>
        </dd>
      )}
      {more === '' ? null : <dd className="health-reason">{more}</dd>}
    </div>
  );
}
