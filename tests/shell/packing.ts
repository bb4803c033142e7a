// electron-builder's configuration as its own parser reads it. js-yaml, ajv and the file matcher
// come with electron-builder, so that what is tested is what packs.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../harness/studio.ts';

/** As electron-builder itself resolves its parts. */
export const builderRequire = createRequire(
  join(root, 'node_modules/app-builder-lib/package.json'),
);

export type Packing = Record<string, unknown> & {
  files: string[];
  asarUnpack: string[];
  electronFuses: Record<string, boolean>;
};

export function readPacking(): Packing {
  const { load } = builderRequire('js-yaml') as { load(text: string): unknown };
  return load(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as Packing;
}
