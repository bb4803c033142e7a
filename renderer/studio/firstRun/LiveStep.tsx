// Everything that was chosen, in one look, and the one large control.

import { Radio } from 'lucide-react';
import type { SourceState } from '../../../core/contract/state.ts';
import { isPageSource } from '../../../core/media/capturePort.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { text } from '../../ui/texts.ts';
import { testAndGoLive, useGoLive } from '../goLive.ts';
import { useVeil } from '../streamerMode.ts';
import type { StepProps } from './FirstRun.tsx';
import { FIRST_RUN_STEPS, stepBy } from './firstRunStore.ts';
import { pictureWords } from './MachineStep.tsx';
import { sourceName } from './PictureStep.tsx';

/** What viewers would see right now, and what is being done about it. */
function trouble({ state, next, url }: SourceState) {
  if (next) return next.state === 'failed' ? 'studio.firstRun.live.failed' : waiting(next.url);
  return state === 'live' ? null : waiting(url);
}

const waiting = (url: string) =>
  isPageSource(url) ? 'studio.firstRun.live.capture' : 'studio.firstRun.live.noPicture';

export function LiveStep({ state }: StepProps) {
  const veil = useVeil();
  const doing = useGoLive((page) => page.doing);
  const { source, show, picture } = state;
  const words = trouble(source);
  const shown = source.next ?? source;
  const lines = [
    [text('studio.firstRun.step.picture'), veil(sourceName(shown.url, shown.title))],
    [text('studio.firstRun.step.machine'), pictureWords(picture.choice)],
    [text('studio.firstRun.step.name'), show.title],
  ] as const;
  return (
    <div className="firstRun-form">
      <div className="firstRun-step">
        <p className="firstRun-count" role="status">
          {text('studio.firstRun.count', {
            ...{ number: FIRST_RUN_STEPS.length, count: FIRST_RUN_STEPS.length },
            name: text('studio.firstRun.step.live'),
          })}
        </p>
        <h3>{text('studio.firstRun.question.live')}</h3>
        <dl className="machine">
          {lines.map(([name, value]) => (
            <div key={name} className="machine-row">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {words === null ? null : <Notice severity="warn">{text(words)}</Notice>}
        <p>{text('studio.firstRun.live.after')}</p>
      </div>
      <div className="firstRun-foot">
        <Button onClick={() => stepBy(-1)}>{text('studio.firstRun.back')}</Button>
        <Button
          look="primary"
          size="touch"
          data-begin
          aria-disabled={doing !== 'nothing'}
          onClick={() => void testAndGoLive()}
        >
          <Radio size={18} aria-hidden="true" />
          {text(doing === 'testing' ? 'studio.header.testing' : 'studio.header.goLive')}
        </Button>
      </div>
    </div>
  );
}
