// Is this request meant for us? Host is checked on every request, against DNS rebinding; Origin on
// every upgrade and POST, against other pages in the same browser. Also the headers that every
// answer carries. Pure.

import { isIP } from 'node:net';

/**
 * An address literal, localhost or a name that was configured. Rebinding needs a name of the
 * attacker's, so literals are safe whatever address we listen on.
 */
export function isOurHost(hostHeader: string | undefined, names: readonly string[]): boolean {
  const url = hostHeader === undefined ? null : URL.parse(`http://${hostHeader}`);
  if (url === null || url.host === '' || url.username !== '' || url.pathname !== '/') return false;
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return name === 'localhost' || isIP(name) !== 0 || names.includes(name);
}

/** The page that asks came from this very server. A missing Origin is nobody's page: refused. */
export function isOurOrigin(origin: string | undefined, hostHeader: string | undefined): boolean {
  if (origin === undefined || hostHeader === undefined) return false;
  const url = URL.parse(origin);
  const host = URL.parse(`http://${hostHeader}`);
  if (url === null || host === null) return false;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return url.host === host.host;
}

export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  return address === '::1' || address.replace(/^::ffff:/, '').startsWith('127.');
}

/** Headers of every answer. The policy allows no inline script, no frame and no other server. */
export function securityHeaders(hostHeader: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob: mediastream:",
    // Older browsers do not count ws: as 'self'.
    `connect-src 'self' ws://${hostHeader} wss://${hostHeader}`,
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'permissions-policy': 'camera=(self), microphone=(self), display-capture=(self)',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
}
