// Which game is judged and what its owner drew on the picture, for each pack: goal lines, lines,
// zones and points of the ground. Kept in the data folder. What vision could not use is refused,
// with the field and what was expected, before anything is kept.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type CourtProposal,
  type GamePlaces,
  type Places,
  placesSchema,
  ZONES_MAX,
  type Zone,
} from '../../core/contract/places.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { VisionClient } from '../vision/client.ts';
import { findPack, type Pack, placesFault } from '../vision/moriarty/pack.ts';
import { replaceFile } from './replaceFile.ts';

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
  /** Adds a zone; with `instead` it takes the place of the one that is called so. */
  putZone(packId: string, zone: Zone, instead: string | null): Promise<void>;
  removeZone(packId: string, subject: string): Promise<void>;
  /** Four corners: far left, far right, near right, near left. */
  calibrate(packId: string, court: Court): Promise<void>;
  proposeCourt(): Promise<CourtProposal>;
};

export type Court = {
  corners: readonly (readonly [number, number])[];
  lengthMetres: number;
  widthMetres: number;
};

export type GamePlacesOptions = {
  vision: Pick<VisionClient, 'configure' | 'proposeCourt'>;
  dataFolder: string;
  /** Folders with packs, the first one first. */
  packFolders: readonly string[];
};

export async function createGamePlaces(options: GamePlacesOptions): Promise<GamePlacesRoom> {
  const { vision, dataFolder, packFolders } = options;
  let kept: Kept = (await read(dataFolder)) ?? { version: 1, pack: null, places: {} };
  let bySource = '';
  /** Counts drawings: the same ones again hold for the picture of now. */
  let drawn = 0;

  const packNow = () => kept.pack ?? bySource;
  function tell(): void {
    const pack = packNow();
    const places = kept.places[pack] ?? null;
    if (pack !== '') vision.configure({ pack, model: null, places, drawn });
  }
  async function keep(change: Partial<Kept>): Promise<void> {
    const changed = { ...kept, ...change };
    await replaceFile(join(dataFolder, FILE), `${JSON.stringify(changed, null, 2)}\n`);
    kept = changed;
    tell();
  }
  async function packOf(packId: string) {
    const found = await findPack(packId, packFolders);
    if ('reason' in found) throw new RpcError('refused', found.reason);
    return found.pack;
  }

  async function setPlaces(packId: string, places: Places | null): Promise<void> {
    const fault = placesFault(await packOf(packId), places ?? NOTHING);
    if (fault !== null) throw new RpcError('refused', `${fault}.`);
    const { [packId]: _, ...others } = kept.places;
    if (places !== null && Object.keys(others).length >= KEPT_MAX) {
      throw new RpcError('refused', `A studio keeps the drawings of ${KEPT_MAX} packs at most.`);
    }
    drawn++;
    await keep({ places: places === null ? others : { ...others, [packId]: places } });
  }
  /** Zones as they hold now: the owner's, else the pack's own. */
  async function zonesOf(packId: string): Promise<readonly Zone[]> {
    return kept.places[packId]?.zones ?? (await packOf(packId)).zones;
  }
  const change = (packId: string, part: Partial<Places>) =>
    setPlaces(packId, { ...NOTHING, ...kept.places[packId], ...part });

  return {
    sourceChanged(packId) {
      bySource = packId;
      tell();
    },
    async show() {
      const pack = packNow();
      const packs = await listed(packFolders);
      const known = {
        packs,
        pack,
        isChosen: kept.pack !== null,
        places: kept.places[pack] ?? null,
      };
      const found = await findPack(pack, packFolders);
      return 'pack' in found ? { ...known, ...drawnBy(found.pack) } : known;
    },
    async choosePack(packId) {
      if (packId !== null) await packOf(packId);
      await keep({ pack: packId });
    },
    setPlaces,
    async putZone(packId, zone, instead) {
      const zones = await zonesOf(packId);
      const at = zones.findIndex(({ subject }) => subject === instead);
      if (instead !== null && at < 0) throw noZone(instead, zones);
      const changed = at < 0 ? [...zones, zone] : zones.with(at, zone);
      if (changed.length > ZONES_MAX) {
        throw new RpcError('refused', `zones: a pack has ${ZONES_MAX} zones at most.`);
      }
      await change(packId, { zones: changed });
    },
    async removeZone(packId, subject) {
      const zones = await zonesOf(packId);
      const others = zones.filter((zone) => zone.subject !== subject);
      if (others.length === zones.length) throw noZone(subject, zones);
      await change(packId, { zones: others });
    },
    async calibrate(packId, { corners, lengthMetres, widthMetres }) {
      const ground = [
        [0, 0],
        [lengthMetres, 0],
        [lengthMetres, widthMetres],
        [0, widthMetres],
      ] as const;
      const calibration = corners.map(([x, y], at) => {
        const [along = 0, across = 0] = ground[at] ?? [];
        return { picture: [x, y] as Point, metres: [along, across] as Point };
      });
      await change(packId, { calibration });
    },
    proposeCourt: () => vision.proposeCourt(),
  };
}

/** What a pack draws by itself, and what it knows of its field. */
function drawnBy({ goalLines, lines, zones, field, events }: Pack) {
  const measures = field && { lengthMetres: field.lengthMetres, widthMetres: field.widthMetres };
  const own = { goalLines, lines, zones, calibration: field?.calibration ?? null };
  return { own, field: measures, tellsZones: events.zoneEntered !== undefined };
}

type Point = [number, number];

function noZone(subject: string, zones: readonly Zone[]): RpcError {
  const names = zones.map((zone) => `"${zone.subject}"`).join(', ') || 'none';
  return new RpcError('notFound', `There is no zone "${subject}"; there are: ${names}.`);
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
