// The models of this studio for its page: the shelf on disk, what vision says of those in use, and
// the CUDA files. Long work runs on after its call has been answered; the page asks how far it is.

import { join } from 'node:path';
import type { Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { ModelShelf } from '../../core/contract/modelCards.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { VisionClient, VisionStatus } from '../vision/client.ts';
import { createCudaInstaller } from '../vision/models/cudaFiles.ts';
import { ModelStore, ModelStoreError } from '../vision/models/store.ts';

export type ModelShelfRoom = {
  list(): Promise<ModelShelf>;
  accept(id: string): Promise<void>;
  /** Begins; the list tells how far it is and what went wrong. */
  download(id: string): Promise<void>;
  stop(id: string): void;
  import(path: string, json: string): Promise<{ id: string }>;
  remove(id: string): Promise<void>;
  /** Has everything looked for and tried again, also what was given up. */
  retry(): void;
  installCuda(): void;
  close(): void;
};

export function createModelShelf(options: {
  vision: VisionClient;
  dataFolder: string;
  folders: readonly string[];
  shippedFolder: string;
  fetch: typeof fetch;
  timers: Timers;
  logger: Logger;
}): ModelShelfRoom {
  const { vision, logger } = options;
  let status: VisionStatus | null = null;
  vision.onStatus((next) => {
    status = next;
  });
  const store = new ModelStore({
    ...options,
    folder: join(options.dataFolder, 'models'),
    onChange: () => vision.modelsChanged(),
  });
  const cuda = createCudaInstaller({ platform: process.platform, architecture: process.arch });
  return {
    async list() {
      const { models, notOurs } = await store.list();
      const running = status?.models ?? [];
      const decoder = status?.decoder ?? { name: '', reason: '' };
      return { models, notOurs, running, decoder, cuda: cuda.state() };
    },
    accept: (id) => refusable(() => store.accept(id)),
    async download(id) {
      const { models } = await store.list();
      const card = models.find((one) => one.id === id);
      if (!card) throw new RpcError('notFound', `There is no model "${id}".`);
      if (!card.isAccepted) {
        throw new RpcError('refused', `Accept the licence of "${id}" first: ${card.licence}.`);
      }
      if (card.url === '') throw new RpcError('refused', card.reason);
      store.download(id).catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        logger.warn('model not downloaded', { model: id, reason });
      });
    },
    stop: (id) => store.stop(id),
    import: (path, json) =>
      refusable(async () => {
        let entry: unknown = {};
        try {
          if (json.trim() !== '') entry = JSON.parse(json);
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new ModelStoreError(`manifest: expected JSON: ${why}`);
        }
        return { id: await store.import(path, entry) };
      }),
    remove: (id) => refusable(() => store.remove(id)),
    retry: () => vision.modelsChanged(),
    installCuda() {
      const { state, reason } = cuda.state();
      if (state === 'no') throw new RpcError('refused', reason);
      void cuda.install((line) => logger.info('CUDA files', { line }));
    },
    close: () => store.close(),
  };
}

async function refusable<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof ModelStoreError) throw new RpcError('refused', cause.message);
    throw cause;
  }
}
