// Tries the way that media would take: a connection of our own, by ICE and DTLS, to an answer as
// viewers get it. Where the answer announces outside addresses only those are tried, so the packets
// leave the machine and come back as a viewer's would.

import type { Timers } from '../../core/base/clock.ts';
import { closePeer, gatheredDescription, holdChannel, openPeer, type PeerOptions } from './peer.ts';
import { withAnnouncedAddresses, withoutCandidates } from './sdp.ts';

/** Three checks of ICE and a handshake, from the other side of the world. */
const CONNECT_MS_MAX = 5_000;
const CANDIDATE = /^a=candidate:\S+ \d \S+ \d+ (\S+) \d+ typ (\w+).*$/gm;

export type PathCheck = {
  isOpen: boolean;
  /** Addresses that viewers are told, without those of STUN and TURN. */
  addresses: string[];
};

/** Never throws: a connection that cannot be made is a path that is not open. */
export async function checkMediaPath(server: PeerOptions, timers: Timers): Promise<PathCheck> {
  const announced = server.announceAddresses ?? [];
  const near = openPeer('path-check', { iceServers: [] });
  const far = openPeer('path-answer', server);
  let addresses: string[] = [];
  try {
    holdChannel(near, near.createDataChannel('check'));
    near.setLocalDescription('offer');
    const offer = near.localDescription()?.sdp ?? '';
    far.setRemoteDescription(withoutCandidates(offer), 'offer');
    const gathered = await gatheredDescription(far, timers.after.bind(timers));
    const answer = withAnnouncedAddresses(gathered, announced);
    addresses = hostAddressesOf(answer);
    const isOpen = await new Promise<boolean>((done) => {
      const cancel = timers.after(CONNECT_MS_MAX, () => done(false));
      near.onStateChange((state) => {
        if (state !== 'connected' && state !== 'failed') return;
        cancel();
        done(state === 'connected');
      });
      near.setRemoteDescription(onlyTo(answer, announced), 'answer');
    });
    return { isOpen, addresses };
  } catch {
    return { isOpen: false, addresses };
  } finally {
    closePeer(near);
    closePeer(far);
  }
}

function hostAddressesOf(sdp: string): string[] {
  const found = new Set<string>();
  for (const [, address = '', type] of sdp.matchAll(CANDIDATE)) {
    if (type === 'host') found.add(address);
  }
  return [...found];
}

function onlyTo(sdp: string, addresses: readonly string[]): string {
  if (addresses.length === 0) return sdp;
  return sdp
    .split('\r\n')
    .filter((line) => {
      const [candidate] = line.matchAll(CANDIDATE);
      return !candidate || addresses.includes(candidate[1] ?? '');
    })
    .join('\r\n');
}
