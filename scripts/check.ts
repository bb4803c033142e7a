// `npm run check`: types, lint, format and the tidy test. Changes nothing.

import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const steps: [string, string[]][] = [
  ['types', [resolve(root, 'node_modules/typescript/bin/tsc'), '-b']],
  ['lint and format', [resolve(root, 'node_modules/@biomejs/biome/bin/biome'), 'check', '.']],
  ['tidy', ['--test', resolve(root, 'tests/tidy.test.ts')]],
];

let isFine = true;
for (const [name, args] of steps) {
  process.stdout.write(`${name}\n`);
  if (spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0) {
    isFine = false;
    process.stdout.write(`${name}: failed\n`);
  }
}
process.exit(isFine ? 0 : 1);
