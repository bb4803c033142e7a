// Builds one page for a test, into a folder of the test's own, so that a test looks at the tree as
// it is and never at an old build.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { type PageName, pageConfig } from '../../renderer/vite.config.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** @returns the folder with index.html; the caller removes it */
export async function buildPage(page: PageName): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `morphine-${page}-`));
  const config = pageConfig(page, repository);
  await build({ ...config, build: { ...config.build, outDir: folder } });
  return folder;
}
