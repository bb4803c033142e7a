// The mixer: a strip for each sound that viewers hear or could hear. Levels paint themselves; what
// React draws changes only when a knob is turned.

import { Volume2, VolumeX } from 'lucide-react';
import { useEffect, useState } from 'react';
import {
  CEILING_DB,
  FIRST_SOUND_SETTINGS,
  GAIN_DB,
  SOUND_DELAY_MS_MAX,
  type SoundSettings,
  type SoundStrip,
} from '../../../core/contract/mixer.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { text } from '../../ui/texts.ts';
import { Said } from '../Secret.tsx';
import { useVeil } from '../streamerMode.ts';
import { LevelMeter } from './LevelMeter.tsx';
import { NumberField } from './NumberField.tsx';
import { setSound, titleOf, toggleMute } from './soundActs.ts';
import './mixer.css';

export function Mixer({ state }: { state: StudioState }) {
  const strips = state.mixer?.strips ?? [];
  if (strips.length === 0) {
    return (
      <div className="dockPart">
        <p className="mixer-none">
          <strong>{text('studio.mixer.none')}</strong> {text('studio.mixer.noneWhat')}
        </p>
      </div>
    );
  }
  return (
    <ul className="mixer">
      {strips.map((strip) => (
        <Strip key={strip.key} strip={strip} />
      ))}
    </ul>
  );
}

type PartProps = { strip: SoundStrip; name: string };

function Strip({ strip }: { strip: SoundStrip }) {
  const veil = useVeil();
  const name = veil(titleOf(strip));
  const { settings, isHeard, isPacketsOnly, reason } = strip;
  const { isMuted } = settings;
  return (
    <li className="mixerStrip" data-heard={isHeard} data-muted={isMuted}>
      <div className="mixerStrip-head">
        <span className="mixerStrip-title">{name}</span>
        {isMuted ? <span className="mixerStrip-muted">{text('studio.mixer.muted')}</span> : null}
      </div>
      <LevelMeter name={name} level={strip.key} isQuiet={isMuted || !isHeard} />
      <div className="mixerStrip-knobs">
        <IconButton
          size="dense"
          name={text('studio.mixer.mute', { title: name })}
          aria-pressed={isMuted}
          onClick={() => toggleMute(strip)}
        >
          {isMuted ? (
            <VolumeX size={16} aria-hidden="true" />
          ) : (
            <Volume2 size={16} aria-hidden="true" />
          )}
        </IconButton>
        <Gain strip={strip} name={name} />
      </div>
      {isHeard ? null : <p className="mixerStrip-note">{text('studio.mixer.replaced')}</p>}
      {isPacketsOnly ? <p className="mixerStrip-note">{text('studio.mixer.packetsOnly')}</p> : null}
      {reason === '' ? null : (
        <p className="mixerStrip-note mixerStrip-trouble">
          {isPacketsOnly ? null : `${text('studio.mixer.trouble')} `}
          <Said>{reason}</Said>
        </p>
      )}
      <More strip={strip} name={name} />
    </li>
  );
}

/** The fader follows the hand at once, and the studio as soon as the hand rests. */
function Gain({ strip, name }: PartProps) {
  const { settings, isPacketsOnly } = strip;
  const [gainDb, setGainDb] = useState(settings.gainDb);
  useEffect(() => setGainDb(settings.gainDb), [settings.gainDb]);
  const set = (wanted: number) => {
    setGainDb(wanted);
    setSound(strip, { ...settings, gainDb: wanted });
  };
  const { least, most } = GAIN_DB;
  return (
    <>
      <input
        className="mixerStrip-fader"
        type="range"
        min={least}
        max={most}
        step={0.5}
        value={gainDb}
        disabled={isPacketsOnly}
        aria-label={text('studio.mixer.gain', { title: name })}
        aria-valuetext={text('studio.mixer.gainValue', { gain: gainDb })}
        onChange={({ target }) => set(Number(target.value))}
        onDoubleClick={() => set(0)}
      />
      <NumberField
        label={text('studio.mixer.gainExact', { title: name })}
        {...{ value: gainDb, least, most, disabled: isPacketsOnly, onNumber: set }}
        fault={text('studio.mixer.gainFault', { least, most })}
      />
      <span className="mixerStrip-unit" aria-hidden="true">
        dB
      </span>
    </>
  );
}

function More({ strip, name }: PartProps) {
  const { settings, isPacketsOnly } = strip;
  const { delayMs, limiter } = settings;
  const set = (changes: Partial<SoundSettings>) => setSound(strip, { ...settings, ...changes });
  const { least, most } = CEILING_DB;
  return (
    <details className="mixerMore">
      <summary aria-label={text('studio.mixer.moreNamed', { title: name })}>
        {text('studio.mixer.more')}
        {delayMs > 0 || limiter.isOn ? <span className="mixerMore-on" aria-hidden="true" /> : null}
      </summary>
      <div className="mixerMore-fields">
        <NumberField
          label={text('studio.mixer.delay')}
          {...{ value: delayMs, least: 0, most: SOUND_DELAY_MS_MAX, isWhole: true }}
          fault={text('studio.mixer.delayFault', { most: SOUND_DELAY_MS_MAX })}
          onNumber={(value) => set({ delayMs: value })}
        />
        <NumberField
          label={text('studio.mixer.ceiling')}
          {...{ value: limiter.ceilingDb, least, most, disabled: isPacketsOnly }}
          fault={text('studio.mixer.ceilingFault', { least, most })}
          onNumber={(ceilingDb) => set({ limiter: { ...limiter, ceilingDb } })}
        />
        <button
          type="button"
          role="switch"
          className="switch"
          aria-checked={limiter.isOn}
          disabled={isPacketsOnly}
          onClick={() => set({ limiter: { ...limiter, isOn: !limiter.isOn } })}
        >
          <span className="switch-track" aria-hidden="true" />
          {text('studio.mixer.limiter')}
        </button>
        <Button size="dense" look="quiet" onClick={() => set(FIRST_SOUND_SETTINGS)}>
          {text('studio.mixer.reset')}
        </Button>
      </div>
    </details>
  );
}
