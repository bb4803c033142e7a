// The page's files as they go over the wire: compressed once per version and kept. A link that
// goes round makes hundreds of people ask for the same half megabyte in one minute. It never holds
// more than its bound, and while a file is being compressed it is sent as it is, so that nobody
// waits.

import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import {
  type ContentCoding,
  contentCodingFor,
  isCompressible,
} from '../core/base/contentCoding.ts';

const compress = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 9,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }),
};

/** Smaller files fit one packet anyway. */
const BYTES_MIN = 1024;
/** The built page is 0.5 MB; larger files are none of it and are streamed as they are. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

export type Compressed = { coding: Exclude<ContentCoding, 'identity'>; bytes: Buffer };

export class CompressedFiles {
  /** By path, version and coding; null while it is made or when it would not be smaller. */
  readonly #kept = new Map<string, Buffer | null>();
  #keptBytes = 0;

  /** The file in a coding that the client takes, or null: then it is sent as it is. */
  find(
    path: string,
    file: { size: number; mtimeMs: number },
    acceptEncoding: string | undefined,
  ): Compressed | null {
    if (!isCompressible(path) || file.size < BYTES_MIN || file.size > FILE_BYTES_MAX) return null;
    const coding = contentCodingFor(acceptEncoding);
    if (coding === 'identity') return null;
    const key = `${coding} ${file.mtimeMs} ${file.size} ${path}`;
    const bytes = this.#kept.get(key);
    if (bytes === undefined) void this.#make(key, path, coding);
    return bytes ? { coding, bytes } : null;
  }

  /** Compresses a built page before anybody asks. A folder that is not there is none to prepare. */
  async prepare(folder: string): Promise<void> {
    const entries = await readdir(folder, { recursive: true }).catch(() => []);
    for (const name of entries.filter(isCompressible)) {
      try {
        const path = await realpath(join(folder, name));
        const facts = await stat(path);
        if (facts.isFile()) for (const coding of ['br', 'gzip']) this.find(path, facts, coding);
      } catch {
        // A file that went away meanwhile is not asked for either.
      }
    }
  }

  async #make(key: string, path: string, coding: Compressed['coding']): Promise<void> {
    this.#kept.set(key, null);
    try {
      const plain = await readFile(path);
      const bytes = await compress[coding](plain);
      if (bytes.length >= plain.length) return;
      this.#makeRoom(bytes.length);
      this.#kept.set(key, bytes);
      this.#keptBytes += bytes.length;
    } catch {
      // A file that is being replaced; whoever asks next begins again.
      this.#kept.delete(key);
    }
  }

  /** A new build brings new names: everything old goes at once. */
  #makeRoom(length: number): void {
    if (this.#keptBytes + length <= KEPT_BYTES_MAX) return;
    this.#kept.clear();
    this.#keptBytes = 0;
  }
}
