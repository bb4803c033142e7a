// Finds Electron's runtime, or fetches it with Electron's own installer. `npm ci` never does: it
// must work where only the npm registry answers.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Electron's installer downloads from. */
const RUNTIME_HOST = 'https://github.com/electron/electron/releases';
/** A host that has not answered by then keeps nobody waiting, ms. */
const ANSWER_WAIT_MS = 2_000;

/** Path of the executable, or undefined when the runtime is not here. */
export function electronRuntime(root: string): string | undefined {
  const folder = join(root, 'node_modules/electron');
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  try {
    const file = readFileSync(join(folder, 'path.txt'), 'utf8').trim();
    const path = join(override ?? join(folder, 'dist'), file);
    return existsSync(path) ? path : undefined;
  } catch {
    const path = override ? join(override, 'electron') : undefined;
    return path && existsSync(path) ? path : undefined;
  }
}

/** Fetches the runtime when its host answers within two seconds; else says why not. */
export async function fetchElectronRuntime(
  root: string,
  say: (line: string) => void,
): Promise<{ path?: string; reason: string }> {
  if (!existsSync(join(root, 'node_modules/electron/install.js'))) {
    return { reason: 'the electron package is not installed.' };
  }
  try {
    await fetch(RUNTIME_HOST, { method: 'HEAD', signal: AbortSignal.timeout(ANSWER_WAIT_MS) });
  } catch {
    return { reason: "Electron's runtime is not here and its host does not answer." };
  }
  say("Fetching Electron's runtime (about 110 MB, once) …");
  const code = await new Promise<number>((done) => {
    const child = spawn(process.execPath, [join(root, 'node_modules/electron/install.js')], {
      stdio: 'inherit',
    });
    child.once('error', () => done(1));
    child.once('exit', (exitCode) => done(exitCode ?? 1));
  });
  const path = electronRuntime(root);
  if (code === 0 && path) return { path, reason: '' };
  return { reason: `Electron's runtime could not be fetched (exit code ${code}).` };
}
