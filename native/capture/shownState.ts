// What a person is told of the picture: the source on air, whether a still stands in its place, and
// what is about to take over. A source that knows better, that it reconnects or why it failed, has
// said so and is not contradicted.

import type { SourceState } from '../../core/contract/state.ts';

export const NOTHING_SELECTED: SourceState = {
  url: '',
  title: '',
  state: 'ready',
  reason: 'No source is selected',
  width: 0,
  height: 0,
  framesPerSecond: 0,
  hasSound: false,
};

/** The state of the whole, of what its parts said. */
export function shownState(parts: {
  onAir: SourceState | null;
  next: SourceState | null;
  slate: { isOn(): boolean; isShown(): boolean };
  systemSound: { isLive: boolean; reason: string } | null;
}): SourceState {
  const { onAir, next, slate, systemSound } = parts;
  const state: SourceState = { ...(onAir ?? NOTHING_SELECTED) };
  if (systemSound) state.systemSound = systemSound;
  if (onAir?.playback?.isPaused) state.isSlate = true;
  if (onAir && slate.isOn()) {
    if (slate.isShown()) state.isSlate = true;
    if (state.state === 'live') state.state = 'stalled';
    if (state.reason === '') state.reason = `${state.title} gives no picture`;
  }
  if (!next) return state;
  const { url, title, state: name, reason } = next;
  return { ...state, next: { url, title, state: name, reason } };
}

/** What is to take over and still may, or null: a page of its own may have to be opened. */
export function awaitedSource({ next }: SourceState): string | null {
  return next && next.state !== 'failed' ? next.url : null;
}
