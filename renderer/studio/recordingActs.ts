// What is asked of the recording, from its dock, by a key or from the palette.

import { text } from '../ui/texts.ts';
import { ask, say, studio, usePage } from './store.ts';

const CLIP_SECONDS = 30;

const recording = () => usePage.getState().state?.recording;

export async function toggleRecording(): Promise<void> {
  const isOn = recording()?.state === 'recording';
  await ask(isOn ? studio.recording.stop({}) : studio.recording.start({}));
}

export async function toggleWhileLive(): Promise<void> {
  const settings = recording()?.settings;
  if (settings === undefined) return;
  const changed = { ...settings, whileLive: !settings.whileLive };
  await ask(studio.recording.configure({ settings: changed }));
}

/** Keeps the last seconds as a clip, and says its name. */
export async function saveLastSeconds(): Promise<void> {
  const title = text('studio.recording.clipTitle');
  const clip = studio.recording.saveClip({ seconds: CLIP_SECONDS, title });
  if (!(await ask(clip))) return;
  say(text('studio.recording.clipSaved', { name: (await clip).name }), '');
}
