// Builds everything that runs outside a page. One file per process, the same files under Electron
// and under plain Node; packages stay outside because the native ones cannot be bundled.

import { resolve } from 'node:path';
import { defineConfig } from 'electron-vite';

const at = (path: string) => resolve(import.meta.dirname, path);

export default defineConfig({
  main: {
    build: {
      outDir: at('out/main'),
      sourcemap: true,
      rollupOptions: {
        input: {
          electron: at('electron/main.ts'),
          headless: at('native/host/headless.ts'),
          engine: at('native/host/entries/engine.ts'),
          ledger: at('native/host/entries/ledger.ts'),
          vision: at('native/host/entries/vision.ts'),
          relay: at('relay/entry.ts'),
          witnessThread: at('relay/witness/storeThread.ts'),
          demoWorker: at('native/capture/demoWorker.ts'),
          inferenceWorker: at('native/vision/models/worker.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: at('out/preload'),
      rollupOptions: {
        input: { preload: at('electron/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
});
