// How the relay is reached: over loopback when it runs here, over every interface otherwise.

import type { PeerOptions } from '../webrtc/peer.ts';
import type { EngineConfiguration } from './configuration.ts';

/** Whether the relay runs on this machine, reached over loopback. */
export function isRelayHere({ relayUrl }: EngineConfiguration): boolean {
  const { hostname } = new URL(relayUrl);
  return hostname === '127.0.0.1' || hostname === 'localhost';
}

/** A relay on this machine is reached over loopback alone; another one over every interface. */
export function peerOptionsOf(configuration: EngineConfiguration): PeerOptions {
  return {
    // A TURN server without a password is for viewers: the relay makes their credentials.
    iceServers: configuration.iceServers.filter((text) => /^stun:|^turn:.*@/.test(text)),
    ...(isRelayHere(configuration) ? { bindAddress: '127.0.0.1' } : {}),
  };
}
