// OBS as a room of this studio: what of it is kept in the data folder (mode 0600: its password and
// the stream key that it had before), what it is to be told, and its operations.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { IngestView } from '../../core/contract/ingest.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { EngineSurroundings } from '../engine.ts';
import { createObsRoom, type ObsKept, type ObsRoom, type ObsRoomOptions } from '../obs/obs.ts';
import { obsBeforeSchema, overlayUrlOf } from '../obs/obsSetUp.ts';
import type { StudioStateStore } from '../serve/state.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'obs.json';
const keptSchema = z.strictObject({
  version: z.literal(1),
  address: z.string().max(300),
  password: z.string().max(200),
  setUp: z.enum(['none', 'rtmp', 'whip']),
  before: obsBeforeSchema.nullable(),
});

export type ObsDesk = {
  room: ObsRoom;
  /** A link to the studio's dock that works once within a minute. */
  issueLink(): string;
  close(): void;
};

/** OBS, where its owner connected it. */
export function openObs(joined: {
  configuration: { dataFolder: string };
  around: Pick<EngineSurroundings, 'timers' | 'logger' | 'monotonicMs'>;
  store: StudioStateStore;
  ingest: { view(): IngestView };
  /** Once it stands. */
  door(): { issueLink(path: '/dock/'): string };
}): Promise<ObsDesk> {
  const { configuration, around, store, ingest } = joined;
  const { timers, logger, monotonicMs } = around;
  return openObsDesk(configuration.dataFolder, {
    ...{ timers, monotonicMs, logger: logger.with({ part: 'obs' }) },
    files: { platform: process.platform, env: process.env },
    targets: () => ({ ...ingest.view(), overlayUrl: overlayUrlOf(store.state().show.viewerUrl) }),
    issueLink: () => joined.door().issueLink('/dock/'),
    onChange: (state) => store.apply({ type: 'obs.changed', obs: state }),
  });
}

/** Opens the room with what was kept; a damaged file means that OBS is connected anew by hand. */
async function openObsDesk(
  dataFolder: string,
  options: Omit<ObsRoomOptions, 'kept' | 'keep'> & {
    issueLink(): string;
  },
): Promise<ObsDesk> {
  const path = join(dataFolder, FILE);
  let last: Promise<void> = Promise.resolve();
  const room = createObsRoom({
    ...options,
    kept: await readKept(path),
    keep(kept) {
      const write = () =>
        kept
          ? replaceFile(path, `${JSON.stringify({ version: 1, ...kept })}\n`)
          : rm(path, { force: true });
      const writing = last.then(write);
      last = writing.catch(() => {});
      return writing;
    },
  });
  return { room, issueLink: options.issueLink, close: () => room.close() };
}

async function readKept(path: string): Promise<ObsKept | null> {
  try {
    const { version: _, ...kept } = keptSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return kept;
  } catch {
    return null;
  }
}

/** The operations of OBS; `refusable` makes the contract's error of what it refuses. */
export function createObsHandlers(
  { room: obs, issueLink }: ObsDesk,
  refusable: <Result>(run: () => Promise<Result>) => Promise<Result>,
): { obs: Handlers['obs'] } {
  return {
    obs: {
      find: () => obs.find(),
      connect: ({ address, password }) => refusable(() => obs.connect(address, password)),
      disconnect: () => refusable(() => obs.disconnect()),
      setUp: () => refusable(() => obs.setUp()),
      undo: () => refusable(() => obs.undo()),
      start: () => refusable(() => obs.start()),
      stop: () => refusable(() => obs.stop()),
      showScene: ({ scene }) => refusable(() => obs.showScene(scene)),
      dockLink: () => ({ url: issueLink() }),
    },
  };
}
