// What this computer can do, as it is being measured, and the picture that follows from it with the
// reason for each part. What could not be measured says so; one goes on without it.

import { useState } from 'react';
import type { Advice, FirstRunView, Machine } from '../../../core/contract/firstRun.ts';
import type { PictureChoice } from '../../../core/contract/picture.ts';
import { Button } from '../../ui/Button.tsx';
import { StateDot, type StateTone } from '../../ui/StateDot.tsx';
import { type TextKey, text } from '../../ui/texts.ts';
import { Said } from '../Secret.tsx';
import { attempt, studio } from '../store.ts';
import { StepFrame, type StepProps } from './FirstRun.tsx';
import { stepBy } from './firstRunStore.ts';

export function MachineStep({ state }: StepProps) {
  const measurement = state.firstRun?.measurement;
  const [fault, setFault] = useState<string | null>(null);
  const isRunning = measurement?.state === 'running';
  const advice = isRunning ? null : (measurement?.advice ?? null);
  async function use(): Promise<void> {
    const isNew =
      advice !== null && JSON.stringify(advice.choice) !== JSON.stringify(state.picture.choice);
    const refusal = isNew ? await attempt(studio.picture.choose({ choice: advice.choice })) : null;
    setFault(refusal);
    if (refusal === null) stepBy(1);
  }
  return (
    <StepFrame
      step="machine"
      next={text(
        advice === null ? 'studio.firstRun.machine.without' : 'studio.firstRun.machine.use',
      )}
      beginsHere
      onNext={() => void use()}
    >
      {measurement === undefined ? null : <Figures measurement={measurement} />}
      {advice === null ? null : <AdvicePart advice={advice} />}
      {isRunning ? null : (
        <Button
          look="quiet"
          size="dense"
          onClick={() => void attempt(studio.firstRun.measure({})).then(setFault)}
        >
          {text('studio.firstRun.machine.again')}
        </Button>
      )}
      {fault === null ? null : (
        <p className="formField-fault" role="alert">
          <Said>{fault}</Said>
        </p>
      )}
    </StepFrame>
  );
}

type Line = { tone: StateTone; words: string; reason?: string };

const ROWS = ['processor', 'encoder', 'vision', 'disk', 'uplink'] as const;

function Figures({ measurement }: { measurement: FirstRunView['measurement'] }) {
  const { state, machine } = measurement;
  const isRunning = state === 'running';
  return (
    <dl className="machine" aria-busy={isRunning}>
      {ROWS.map((row) => {
        const line = machine === null || isRunning ? null : LINES[row](machine);
        return (
          <div key={row} className="machine-row">
            <dt>{text(`studio.firstRun.machine.${row}`)}</dt>
            <dd>
              {line === null ? (
                <StateDot tone={isRunning ? 'warn' : 'idle'}>{waitingWords(measurement)}</StateDot>
              ) : (
                <StateDot tone={line.tone}>{line.words}</StateDot>
              )}
              {line?.reason ? (
                <span className="machine-reason">
                  <Said>{line.reason}</Said>
                </span>
              ) : null}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function waitingWords({ state }: FirstRunView['measurement']): string {
  return text(
    state === 'running' ? 'studio.firstRun.machine.measuring' : 'studio.firstRun.machine.nothing',
  );
}

/** Below this a bet waits for the disk. */
const COMMITS_FEW = 100;
const IDLE_LITTLE = 25;

const LINES: Record<(typeof ROWS)[number], (machine: Machine) => Line> = {
  processor({ processor: { cores, idlePercent } }) {
    if (idlePercent === null)
      return { tone: 'idle', words: text('studio.firstRun.machine.unknown') };
    return {
      tone: idlePercent < IDLE_LITTLE ? 'warn' : 'go',
      words: text('studio.firstRun.machine.processorIs', { cores, idle: idlePercent }),
    };
  },
  encoder({ speeds, speedReason }) {
    if (speeds.length === 0) {
      return {
        tone: 'stop',
        words: text('studio.firstRun.machine.noEncoder'),
        reason: speedReason,
      };
    }
    const words = speeds.map(({ encoder, height, timesRealTime }) =>
      text('studio.firstRun.machine.encoderIs', {
        encoder: text(`studio.picture.encoder.${encoder}`),
        ...{ height, times: timesRealTime.toFixed(1) },
      }),
    );
    return { tone: 'go', words: words.join(' · ') };
  },
  vision({ vision: { provider, medianMs } }) {
    if (provider === '') return { tone: 'warn', words: text('studio.firstRun.machine.noVision') };
    const isSlow = provider.toLowerCase() === 'cpu';
    const key: TextKey = isSlow
      ? 'studio.firstRun.machine.visionByProcessor'
      : 'studio.firstRun.machine.visionBy';
    const ms = medianMs === null ? '–' : medianMs.toFixed(1);
    return { tone: isSlow ? 'warn' : 'go', words: text(key, { provider, ms }) };
  },
  disk({ commitsPerSecond }) {
    if (commitsPerSecond === 0) {
      return { tone: 'warn', words: text('studio.firstRun.machine.noDisk') };
    }
    return {
      tone: commitsPerSecond < COMMITS_FEW ? 'warn' : 'go',
      words: text('studio.firstRun.machine.diskIs', { commits: Math.round(commitsPerSecond) }),
    };
  },
  uplink({ uplink: { state, kilobitsPerSecond, reason } }) {
    if (state === 'here')
      return { tone: 'idle', words: text('studio.firstRun.machine.uplinkHere') };
    if (kilobitsPerSecond === null) {
      return { tone: 'warn', words: text('studio.firstRun.machine.noUplink'), reason };
    }
    const megabits = (kilobitsPerSecond / 1000).toFixed(1);
    return { tone: 'go', words: text('studio.firstRun.machine.uplinkIs', { megabits }) };
  },
};

/** "720p, 30 pictures a second, x264". */
export function pictureWords({ height, framesPerSecond, encoder }: PictureChoice): string {
  return text('studio.firstRun.machine.picture', {
    ...{ height, rate: framesPerSecond },
    encoder: text(`studio.picture.encoder.${encoder}`),
  });
}

function AdvicePart({ advice }: { advice: Advice }) {
  return (
    <section className="advice" aria-labelledby="advice-title" aria-live="polite">
      <h4 id="advice-title">{pictureWords(advice.choice)}</h4>
      <ul>
        {advice.reasons.map(({ code, values }) => {
          const { encoder } = values;
          const named = encoder ? text(`studio.picture.encoder.${encoder}` as TextKey) : '';
          return (
            <li key={code}>{text(`studio.firstRun.why.${code}`, { ...values, encoder: named })}</li>
          );
        })}
      </ul>
    </section>
  );
}
