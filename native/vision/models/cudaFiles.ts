// Gets ONNX Runtime's CUDA files by the package's own install script, which fetches them from NuGet
// and checks nothing but their names: some 200 MB, Linux x64, CUDA 12. Never run by an install of
// this program; only when a person asks. UNTRIED on a machine with such a GPU.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { cudaProviderPath } from './providersHere.ts';

export type CudaState = { state: 'no' | 'possible' | 'installing' | 'done'; reason: string };

export type CudaInstaller = {
  state(): CudaState;
  /** Starts fetching unless it is under way or done; resolves when it ends, however that is. */
  install(onLine?: (line: string) => void): Promise<void>;
};

export type CudaInstallerOptions = {
  platform: NodeJS.Platform;
  architecture: string;
  /** The file that tells that they are here, inside onnxruntime-node; found when absent. */
  providerPath?: string;
  onChange?(): void;
};

/** From the folder of the libraries, bin/napi-v6/linux/x64. */
const SCRIPT = '../../../../script/install.js';
const LINE_CHARACTERS_MAX = 300;

/** Knows whether CUDA files are here, and gets them. */
export function createCudaInstaller(options: CudaInstallerOptions): CudaInstaller {
  const { platform, architecture, onChange = () => {} } = options;
  const path = options.providerPath ?? cudaProviderPath();
  let state = firstState(path, platform, architecture);
  let running: Promise<void> | null = null;

  function change(next: CudaState): void {
    state = next;
    onChange();
  }

  async function install(onLine: (line: string) => void): Promise<void> {
    if (path === null) return;
    change({ state: 'installing', reason: '' });
    const trouble = await runScript(join(dirname(path), SCRIPT), onLine);
    const isThere = existsSync(path);
    if (isThere) change({ state: 'done', reason: 'Restart the studio, and CUDA is tried first.' });
    else {
      const reason = trouble || 'the install script ended without the files';
      change({ state: 'possible', reason: `The CUDA files did not come: ${reason}` });
    }
  }

  return {
    state: () => state,
    install(onLine = () => {}) {
      if (state.state === 'no' || state.state === 'done') return Promise.resolve();
      running ??= install(onLine).finally(() => {
        running = null;
      });
      return running;
    },
  };
}

function firstState(path: string | null, platform: string, architecture: string): CudaState {
  if (platform !== 'linux' || architecture !== 'x64') {
    const here = `${platform} ${architecture}`;
    const reason = `ONNX Runtime has CUDA files for Linux x64 only, not ${here}.`;
    return { state: 'no', reason };
  }
  if (path === null) return { state: 'no', reason: 'onnxruntime-node is not installed.' };
  return { state: existsSync(path) ? 'done' : 'possible', reason: '' };
}

/** Runs the package's script in a thread; resolves with what went wrong, empty when nothing did. */
function runScript(path: string, onLine: (line: string) => void): Promise<string> {
  return new Promise((resolve) => {
    let last = '';
    const worker = new Worker(path, {
      argv: ['--onnxruntime-node-install=cuda12'],
      stdout: true,
      stderr: true,
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
          onLine(line.slice(0, LINE_CHARACTERS_MAX));
        }
      });
    }
    worker.once('error', (cause) => {
      last = cause.message.split('\n')[0]?.slice(0, LINE_CHARACTERS_MAX) ?? '';
    });
    worker.once('exit', () => resolve(last));
  });
}
