// Shows the recorded picture to vision again, with the pack of that show, and gives back what it
// sees now. Nothing is skipped: the next pictures come when those before them were judged.

import { join } from 'node:path';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { Unit } from '../../core/media/feed.ts';
import { resolveFfmpeg } from '../../native/ffmpeg/resolve.ts';
import { createVisionClient } from '../../native/vision/client.ts';
import { startVision } from '../../native/vision/visionProcess.ts';

/** Pictures under way at once: so few that vision never has to leave one out. */
const AHEAD_US = 200_000;
const STUCK_MS_MAX = 20_000;

/** @param modelsFolder the shelf with its manifest and `packs/` */
export async function seeAgain(
  units: Iterable<Unit>,
  { pack, modelsFolder }: { pack: string; modelsFolder: string },
): Promise<GameEvent[]> {
  const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
  const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };
  const common = { timers: realTimers, logger: silentLogger };
  const vision = await startVision({
    ...{ ...common, ffmpeg, clock, providers: [], modelFolders: [modelsFolder], pack },
    packFolder: join(modelsFolder, 'packs'),
    workerUrl: new URL('../../native/vision/models/worker.ts', import.meta.url),
  });
  const client = createVisionClient(common);
  const events: GameEvent[] = [];
  let judgedUs = 0;
  let isReady = false;
  let wake = () => {};
  client.onEvent((event) => void events.push(event));
  client.onFacts((facts) => {
    judgedUs = Math.max(judgedUs, Number(facts.captureUs));
    wake();
  });
  client.onStatus((status) => {
    isReady ||= status.state === 'running' || status.model !== '';
    wake();
  });
  // A frame that is never judged holds nothing up for ever.
  const until = async (isSo: () => boolean) => {
    let isOver = false;
    const cancel = realTimers.after(STUCK_MS_MAX, () => {
      isOver = true;
      wake();
    });
    while (!isSo() && !isOver) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    cancel();
  };
  client.configure({ pack, model: null });
  client.setEndpoint(vision.endpoint);
  await until(() => isReady);
  client.streamReset();
  let lastUs = 0;
  for (const unit of units) {
    if (unit.track !== 'video') continue;
    const aheadOf = unit.captureUs - AHEAD_US;
    if (judgedUs > 0 && judgedUs < aheadOf) await until(() => judgedUs >= aheadOf);
    client.push(unit);
    lastUs = unit.captureUs;
  }
  await until(() => judgedUs >= lastUs);
  client.close();
  await vision.close();
  return events;
}
