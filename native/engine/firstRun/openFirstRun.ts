// Joins the first run to the rooms that know this machine: picture, vision, ledger, relay.

import type { Machine } from '../../../core/contract/firstRun.ts';
import type { EngineSurroundings } from '../../engine.ts';
import type { StudioStateStore } from '../../serve/state.ts';
import type { StudioSocket } from '../../upstream/studioSocket.ts';
import type { VisionClient, VisionStatus } from '../../vision/client.ts';
import type { EngineConfiguration } from '../configuration.ts';
import { keepTitle } from '../keptTitle.ts';
import type { PictureRoom } from '../pictureRoom.ts';
import { isRelayHere } from '../relayReach.ts';
import type { Show } from '../show.ts';
import { type FirstRunRoom, openFirstRunRoom } from './firstRunRoom.ts';

/** Opens it, as it was left. */
export function openFirstRun(joined: {
  configuration: EngineConfiguration;
  around: EngineSurroundings;
  store: StudioStateStore;
  socket: StudioSocket;
  vision: VisionClient;
  show: Show;
  pictureRoom: PictureRoom;
}): Promise<FirstRunRoom> {
  const { configuration, around, store, socket, vision, show, pictureRoom } = joined;
  const { timers, monotonicMs, onHelper, ffmpeg, random, fetch } = around;
  const logger = around.logger.with({ part: 'firstRun' });
  // What it is called here it is called at the next start as well.
  keepTitle(configuration.dataFolder, store, logger);
  let status: VisionStatus | null = null;
  vision.onStatus((next) => {
    status = next;
  });
  return openFirstRunRoom({
    ...{ configuration, logger, isLive: () => show.isLive() },
    measure: {
      ...{ timers, ffmpeg, speed: { timers, logger, monotonicMs, onHelper } },
      uplink: {
        ...{ fetch, random, monotonicMs, isRelayHere: isRelayHere(configuration) },
        whip() {
          const { whipUrl = '', whipToken = '' } = socket.registered ?? {};
          return whipUrl && whipToken ? { url: whipUrl, token: whipToken } : null;
        },
      },
      trials: () => store.state().picture.trials,
      tryEncoders: () => pictureRoom.tryEncoders(),
      vision: () => visionOf(status, store.state().vision),
      commitsPerSecond: () => store.state().ledger.commitsPerSecond,
    },
    onLive(run) {
      let wasLive = show.isLive();
      store.onAction(({ type }) => {
        if (type !== 'show.changed' || wasLive === show.isLive()) return;
        wasLive = show.isLive();
        if (wasLive) run();
      });
    },
    onChange: (firstRun) => store.apply({ type: 'firstRun.changed', firstRun }),
  });
}

function visionOf(
  status: VisionStatus | null,
  shown: { provider: string; model: string },
): Machine['vision'] {
  const running = status?.models?.find(
    ({ use, state }) => use === 'detector' && state === 'running',
  );
  return {
    provider: running?.provider ?? shown.provider,
    model: running?.id ?? shown.model,
    medianMs: running?.medianMs ?? null,
  };
}
