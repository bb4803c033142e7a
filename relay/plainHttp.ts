// Where the relay may speak plain HTTP: on this machine; with a warning on private networks; never
// on public addresses, where everybody on the way could read a viewer's bets and change its page. A
// proxy that speaks TLS for us is named by a public URL of https.

import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { BadRelaySetting } from './badRelaySetting.ts';

/** Not reachable from everywhere (IANA special-purpose address registries, RFC 6890). */
const NOT_PUBLIC = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['240.0.0.0', 4],
] as const) {
  NOT_PUBLIC.addSubnet(address, prefix, 'ipv4');
}
for (const [address, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['2001:db8::', 32],
] as const) {
  NOT_PUBLIC.addSubnet(address, prefix, 'ipv6');
}

/** Names that no public name server knows (RFC 6762, RFC 8375, RFC 6761, ICANN's .internal). */
const PRIVATE_NAME = /(^|\.)(localhost|local|lan|internal|home\.arpa|test)$|^[^.]+$/i;

export const PLAIN_WARNING =
  'Plain HTTP on a private network: everybody on it can read and change what viewers see and ' +
  'bet, and browsers withhold what needs a secure page: playing where UDP is blocked, installing ' +
  'the page, the clipboard. A certificate ends this.';

/** True for an IP address that can be reached from everywhere. */
export function isPublicAddress(address: string): boolean {
  const [plain = ''] = address.replace(/^\[|\]$/g, '').split('%');
  const version = isIP(plain);
  return version !== 0 && !NOT_PUBLIC.check(plain, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The warning for a relay without a certificate, or null where none is due.
 *
 * @param addresses this machine's own, for a host that means all of them
 * @throws BadRelaySetting where plain HTTP would be public
 */
export function plainHttpWarning(
  { host, publicUrl }: { host: string; publicUrl: string | null },
  addresses: readonly string[] = ownAddresses(),
): string | null {
  const outside = publicUrl === null ? null : new URL(publicUrl);
  // Somebody in front speaks TLS; what lies between is that person's own network.
  if (outside?.protocol === 'https:') return null;
  const fix =
    'give a certificate and its key, or let a proxy speak TLS and name its https:// address as public';
  if (outside !== null && isPublicName(outside.hostname)) {
    const message = `${outside.origin} would be plain HTTP on a public address; ${fix}.`;
    throw new BadRelaySetting('publicUrl', message);
  }
  const open = addresses.find((address) => listensOn(host, address) && isPublicAddress(address));
  if (isPublicAddress(host) || open !== undefined) {
    const message = `${open ?? host} is a public address and HTTP there would be plain; ${fix}.`;
    throw new BadRelaySetting('host', message);
  }
  const isLoopback = isLoopbackHost(host) && (outside === null || isLoopbackHost(outside.hostname));
  return isLoopback ? null : PLAIN_WARNING;
}

function isPublicName(name: string): boolean {
  const address = name.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? !PRIVATE_NAME.test(name) : isPublicAddress(address);
}

function isLoopbackHost(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host);
}

function listensOn(host: string, address: string): boolean {
  return host === '::' || (host === '0.0.0.0' && isIP(address) === 4);
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  );
}
