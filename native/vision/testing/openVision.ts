// A vision that runs, an engine's client that feeds it, and everything that it told so far: what
// tests of the whole way have in common. It waits for facts and never for time. Used by tests only.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { GameEvent } from '../../../core/contract/events.ts';
import type { Unit } from '../../../core/media/feed.ts';
import type { FrameFacts } from '../../../core/wire/gen/facts_pb.js';
import { type FfmpegChoice, hasFfmpeg, resolveFfmpeg } from '../../ffmpeg/resolve.ts';
import { createVisionClient, type VisionClient, type VisionStatus } from '../client.ts';
import { startVision, type Vision, type VisionOptions } from '../visionProcess.ts';

/** The ffmpeg that the product would take. */
export const FFMPEG: FfmpegChoice = await resolveFfmpeg({
  environmentPath: process.env.MORPHINE_FFMPEG,
});
/** Why a test that needs it is skipped; false where it is not. */
export const FFMPEG_SKIP = hasFfmpeg(FFMPEG) ? false : 'no ffmpeg';

/** The clock of all parts of a test. */
export const TEST_CLOCK = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };

/** Later than any picture of a test, microseconds. */
let readingUs = 1e12;
/**
 * For what is judged of pictures and not of speed: on this clock no model costs anything, and each
 * answer is waited for, so every picture is looked at, however busy the machine is.
 */
export const UNHURRIED = { clock: { nowUs: () => ++readingUs }, modelWaitMs: 60_000 };

export type OpenedVision = {
  vision: Vision;
  client: VisionClient;
  /** As the engine heard them, oldest first. */
  facts: FrameFacts[];
  events: GameEvent[];
  statuses: VisionStatus[];
  /** Resolves once it is so, looked at whenever something was told. */
  until(isSo: () => boolean): Promise<void>;
  /** Pushes units and waits until the last of them was judged. */
  judge(units: readonly Unit[]): Promise<void>;
  close(): Promise<void>;
};

/** Starts vision and connects an engine's client to it; `pack` is chosen before the first unit. */
export async function openVision(
  options: Partial<VisionOptions> & Pick<VisionOptions, 'packFolder'>,
): Promise<OpenedVision> {
  const { pack = null, ...rest } = options;
  const vision = await startVision({
    ...{ ffmpeg: FFMPEG, timers: realTimers, logger: silentLogger, clock: TEST_CLOCK },
    ...{ providers: [], modelFolders: [], pack: null },
    workerUrl: new URL('../models/worker.ts', import.meta.url),
    ...rest,
  });
  const client = createVisionClient({ timers: realTimers, logger: silentLogger });
  const heard = listenTo(client);
  client.configure({ pack, model: null });
  client.setEndpoint(vision.endpoint);
  const { facts, until } = heard;
  return {
    ...{ vision, client, ...heard },
    async judge(units) {
      for (const unit of units) client.push(unit);
      const lastUs = units.at(-1)?.captureUs ?? 0;
      await until(() => Number(facts.at(-1)?.captureUs ?? 0) >= lastUs);
    },
    async close() {
      client.close();
      await vision.close();
    },
  };
}

function listenTo(client: VisionClient) {
  const facts: FrameFacts[] = [];
  const events: GameEvent[] = [];
  const statuses: VisionStatus[] = [];
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of waiting) look();
  };
  client.onFacts((one) => {
    facts.push(one);
    tell();
  });
  client.onEvent((one) => {
    events.push(one);
    tell();
  });
  client.onStatus((one) => {
    statuses.push(one);
    tell();
  });
  const until = (isSo: () => boolean) =>
    new Promise<void>((done) => {
      const look = () => {
        if (!isSo()) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      look();
    });
  return { facts, events, statuses, until };
}

/** A folder with this one pack in it; what is not given is nothing. */
export function packFolderOf(pack: { id: string } & Record<string, unknown>): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'packs-')), 'packs');
  mkdirSync(folder);
  const whole = { version: 2, title: pack.id, detector: null, ball: null, ...pack };
  writeFileSync(join(folder, `${pack.id}.json`), JSON.stringify(whole));
  return folder;
}
