// The way from nothing to live, in five steps over the whole studio. Nothing in it is needed:
// Escape leaves it, and one press goes live with the demo from any step. Each step begins where its
// work does, so that Enter alone leads through.

import { useEffect, useRef } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { Button } from '../../ui/Button.tsx';
import { text } from '../../ui/texts.ts';
import { testAndGoLive, useGoLive } from '../goLive.ts';
import { ask, studio, usePage } from '../store.ts';
import {
  FIRST_RUN_STEPS,
  type FirstRunStep,
  isFirstRunShown,
  leaveFirstRun,
  stepBy,
  useFirstRun,
} from './firstRunStore.ts';
import { LiveStep } from './LiveStep.tsx';
import { MachineStep } from './MachineStep.tsx';
import { MicrophoneStep } from './MicrophoneStep.tsx';
import { NameStep } from './NameStep.tsx';
import { PictureStep } from './PictureStep.tsx';
import './firstRun.css';

/** What a step is given. `FOOT` is where its way on stands. */
export type StepProps = { state: StudioState };

const STEPS: Record<FirstRunStep, (props: StepProps) => React.ReactNode> = {
  picture: PictureStep,
  microphone: MicrophoneStep,
  machine: MachineStep,
  name: NameStep,
  live: LiveStep,
};

export function FirstRun({ state }: { state: StudioState }) {
  const page = useFirstRun();
  const isOwner = usePage(({ role }) => role === 'owner');
  if (!isOwner || !isFirstRunShown(page, state)) return null;
  return <Frame state={state} step={page.step} />;
}

function Frame({ state, step }: StepProps & { step: FirstRunStep }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const Step = STEPS[step];
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    // While the first steps are looked at; nothing waits for it.
    void studio.firstRun.measure({}).catch(() => {});
    return () => before?.focus();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new step begins where its work does.
  useEffect(() => {
    dialog.current?.querySelector<HTMLElement>('[data-begin]')?.focus();
    dialog.current?.querySelector('.firstRun-step')?.scrollTo(0, 0);
  }, [step]);
  return (
    <dialog
      ref={dialog}
      className="dialog firstRun"
      aria-labelledby="firstRun-title"
      onClose={({ currentTarget }) => currentTarget.open || void leaveFirstRun()}
    >
      <header className="firstRun-head">
        <h2 id="firstRun-title">{text('studio.firstRun.title')}</h2>
        <Progress step={step} />
      </header>
      <Step key={step} state={state} />
      <Skip state={state} />
    </dialog>
  );
}

function Progress({ step }: { step: FirstRunStep }) {
  return (
    <ol className="firstRun-progress" aria-label={text('studio.firstRun.steps')}>
      {FIRST_RUN_STEPS.map((one) => (
        <li key={one} aria-current={one === step ? 'step' : undefined}>
          {text(`studio.firstRun.step.${one}`)}
        </li>
      ))}
    </ol>
  );
}

/** From any step: the demo is on air with one press. */
function Skip({ state }: StepProps) {
  const isBusy = useGoLive(({ doing }) => doing !== 'nothing');
  async function skip(): Promise<void> {
    const isDemo = state.source.url.startsWith('demo:');
    if (!isDemo && !(await ask(studio.sources.select({ url: 'demo:' })))) return;
    await testAndGoLive();
  }
  return (
    <footer className="firstRun-skip">
      <Button size="dense" disabled={isBusy} onClick={() => void skip()}>
        {text('studio.firstRun.skip')}
      </Button>
      <span>{text('studio.firstRun.escape')}</span>
    </footer>
  );
}

type StepFrameProps = {
  step: FirstRunStep;
  children: React.ReactNode;
  /** Words of the way on. */
  next: string;
  isBusy?: boolean;
  /** The way on has the focus when the step begins. */
  beginsHere?: boolean;
  onNext: () => void;
};

/** One step: its question, its work, and the way on and back. Enter in a field goes on. */
export function StepFrame(props: StepFrameProps) {
  const { step, children, next, isBusy = false, beginsHere = false, onNext } = props;
  const number = FIRST_RUN_STEPS.indexOf(step) + 1;
  return (
    <form
      className="firstRun-form"
      noValidate
      onSubmit={(submit) => {
        submit.preventDefault();
        if (!isBusy) onNext();
      }}
    >
      <div className="firstRun-step">
        <p className="firstRun-count" role="status">
          {text('studio.firstRun.count', {
            ...{ number, count: FIRST_RUN_STEPS.length },
            name: text(`studio.firstRun.step.${step}`),
          })}
        </p>
        <h3>{text(`studio.firstRun.question.${step}`)}</h3>
        {children}
      </div>
      <div className="firstRun-foot">
        {number === 1 ? null : (
          <Button onClick={() => stepBy(-1)}>{text('studio.firstRun.back')}</Button>
        )}
        <Button
          look="primary"
          type="submit"
          aria-disabled={isBusy}
          {...(beginsHere ? { 'data-begin': true } : {})}
        >
          {next}
        </Button>
      </div>
    </form>
  );
}
