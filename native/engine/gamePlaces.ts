// Which game is judged and what its owner drew on the picture, for each pack: goal lines, lines,
// zones and points of the ground. Kept in the data folder. What vision could not use is refused,
// with the field and what was expected, before anything is kept.

import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type GamePlaces, type Places, placesSchema } from '../../core/contract/places.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { VisionClient } from '../vision/client.ts';
import { findPack, placesFault } from '../vision/moriarty/pack.ts';

const FILE = 'gamePlaces.json';
/** Packs whose drawings are kept. */
const KEPT_MAX = 100;
const keptSchema = z.strictObject({
  version: z.literal(1),
  /** Chosen by the owner; null: by the source. */
  pack: z.string().nullable(),
  places: z.record(z.string(), placesSchema),
});
type Kept = z.infer<typeof keptSchema>;

export type GamePlacesRoom = {
  /** Another picture: its pack, unless the owner chose one. */
  sourceChanged(packId: string): void;
  show(): Promise<GamePlaces>;
  /** Null: by the source again. */
  choosePack(packId: string | null): Promise<void>;
  /** Null takes the drawings away: the pack's own hold again. */
  setPlaces(packId: string, places: Places | null): Promise<void>;
};

export type GamePlacesOptions = {
  vision: Pick<VisionClient, 'configure'>;
  dataFolder: string;
  /** Folders with packs, the first one first. */
  packFolders: readonly string[];
};

export async function createGamePlaces(options: GamePlacesOptions): Promise<GamePlacesRoom> {
  const { vision, dataFolder, packFolders } = options;
  let kept: Kept = (await read(dataFolder)) ?? { version: 1, pack: null, places: {} };
  let bySource = '';

  const packNow = () => kept.pack ?? bySource;
  function tell(): void {
    const pack = packNow();
    if (pack !== '') vision.configure({ pack, model: null, places: kept.places[pack] ?? null });
  }
  async function keep(change: Partial<Kept>): Promise<void> {
    const changed = { ...kept, ...change };
    await mkdir(dataFolder, { recursive: true });
    const path = join(dataFolder, FILE);
    await writeFile(`${path}.tmp`, `${JSON.stringify(changed, null, 2)}\n`);
    await rename(`${path}.tmp`, path);
    kept = changed;
    tell();
  }
  async function packOf(packId: string) {
    const found = await findPack(packId, packFolders);
    if ('reason' in found) throw new RpcError('refused', found.reason);
    return found.pack;
  }

  return {
    sourceChanged(packId) {
      bySource = packId;
      tell();
    },
    async show() {
      const pack = packNow();
      const packs = await listed(packFolders);
      return { packs, pack, isChosen: kept.pack !== null, places: kept.places[pack] ?? null };
    },
    async choosePack(packId) {
      if (packId !== null) await packOf(packId);
      await keep({ pack: packId });
    },
    async setPlaces(packId, places) {
      const fault = placesFault(await packOf(packId), places ?? NOTHING);
      if (fault !== null) throw new RpcError('refused', `${fault}.`);
      const { [packId]: _, ...others } = kept.places;
      if (places !== null && Object.keys(others).length >= KEPT_MAX) {
        throw new RpcError('refused', `A studio keeps the drawings of ${KEPT_MAX} packs at most.`);
      }
      await keep({ places: places === null ? others : { ...others, [packId]: places } });
    },
  };
}

const NOTHING: Places = { goalLines: null, lines: null, zones: null, calibration: null };

/** Every pack that can be read, by its id; the same id in a later folder is hidden by the first. */
async function listed(folders: readonly string[]): Promise<GamePlaces['packs']> {
  const names = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  const ids = new Set(names.flat().flatMap((name) => /^(.+)\.json$/.exec(name)?.[1] ?? []));
  const found = await Promise.all([...ids].sort().map((id) => findPack(id, folders)));
  return found.flatMap((one) =>
    'pack' in one ? [{ id: one.pack.id, title: one.pack.title }] : [],
  );
}

/** Null when there is none; a damaged file is replaced by what is drawn next. */
async function read(dataFolder: string): Promise<Kept | null> {
  try {
    const found = keptSchema.safeParse(JSON.parse(await readFile(join(dataFolder, FILE), 'utf8')));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}
