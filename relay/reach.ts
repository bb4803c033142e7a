// How viewers reach the relay's media: which address and UDP port it binds, which addresses its
// answers name, and which STUN and TURN servers stand between. One port for everybody is one hole
// in a firewall; without it every connection takes a port of its own.

import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import type { RandomBytes } from '../core/base/ids.ts';
import type { PeerOptions } from '../native/webrtc/peer.ts';
import { BadRelaySetting } from './badRelaySetting.ts';
import { type IceServers, readIceServers } from './iceServers.ts';

export type ReachOptions = {
  host: string;
  publicUrl: string | null;
  /** One UDP port for all connections; null: any free ones. */
  udpPort: number | null;
  /** Addresses that answers name as well, for a relay behind one-to-one NAT or a forwarded port. */
  announce: readonly string[];
  /** `stun:HOST:PORT`, `turn:HOST:PORT` or `turn:USER:PASSWORD@HOST:PORT`. */
  iceServers: readonly string[];
  /** Shared with the TURN servers; null without. */
  turnSecret: string | null;
  wallMs(): number;
  random: RandomBytes;
};

export type Reach = { peer: PeerOptions; iceServers: IceServers };

/** @throws BadRelaySetting for an address that is none, a taken port, a bad ICE server */
export async function openReach(options: ReachOptions): Promise<Reach> {
  const { udpPort, announce } = options;
  for (const address of announce) {
    const isUsable = isIP(address) !== 0 && address !== '0.0.0.0' && address !== '::';
    if (isUsable) continue;
    const message = `takes the IP address that others reach us by, not ${address}.`;
    throw new BadRelaySetting('announce', message);
  }
  const iceServers = readIceServers(options.iceServers, options);
  const bindAddress = mediaAddressOf(options);
  if (udpPort !== null) await tryPort(udpPort, bindAddress);
  return {
    iceServers,
    peer: {
      // A relay that was told its outside address has nobody to ask for it.
      iceServers: announce.length > 0 ? [] : iceServers.own,
      ...(bindAddress === null ? {} : { bindAddress }),
      ...(udpPort === null ? {} : { portRange: { first: udpPort, last: udpPort }, udpMux: true }),
      announceAddresses: announce,
    },
  };
}

/**
 * A relay for this machine or one address gives no other candidates. Behind a proxy on its own
 * machine it listens on loopback for HTTP, while media come past the proxy: then every interface.
 */
function mediaAddressOf({ host, publicUrl, announce }: ReachOptions): string | null {
  if (isIP(host) !== 4 || host === '0.0.0.0') return null;
  const isLoopback = host.startsWith('127.');
  const outside = publicUrl === null ? null : new URL(publicUrl).hostname;
  const isForOthers = announce.length > 0 || (outside !== null && !isLoopbackName(outside));
  return isLoopback && isForOthers ? null : host;
}

/** Of a URL's hostname. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.startsWith('127.') || name === '[::1]';
}

/** The library takes its port with the first viewer; a person wants to hear of trouble now. */
function tryPort(port: number, bindAddress: string | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(bindAddress === null ? 'udp6' : 'udp4');
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      socket.close();
      // A machine without IPv6 is no trouble of the port.
      if (code === 'EAFNOSUPPORT') resolve();
      else reject(new BadRelaySetting('udpPort', refusalOf(port, code)));
    });
    socket.bind(port, bindAddress ?? '::', () => socket.close(() => resolve()));
  });
}

function refusalOf(port: number, code: string | undefined): string {
  if (code === 'EADDRINUSE') return `${port} is in use; stop what uses it, or name another.`;
  if (code === 'EACCES') return `${port} may not be opened here; use one above 1023.`;
  return `${port} cannot be opened (${code ?? 'unknown'}); name another.`;
}
