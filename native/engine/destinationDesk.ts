// The further places of this studio: which there are, kept in the data folder with their keys (mode
// 0600), and the operations on them. A key goes in and never comes out again.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { newId } from '../../core/base/ids.ts';
import { DESTINATIONS_MAX, destinationTargetSchema } from '../../core/contract/destinations.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { EngineSurroundings } from '../engine.ts';
import {
  createDestinations,
  type Destinations,
  type KeptDestination,
} from '../publish/destinations/destinations.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { StudioStateStore } from '../serve/state.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'destinations.json';
const keptSchema = z.strictObject({
  version: z.literal(1),
  list: z
    .array(
      destinationTargetSchema.extend({ id: z.string().regex(/^[\w-]{1,64}$/), isOn: z.boolean() }),
    )
    .max(DESTINATIONS_MAX),
});

export type DestinationDesk = {
  room: Destinations;
  handlers: Handlers['destinations'];
  close(): Promise<void>;
};

/** Opens the list; a damaged file means that places are named anew. */
export async function openDestinations(joined: {
  configuration: { dataFolder: string; iceServers: readonly string[] };
  around: EngineSurroundings;
  publisher: Pick<Publisher, 'openBranch'>;
  store: StudioStateStore;
  isLive(): boolean;
}): Promise<DestinationDesk> {
  const { configuration, around, publisher, store, isLive } = joined;
  const { timers, logger, ffmpeg, onHelper, random } = around;
  const path = join(configuration.dataFolder, FILE);
  const room = createDestinations({
    ...{ publisher, timers, ffmpeg, onHelper, isLive, folder: configuration.dataFolder },
    logger: logger.with({ part: 'destinations' }),
    peer: { iceServers: configuration.iceServers.filter((text) => text.startsWith('stun:')) },
    onChange: (view) => store.apply({ type: 'destinations.changed', destinations: view }),
  });
  let list = await read(path);
  room.set(list);
  async function keep(next: KeptDestination[]): Promise<void> {
    await replaceFile(path, `${JSON.stringify({ version: 1, list: next })}\n`);
    list = next;
    room.set(list);
  }
  function requireKnown(id: string): void {
    if (!list.some((one) => one.id === id))
      throw new RpcError('notFound', 'There is no such place.');
  }
  return {
    room,
    close: () => room.close(),
    handlers: {
      async add(target) {
        if (list.length >= DESTINATIONS_MAX) {
          throw new RpcError('refused', `At most ${DESTINATIONS_MAX} places; remove one first.`);
        }
        await keep([...list, { ...target, id: newId(random), isOn: true }]);
      },
      async setOn({ id, isOn }) {
        requireKnown(id);
        await keep(list.map((one) => (one.id === id ? { ...one, isOn } : one)));
      },
      async remove({ id }) {
        requireKnown(id);
        await keep(list.filter((one) => one.id !== id));
      },
    },
  };
}

async function read(path: string): Promise<KeptDestination[]> {
  try {
    return keptSchema.parse(JSON.parse(await readFile(path, 'utf8'))).list;
  } catch {
    return [];
  }
}
