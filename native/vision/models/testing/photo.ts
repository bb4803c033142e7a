// Photos for tests and measurements, and where the files lie that may not be in the repository:
// weights of others, photos and labels, in a folder beside the checkout. Used by tests only.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TEST_FFMPEG_PATH } from '../../../ffmpeg/testFfmpeg.ts';
import { findModel, type Model } from '../manifest.ts';
import type { Picture } from '../picture.ts';

export const SHARED = resolve(import.meta.dirname, '../../../../../shared');
export const SHARED_MODELS = join(SHARED, 'models');
/** False where the files are; else the reason for skipping. */
export const SHARED_SKIP = existsSync(join(SHARED_MODELS, 'golden.json'))
  ? false
  : `no ${SHARED_MODELS}`;

/** A photo as full-range YUV 4:2:0, cut to even sides. */
export function readPhoto(file: string, width: number, height: number): Picture {
  const even = { width: width & ~1, height: height & ~1 };
  const filter = `crop=${even.width}:${even.height}:0:0:exact=1,format=yuvj420p`;
  const path = join(SHARED, 'media', file);
  const bytes = execFileSync(
    TEST_FFMPEG_PATH,
    ['-v', 'error', '-i', path, '-vf', filter, '-f', 'rawvideo', 'pipe:1'],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return { ...even, bytes, range: 'full', matrix: 'bt601' };
}

/** A model of that folder; throws with the reason when it cannot be used. */
export async function sharedModel(id: string): Promise<Model> {
  const found = await findModel(id, [SHARED_MODELS]);
  if ('model' in found) return found.model;
  throw new Error(found.reason);
}

export function readShared<Content>(path: string): Content {
  return JSON.parse(readFileSync(join(SHARED, path), 'utf8')) as Content;
}
