// What a person does to a sound, from the dock or by a key. A knob that is being turned asks for
// one value at a time, the newest when the one before was answered; when it rests, the way back is
// remembered once.

import type { SoundSettings, SoundStrip } from '../../../core/contract/mixer.ts';
import { SYSTEM_SOUND_KEY } from '../../../core/contract/mixer.ts';
import { text } from '../../ui/texts.ts';
import { ask, studio, usePage } from '../store.ts';
import { rememberUndo } from '../undo.ts';

/** A knob that was not turned for so long rests. */
const RESTS_MS = 800;

type Turn = {
  wanted: SoundSettings | null;
  before: SoundSettings;
  turnedMs: number;
  isAsking: boolean;
};
const turns = new Map<string, Turn>();

export function titleOf({ key, title }: Pick<SoundStrip, 'key' | 'title'>): string {
  return key === SYSTEM_SOUND_KEY ? text('studio.mixer.system') : title;
}

/** Sets it; several in quick succession are one act to take back. */
export function setSound(strip: SoundStrip, settings: SoundSettings): void {
  const { key, settings: before } = strip;
  const nowMs = performance.now();
  const known = turns.get(key);
  const isNew = known === undefined || nowMs - known.turnedMs > RESTS_MS;
  const turn: Turn = isNew
    ? { wanted: null, before, turnedMs: nowMs, isAsking: known?.isAsking ?? false }
    : known;
  turn.wanted = settings;
  turn.turnedMs = nowMs;
  turns.set(key, turn);
  if (isNew) {
    const undo = () => void ask(studio.mixer.set({ key, settings: turn.before }));
    rememberUndo({ title: 'studio.mixer.undo', values: { title: titleOf(strip) }, undo });
  }
  if (!turn.isAsking) void send(key);
}

async function send(key: string): Promise<void> {
  for (;;) {
    const turn = turns.get(key);
    if (turn === undefined) return;
    const settings = turn.wanted;
    if (settings === null) {
      turn.isAsking = false;
      return;
    }
    turn.wanted = null;
    turn.isAsking = true;
    await ask(studio.mixer.set({ key, settings }));
  }
}

export function toggleMute(strip: SoundStrip): void {
  setSound(strip, { ...strip.settings, isMuted: !strip.settings.isMuted });
}

/** Of what viewers hear now. */
export function toggleHeard(): void {
  const strip = usePage.getState().state?.mixer?.strips.find(({ isHeard }) => isHeard);
  if (strip) toggleMute(strip);
}
