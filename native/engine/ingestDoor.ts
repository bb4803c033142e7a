// Where other programs publish into this studio, and with what secret: one token, kept in the data
// folder (mode 0600), the same after a restart, so that OBS is set up once. It is told to the owner
// and in the ready file, and nowhere else.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import { type RandomBytes, toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { IngestView } from '../../core/contract/ingest.ts';
import { createWhipIngest, WHIP_PATH, type WhipIngest } from '../capture/whip/whipIngest.ts';
import type { MediaHandler } from '../serve/mediaAnswers.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'whipIngest.json';
const schema = z.strictObject({
  version: z.literal(1),
  whipToken: z.string().regex(/^[0-9a-f]{64}$/),
});

export type IngestSurroundings = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
};

export type IngestDoor = {
  whip: WhipIngest;
  /** Publishers' requests at the studio's HTTP door. */
  answer: MediaHandler;
  view(): IngestView;
  /** A new token; whoever publishes by the old one is let go. */
  renewWhipToken(): Promise<IngestView>;
  close(): void;
};

/** Reads the secrets, or makes them. A damaged file is replaced: OBS then needs the new token. */
export async function openIngestDoor(
  { dataFolder, host }: { dataFolder: string; host: string },
  { clock, timers, random, logger }: IngestSurroundings,
  /** Of the studio's HTTP door, once it stands. */
  doorUrl: () => string,
): Promise<IngestDoor> {
  const path = join(dataFolder, FILE);
  const write = (whipToken: string) =>
    replaceFile(path, `${JSON.stringify({ version: 1, whipToken })}\n`);
  const known = await read(path);
  let token = known ?? toHex(random(32));
  if (known === null) await write(token);
  // OBS comes in by loopback unless the studio is served to other machines, too.
  const isHere = host === '127.0.0.1' || host === 'localhost' || host === '::1';
  const whip = createWhipIngest({
    ...{ clock, timers, random, logger: logger.with({ part: 'whip' }), token },
    peer: { iceServers: [], ...(isHere ? { bindAddress: '127.0.0.1' } : {}) },
  });
  const view = () => ({ whip: { url: `${doorUrl()}${WHIP_PATH}`, token } });
  return {
    whip,
    answer: (request) => whip.handle(request),
    view,
    async renewWhipToken() {
      const next = toHex(random(32));
      await write(next);
      token = next;
      whip.setToken(token);
      return view();
    },
    close: () => whip.close(),
  };
}

async function read(path: string): Promise<string | null> {
  try {
    const found = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return found.success ? found.data.whipToken : null;
  } catch {
    return null;
  }
}
