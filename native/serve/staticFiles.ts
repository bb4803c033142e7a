// Serves the built pages of one folder. A path never leaves its folder: it is resolved first and
// compared after, links included. Assets carry a hash in their names and are kept by browsers.

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

export type StaticFile = {
  headers: Record<string, string>;
  read(): NodeJS.ReadableStream;
};

/**
 * Finds a file of a built page.
 *
 * @param path of the URL, decoded or not, beginning with '/'; '/' is index.html
 * @returns null when there is no such file or the path leads out of the folder
 */
export async function findFile(folder: string, path: string): Promise<StaticFile | null> {
  const decoded = decode(path);
  if (decoded === null || decoded.includes('\0') || decoded.includes('\\')) return null;
  try {
    const root = await realpath(folder);
    const wanted = join(root, decoded.endsWith('/') ? `${decoded}index.html` : decoded);
    const file = await realpath(wanted);
    if (!file.startsWith(root + sep)) return null;
    const facts = await stat(file);
    if (!facts.isFile()) return null;
    const hashed = decoded.startsWith('/assets/');
    return {
      headers: {
        'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
        'content-length': String(facts.size),
        'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
      read: () => createReadStream(file),
    };
  } catch {
    return null;
  }
}

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
