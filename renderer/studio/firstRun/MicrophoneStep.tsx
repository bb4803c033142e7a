// The microphone with its loudness. Where the picture brings its own sound nobody is asked for one;
// it can be tried all the same.

import { Mic } from 'lucide-react';
import { useState } from 'react';
import { isPageSource } from '../../../core/media/capturePort.ts';
import { Button } from '../../ui/Button.tsx';
import { Figure } from '../../ui/Figure.tsx';
import { keepMicrophone, keptMicrophone } from '../../ui/keptDevices.ts';
import { text } from '../../ui/texts.ts';
import { ChoiceField } from '../Field.tsx';
import { StepFrame, type StepProps } from './FirstRun.tsx';
import { stepBy } from './firstRunStore.ts';
import { type Loudness, QUIET_DB, useMicrophone } from './useMicrophone.ts';

/** Loud enough to be understood, with room for a shout. */
const SPEECH_DB = -40;
const LOUD_DB = -6;

export function MicrophoneStep({ state }: StepProps) {
  const url = state.source.next?.url ?? state.source.url;
  const isNeeded = isPageSource(url);
  const [isOn, setIsOn] = useState(isNeeded);
  const [deviceId, setDeviceId] = useState(keptMicrophone);
  const { state: heard, reason, devices, loudness } = useMicrophone(deviceId, isOn);
  function next(): void {
    if (heard === 'heard') keepMicrophone(deviceId);
    stepBy(1);
  }
  const isWithout = isNeeded && heard === 'failed';
  return (
    <StepFrame
      step="microphone"
      next={text(isWithout ? 'studio.firstRun.microphone.without' : 'studio.firstRun.next')}
      beginsHere
      onNext={next}
    >
      <p>{text(`studio.firstRun.microphone.${isNeeded ? 'needed' : 'own'}`)}</p>
      {isOn ? null : (
        <Button onClick={() => setIsOn(true)}>
          <Mic size={16} aria-hidden="true" />
          {text('studio.firstRun.microphone.try')}
        </Button>
      )}
      {heard === 'asking' ? <p role="status">{text('studio.firstRun.microphone.asking')}</p> : null}
      {reason === null ? null : (
        <p className="firstRun-note" role="status">
          {text(reason)}
        </p>
      )}
      {heard === 'heard' ? (
        <>
          <ChoiceField
            label={text('studio.firstRun.microphone.which')}
            value={devices.some(({ id }) => id === deviceId) ? deviceId : ''}
            choices={[
              ['', text('studio.firstRun.microphone.any')],
              ...devices
                .filter(({ id }) => id !== '')
                .map(({ id, title }) => [id, title || id] as const),
            ]}
            onValue={setDeviceId}
          />
          <Meter loudness={loudness} />
        </>
      ) : null}
    </StepFrame>
  );
}

function wordsOf({ peakDb }: Loudness) {
  if (peakDb >= LOUD_DB) return 'studio.firstRun.microphone.loud';
  return peakDb >= SPEECH_DB
    ? 'studio.firstRun.microphone.good'
    : 'studio.firstRun.microphone.quiet';
}

const share = (db: number) => `${(100 * (db - QUIET_DB)) / -QUIET_DB}%`;

function Meter({ loudness }: { loudness: Loudness }) {
  const { peakDb, meanDb } = loudness;
  const words = text(wordsOf(loudness));
  return (
    <div className="loudness">
      {/* biome-ignore lint/a11y/useSemanticElements: a <meter> has no peak beside its value. */}
      <div
        className="loudness-track"
        role="meter"
        aria-label={text('studio.firstRun.microphone.level')}
        aria-valuemin={QUIET_DB}
        aria-valuemax={0}
        aria-valuenow={peakDb}
        aria-valuetext={`${peakDb} dB · ${words}`}
      >
        <span className="loudness-mean" style={{ width: share(meanDb) }} />
        <span className="loudness-peak" style={{ left: share(peakDb) }} />
      </div>
      <Figure charactersMin={8}>{peakDb.toFixed(1)} dB</Figure>
      <p className="firstRun-note">{words}</p>
    </div>
  );
}
