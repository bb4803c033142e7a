// Which relay the studio uses: its own, one that the command line names, or one that its owner
// paired it with. Pairing is kept in the data folder and takes effect when the engine starts again,
// which it asks for at once; a running show is never cut off by it. The link is tried from the
// relay's side when somebody wants to go live.

import type { Timers } from '../../core/base/clock.ts';
import type { LinkChecked } from '../../core/wire/gen/facts_pb.js';
import type { EngineSurroundings } from '../engine.ts';
import { keepPairedRelay, PairingRefused, pairWithRelay } from '../upstream/pairing.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import type { EngineConfiguration } from './configuration.ts';

/** The relay tries for five seconds each way. */
const CHECK_MS_MAX = 8_000;
/** The answer to whoever paired leaves before the engine does, ms. */
const FAREWELL_MS = 300;

export type RelayView = { url: string; isPaired: boolean; mayPair: boolean };
export type LinkView = { isReachable: boolean; sentence: string };

export type RelayRoomOptions = {
  configuration: Pick<EngineConfiguration, 'dataFolder' | 'relayUrl' | 'relayKey' | 'mayPair'>;
  around: Pick<EngineSurroundings, 'key' | 'fetch' | 'random' | 'timers' | 'restart'>;
  socket: StudioSocket;
  isLive(): boolean;
};

export type RelayRoom = {
  show(): RelayView;
  /** @throws PairingRefused */
  pair(at: { address: string; code: string }): Promise<{ url: string }>;
  /** Back to the studio's own relay. @throws PairingRefused */
  forget(): void;
  checkLink(): Promise<LinkView>;
};

export function createRelayRoom(options: RelayRoomOptions): RelayRoom {
  const { socket } = options;
  const { dataFolder, relayUrl, relayKey, mayPair } = options.configuration;
  const { key, fetch, random, timers, restart } = options.around;
  const refuseWhileLive = () => {
    if (options.isLive()) throw new PairingRefused('End the show first: its viewers are here.');
    if (mayPair) return;
    throw new PairingRefused('The command line names the relay; start without --relay flags.');
  };
  const startAgain = () => void timers.after(FAREWELL_MS, restart);
  return {
    show: () => ({ url: relayUrl, isPaired: relayKey !== null, mayPair }),
    async pair(at) {
      refuseWhileLive();
      const relay = await pairWithRelay({ ...at, key, fetch, random, timers });
      refuseWhileLive();
      keepPairedRelay(dataFolder, relay);
      startAgain();
      return { url: relay.url };
    },
    forget() {
      refuseWhileLive();
      keepPairedRelay(dataFolder, null);
      startAgain();
    },
    checkLink: () => checkLink(socket, timers),
  };
}

function checkLink(socket: StudioSocket, timers: Timers): Promise<LinkView> {
  const away = { isReachable: false, sentence: 'The relay does not answer, so there is no link.' };
  return new Promise((resolve) => {
    const finish = (view: LinkView) => {
      cancel();
      unsubscribe();
      resolve(view);
    };
    const cancel = timers.after(CHECK_MS_MAX, () => finish(away));
    const unsubscribe = socket.onLinkChecked(({ reachable, sentence }: LinkChecked) =>
      finish({ isReachable: reachable, sentence }),
    );
    if (!socket.askLinkCheck()) finish(away);
  });
}
