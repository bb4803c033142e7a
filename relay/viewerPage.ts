// Serves the built viewer page from one folder and nothing outside it. Names come from the network:
// a path is looked up only when each of its parts is a plain file name, and what a link inside the
// folder points to must lie inside too.

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { isCompressible } from '../core/base/contentCoding.ts';
import { isId } from '../core/wire/signing.ts';
import type { CompressedFiles } from './compressedFiles.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** Plain names only: no dot files, no separators, no drive letters, no encoded surprises. */
const NAME_PATTERN = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
/** Vite writes `name-hash.ext` below assets/: those never change under their name. */
const HASHED_PATTERN = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/**
 * Which file of the page a path names, relative to its folder; null when it is none. `/s/{channel}`
 * is the page itself; its files are found beside it, with and without the leading `/s`.
 */
export function pageFileOf(path: string): string | null {
  const parts = path.split('/').slice(1);
  if (parts[0] === 's') parts.shift();
  const [only, ...others] = parts;
  if (path.startsWith('/s/') && only !== undefined && others.length === 0 && isId(only)) {
    return 'index.html';
  }
  if (parts.length === 0 || parts.length > 4) return null;
  if (!parts.every((part) => NAME_PATTERN.test(part))) return null;
  const file = parts.join('/');
  return CONTENT_TYPES[extname(file)] ? file : null;
}

/** As pageFileOf, for `/check/`, `/crew/` and `/overlay/{channel}` and their files beside them. */
export function besideFileOf(path: string): string | null {
  const parts = path.split('/').slice(2);
  const [only, ...others] = parts;
  if (others.length === 0 && only !== undefined && isId(only)) return 'index.html';
  return pageFileOf(`/${parts.join('/')}`);
}

/** Sends a file of the page. False when there is none: nothing was sent then. */
export async function sendPageFile(
  response: ServerResponse,
  options: {
    folder: string;
    file: string;
    withBody: boolean;
    compressed: CompressedFiles;
    acceptEncoding: string | undefined;
  },
): Promise<boolean> {
  const path = await insideOf(options.folder, options.file);
  if (path === null) return false;
  const facts = await stat(path);
  const small = options.compressed.find(path, facts, options.acceptEncoding);
  const isHashed = options.file.startsWith('assets/') && HASHED_PATTERN.test(options.file);
  response.writeHead(200, {
    'Content-Type': CONTENT_TYPES[extname(options.file)] ?? 'application/octet-stream',
    'Content-Length': small?.bytes.length ?? facts.size,
    ...(small ? { 'Content-Encoding': small.coding } : {}),
    ...(isCompressible(path) ? { Vary: 'Accept-Encoding' } : {}),
    'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (small || !options.withBody || facts.size === 0) {
    response.end(options.withBody ? small?.bytes : undefined);
    return true;
  }
  // Never more than was promised: a file that grows meanwhile would be taken for the next answer.
  const stream = createReadStream(path, { end: facts.size - 1 });
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
  return true;
}

async function insideOf(folder: string, file: string): Promise<string | null> {
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, file));
    const isInside = path.startsWith(root + sep);
    return isInside && (await stat(path)).isFile() ? path : null;
  } catch {
    return null;
  }
}
