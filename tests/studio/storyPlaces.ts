// What is drawn on the picture of a studio without a show: the real room with the real packs, in a
// folder of its own, and a vision that only notes what it is told. Never shipped.

import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CourtProposal } from '../../core/contract/places.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { createGamePlaces, type GamePlacesRoom } from '../../native/engine/gamePlaces.ts';

const PACKS = resolve(import.meta.dirname, '../../models/packs');
const FOUND: CourtProposal = {
  corners: [
    [0.2, 0.3],
    [0.8, 0.3],
    [0.95, 0.9],
    [0.05, 0.9],
  ],
  ...{ painted: 0.8, reason: '' },
};

export function storyPlaces(calls: string[]): Handlers['game'] {
  let opened: Promise<GamePlacesRoom> | null = null;
  async function open(): Promise<GamePlacesRoom> {
    const dataFolder = await mkdtemp(join(tmpdir(), 'morphine-story-places-'));
    process.once('exit', () => rmSync(dataFolder, { recursive: true, force: true }));
    let hasBegun = false;
    const made = await createGamePlaces({
      vision: {
        configure({ places }) {
          if (hasBegun) calls.push(`game.places ${JSON.stringify(places)}`);
        },
        proposeCourt: async () => FOUND,
      },
      dataFolder,
      packFolders: [PACKS],
    });
    await made.choosePack('football');
    hasBegun = true;
    return made;
  }
  const room = () => {
    opened ??= open();
    return opened;
  };
  return {
    show: async () => (await room()).show(),
    choosePack: async ({ pack }) => (await room()).choosePack(pack),
    setPlaces: async ({ pack, places }) => (await room()).setPlaces(pack, places),
    putZone: async ({ pack, zone, instead }) => (await room()).putZone(pack, zone, instead),
    removeZone: async ({ pack, subject }) => (await room()).removeZone(pack, subject),
    calibrate: async ({ pack, ...court }) => (await room()).calibrate(pack, court),
    proposeCourt: async () => (await room()).proposeCourt(),
  };
}
