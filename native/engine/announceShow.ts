// Tells viewers and the relay what the show itself is like, out of what its rooms say.

import type { HandoverView, SourceState, StudioState } from '../../core/contract/state.ts';
import type { Audience } from '../audience/audience.ts';
import type { EngineConfiguration } from './configuration.ts';
import type { ShowPart } from './show.ts';

export function announceShow(rooms: {
  audience: Pick<Audience, 'setShow'>;
  configuration: Pick<EngineConfiguration, 'videoClockOffset'>;
  store: { state(): Pick<StudioState, 'recording'> };
  show: { view(): ShowPart };
  handover: { view(): HandoverView };
  capture: { state(): SourceState };
}): void {
  const { state, title, liveSinceUs, isEncrypted = false } = rooms.show.view();
  const { whepUrl: url, state: handover } = rooms.handover.view();
  const source = rooms.capture.state();
  rooms.audience.setShow({
    ...{ state, title, liveSinceUs, isEncrypted },
    videoClockOffset: rooms.configuration.videoClockOffset,
    media: { url, isMoved: handover === 'moved' },
    // A picture that somebody paused is not one that failed.
    slate: source.isSlate ? `${source.playback?.isPaused ? '⏸ ' : ''}${source.title}` : '',
    hasTelevision: rooms.store.state().recording.settings.television,
  });
}
