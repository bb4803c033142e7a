// The pages for a test, as they are shipped: built once by whoever finds them older than the tree,
// so that no test looks at an old build and none builds for itself. Nobody may write into them.

import { join } from 'node:path';
import type { PageName } from '../../renderer/vite.config.ts';
import { buildIfStale } from '../../scripts/build.ts';

const repository = join(import.meta.dirname, '../..');

/** @returns the folder with the page's index.html */
export async function builtPage(page: PageName): Promise<string> {
  await buildIfStale({ force: false, say: () => {} });
  return join(repository, 'out/renderer', page);
}
