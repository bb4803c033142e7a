// A microphone while somebody tries it: how loud it is, as peak and mean of the last moments, in
// decibels below full scale. Nothing of it is kept or sent.

import { useEffect, useState } from 'react';
import type { TextKey } from '../../ui/texts.ts';
import { letGo } from './useCameras.ts';

/** As quiet as the meter shows. */
export const QUIET_DB = -60;
/** Four figures a second: readable, and a screen reader can follow. */
const FIGURE_MS = 250;

export type Loudness = { peakDb: number; meanDb: number };

export type Microphone = {
  state: 'off' | 'asking' | 'heard' | 'failed';
  reason: TextKey | null;
  devices: readonly { id: string; title: string }[];
  loudness: Loudness;
};

const SILENT: Loudness = { peakDb: QUIET_DB, meanDb: QUIET_DB };
const OFF: Microphone = { state: 'off', reason: null, devices: [], loudness: SILENT };

/** @param deviceId empty: whichever there is. @param isOn opened only then */
export function useMicrophone(deviceId: string, isOn: boolean): Microphone {
  const [view, setView] = useState<Microphone>(OFF);
  useEffect(() => {
    if (!isOn) return;
    let close = () => {};
    let isOver = false;
    setView((before) => ({ ...before, state: 'asking', reason: null }));
    openMicrophone(deviceId, (loudness) => {
      if (!isOver) setView((before) => ({ ...before, loudness }));
    }).then(
      (opened) => {
        if (isOver) opened.close();
        else {
          close = opened.close;
          setView({ state: 'heard', reason: null, devices: opened.devices, loudness: SILENT });
        }
      },
      (cause: unknown) => {
        if (!isOver) setView({ ...OFF, state: 'failed', reason: reasonOf(cause) });
      },
    );
    return () => {
      isOver = true;
      close();
    };
  }, [deviceId, isOn]);
  return view;
}

async function openMicrophone(deviceId: string, onLoudness: (loudness: Loudness) => void) {
  const exact = deviceId === '' ? {} : { deviceId: { ideal: deviceId } };
  const audio = { ...exact, echoCancellation: false, noiseSuppression: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const all = await navigator.mediaDevices.enumerateDevices();
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const every = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLoudness(loudnessOf(samples));
  }, FIGURE_MS);
  return {
    devices: all
      .filter(({ kind }) => kind === 'audioinput')
      .map(({ deviceId: id, label }) => ({ id, title: label })),
    close() {
      clearInterval(every);
      letGo(stream);
      void context.close();
    },
  };
}

/** Of full scale; never below what the meter shows. */
export function loudnessOf(samples: ArrayLike<number>): Loudness {
  let peak = 0;
  let squares = 0;
  for (let at = 0; at < samples.length; at++) {
    const value = Math.abs(samples[at] ?? 0);
    peak = Math.max(peak, value);
    squares += value * value;
  }
  const mean = Math.sqrt(squares / Math.max(1, samples.length));
  return { peakDb: decibels(peak), meanDb: decibels(mean) };
}

function decibels(value: number): number {
  if (value <= 0) return QUIET_DB;
  return Math.max(QUIET_DB, Math.min(0, Math.round(20 * Math.log10(value) * 10) / 10));
}

function reasonOf(cause: unknown): TextKey {
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'NotAllowedError') return 'studio.firstRun.microphone.refused';
  if (name === 'NotFoundError') return 'studio.firstRun.microphone.none';
  return 'studio.firstRun.microphone.busy';
}
