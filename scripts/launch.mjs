// Runs a script of this repository on a Node that is new enough. better-sqlite3 13 needs Node-API
// 10 and crashes on Node 20; TypeScript files run as they are from Node 22.18 on. Where the running
// Node is older, the one that came as an optional dependency is used.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function runningNodeIsEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return (major > 22 || (major === 22 && minor >= 18)) && Number(process.versions.napi) >= 10;
}

function packagedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const path = join(root, 'node_modules', name, 'bin', file);
  return existsSync(path) ? path : undefined;
}

const node = runningNodeIsEnough() ? process.execPath : packagedNode();
if (!node) {
  process.stderr.write(
    `Morphine Studio needs Node 22.18 or newer; this is ${process.versions.node} and no packaged one ` +
      `exists for ${process.platform}-${process.arch}. Install Node 24 from https://nodejs.org.\n`,
  );
  process.exit(2);
}

const [script = '', ...rest] = process.argv.slice(2);
// The channel tells the child when this launcher dies, whatever killed it.
const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, script), ...rest], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() },
});
// SIGUSR2 asks a relay for one more pairing code.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
  process.on(signal, () => child.kill(signal));
}
// npm that was killed outright cannot pass that on; its scripts end when they lose their parent.
const parentPid = process.ppid;
if (process.env.npm_lifecycle_event && process.platform !== 'win32') {
  setInterval(() => {
    if (process.ppid !== parentPid) child.kill('SIGTERM');
  }, 500).unref();
}
// A program that started this with a channel (a test, a tool) takes the studio with it.
if (process.send) process.on('disconnect', () => child.kill('SIGTERM'));
child.on('error', (cause) => {
  process.stderr.write(`Cannot run ${node}: ${cause.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
