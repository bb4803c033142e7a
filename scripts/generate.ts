// Makes core/wire/gen from the .proto files with buf and protoc-gen-es, both from npm.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
execFileSync(process.execPath, [resolve(root, 'node_modules/@bufbuild/buf/bin/buf'), 'generate'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${resolve(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}` },
});
