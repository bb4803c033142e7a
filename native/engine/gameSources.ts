// Games and webhooks as sources of this studio: whether their door is open, on which port, with
// which secrets. Kept in the data folder (mode 0600), because a game reads its file once and the
// studio restarts often. The secrets are shown to the owner and nobody else.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHex, type RandomBytes, toHex } from '../../core/base/ids.ts';
import type { GameSourcesView } from '../../core/contract/games.ts';
import { type GameState, type GameStateOptions, openGameState } from '../gameState/gameState.ts';
import { GAMES, gameFile } from '../gameState/games.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'gameSources.json';
const keptSchema = z.strictObject({
  version: z.literal(1),
  isOpen: z.boolean(),
  port: z.number().int().min(0).max(65_535),
  token: z.string().regex(/^[0-9a-f]{32}$/),
  webhookKey: z.string().regex(/^[0-9a-f]{64}$/),
});
type Kept = z.infer<typeof keptSchema>;

/** Why the door cannot be opened, in a sentence. */
export class GameSourcesRefused extends Error {}

export type GameSources = {
  view(): GameSourcesView;
  /** Opens the door, or opens it on another port; it stays so over restarts. */
  connect(port: number): Promise<GameSourcesView>;
  disconnect(): Promise<GameSourcesView>;
  /** Opens the door again if it was open; a port that is taken is a reason in the view. */
  restore(): Promise<void>;
  close(): Promise<void>;
};

export type GameSourcesOptions = Omit<GameStateOptions, 'port' | 'token' | 'webhookKey'> & {
  dataFolder: string;
  random: RandomBytes;
};

export async function createGameSources(options: GameSourcesOptions): Promise<GameSources> {
  const { dataFolder, random } = options;
  let kept: Kept = (await read(dataFolder)) ?? {
    ...{ version: 1, isOpen: false, port: 0 },
    ...{ token: toHex(random(16)), webhookKey: toHex(random(32)) },
  };
  let door: GameState | null = null;
  let reason = '';

  async function keep(change: Partial<Kept>): Promise<void> {
    kept = { ...kept, ...change };
    await replaceFile(join(dataFolder, FILE), `${JSON.stringify(kept)}\n`);
  }

  async function open(port: number): Promise<void> {
    await door?.close();
    door = null;
    const { token, webhookKey } = kept;
    try {
      door = await openGameState({ ...options, port, token, webhookKey: fromHex(webhookKey) });
      reason = '';
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      reason = `Port ${port} on this machine cannot be opened for games: ${why}`;
      throw new GameSourcesRefused(reason);
    }
  }

  function view(): GameSourcesView {
    const address = `http://127.0.0.1:${door?.port ?? 0}`;
    const { token, webhookKey } = kept;
    const files = GAMES.map((game) => ({
      game,
      ...gameFile(game, { url: `${address}/game/${game}`, token }),
    }));
    const webhook = { url: `${address}/webhook`, key: webhookKey };
    const heard = door?.lastHeard() ?? null;
    return door
      ? { isOpen: true, reason, port: door.port, files, webhook, heard }
      : { isOpen: false, reason, port: 0, files: [], webhook: null, heard: null };
  }

  return {
    view,
    async connect(port) {
      await open(port);
      // The same port after a restart, for the game's file names it.
      await keep({ isOpen: true, port: door?.port ?? port });
      return view();
    },
    async disconnect() {
      await door?.close();
      door = null;
      await keep({ isOpen: false });
      return view();
    },
    async restore() {
      if (kept.isOpen) await open(kept.port).catch(() => {});
    },
    close: async () => door?.close(),
  };
}

/** A damaged file is replaced: games then need the new one. */
async function read(dataFolder: string): Promise<Kept | null> {
  try {
    const text = await readFile(join(dataFolder, FILE), 'utf8');
    const found = keptSchema.safeParse(JSON.parse(text));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}
