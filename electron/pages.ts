// Serves the built pages inside the app under `app://morphine`, with a policy that lets them run
// their own scripts and reach nothing but the relay's media. Never file://, never a remote page.

import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { protocol } from 'electron';
import { PAGE_ORIGIN, PAGE_SCHEME } from './addresses.ts';

/** Scripts, styles and fonts of our own only; WebRTC needs no connect-src. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob: mediastream:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Must run before the app is ready. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: PAGE_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ]);
}

/** Pages beside the studio, each in its folder. */
const OTHER_PAGES = ['capture', 'about'] as const;

/** Answers page requests: `/` is the studio, `/capture/` the capture page, `/about/` About. */
export function servePages(pageFolder: string): void {
  protocol.handle(PAGE_SCHEME, async (request) => {
    const path = pagePathOf(pageFolder, request.url);
    if (path === undefined || request.method !== 'GET')
      return new Response('Not found', { status: 404 });
    try {
      const body = await readFile(path);
      return new Response(new Uint8Array(body), {
        headers: {
          'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
          'Content-Security-Policy': PAGE_POLICY,
          'X-Content-Type-Options': 'nosniff',
          'Referrer-Policy': 'no-referrer',
        },
      });
    } catch {
      return new Response('Not found', { status: 404 });
    }
  });
}

/** The file behind a page address, or undefined when it would lie outside the page folder. */
export function pagePathOf(pageFolder: string, url: string): string | undefined {
  const address = new URL(url);
  if (`${address.protocol}//${address.host}` !== PAGE_ORIGIN) return undefined;
  let pathname: string;
  try {
    pathname = decodeURIComponent(address.pathname);
  } catch {
    return undefined;
  }
  const other = OTHER_PAGES.find(
    (name) => pathname === `/${name}` || pathname.startsWith(`/${name}/`),
  );
  const inside = other ? pathname.slice(`/${other}`.length) : pathname;
  const folder = join(pageFolder, other ?? 'studio');
  const path = normalize(join(folder, inside === '' || inside === '/' ? 'index.html' : inside));
  return path.startsWith(folder + sep) && !path.includes('\0') ? path : undefined;
}
