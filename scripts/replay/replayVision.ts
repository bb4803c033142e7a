// Shows the recorded picture to vision again, with the pack, the drawings and the sounds of that
// show, and gives back what it sees now. Nothing is skipped: on vision's clock no model costs
// anything, each answer is waited for, and the next pictures come when those before were judged. So
// a replay sees the same each time on one machine; the show itself may have spared its detector.

import { join } from 'node:path';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { resolveFfmpeg } from '../../native/ffmpeg/resolve.ts';
import { isTold, type RulesStart, toldArgs } from '../../native/recording/toldLines.ts';
import { createVisionClient, type VisionClient } from '../../native/vision/client.ts';
import { visionControlSchema } from '../../native/vision/protocol.ts';
import { startVision } from '../../native/vision/visionProcess.ts';
import type { Seen } from './facts.ts';
import type { Command } from './readShow.ts';

/** Pictures under way at once: so few that vision never has to leave one out. */
const AHEAD_US = 200_000;
/** Pictures that are shown before the first one was judged, microseconds. */
const START_US = 1_000_000;
const STUCK_MS_MAX = 20_000;
const MODEL_WAIT_MS = 60_000;

export type SeeOptions = {
  pack: string;
  /** What vision judged with at the start, when it is known. */
  choice?: RulesStart['choice'] | undefined;
  /** The shelf that comes with the studio, with its manifest and `packs/`. */
  modelsFolder: string;
  /** Folder of the owner's own models and packs. */
  dataFolder?: string | undefined;
  /** Where packs are looked for, the first one first; absent: in both folders above. */
  packFolders?: readonly string[];
  /** What vision was asked for meanwhile. */
  commands?: readonly Command[];
  isSlateFirst?: boolean;
};

/** Resolves with all events and the progress, in order. */
export async function seeAgain(units: Iterable<Unit>, options: SeeOptions): Promise<Seen> {
  const { pack, modelsFolder, dataFolder, commands = [] } = options;
  const shipped = join(modelsFolder, 'packs');
  const own = dataFolder ? [join(dataFolder, 'packs')] : [];
  const { packFolders = [...own, shipped] } = options;
  const ownPackFolder = packFolders.length > 1 ? packFolders[0] : undefined;
  const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
  let readings = 1e12;
  const common = { timers: realTimers, logger: silentLogger };
  const vision = await startVision({
    ...{ ...common, ffmpeg, clock: { nowUs: () => ++readings }, providers: [], pack },
    modelFolders: [...(dataFolder ? [join(dataFolder, 'models')] : []), modelsFolder],
    packFolder: packFolders.at(-1) ?? '',
    ...(ownPackFolder ? { ownPackFolder } : {}),
    modelWaitMs: MODEL_WAIT_MS,
    workerUrl: new URL('../../native/vision/models/worker.ts', import.meta.url),
  });
  const client = createVisionClient(common);
  const seen: Seen = { events: [], judged: [], model: '', reason: '' };
  const until = waiterOf(client, seen);
  client.configure({ model: null, ...options.choice, pack: options.choice?.pack ?? pack });
  client.setEndpoint(vision.endpoint);
  await until(({ isReady }) => isReady);
  client.streamReset();
  const script = new Script(client, commands, options.isSlateFirst ?? false);
  let firstUs = 0;
  let lastUs = 0;
  for (const unit of units) {
    if (unit.track !== 'video') continue;
    const aheadOf = unit.captureUs - AHEAD_US;
    firstUs ||= unit.captureUs;
    // A decoder that starts gives nothing for the first pictures.
    const mayStart = unit.captureUs - firstUs < START_US;
    await until(({ judgedUs }) =>
      judgedUs === 0 ? mayStart : judgedUs >= Math.min(aheadOf, lastUs),
    );
    script.before(unit.captureUs);
    if (script.isSlate) continue;
    client.push(unit);
    lastUs = unit.captureUs;
  }
  let told = 0;
  await until(({ judgedUs, statuses }) => {
    told = statuses;
    return judgedUs >= lastUs;
  });
  // Whatever was said of the last picture stands before the next status.
  await until(({ statuses }) => statuses > told);
  client.close();
  await vision.close();
  return seen;
}

type Progress = { judgedUs: number; isReady: boolean; statuses: number };

/** Waits for facts; when none comes for long, one is never coming, and nothing waits any more. */
function waiterOf(client: VisionClient, seen: Seen) {
  const progress: Progress = { judgedUs: 0, isReady: false, statuses: 0 };
  let lastMs = performance.now();
  let isStuck = false;
  let wake = () => {};
  client.onEvent((event) => void seen.events.push(event));
  client.onJudged((untilUs, blindUntilUs, lostUntilUs) => {
    seen.judged.push({ untilUs, blindUntilUs, lostUntilUs });
  });
  client.onFacts((facts) => {
    progress.judgedUs = Math.max(progress.judgedUs, Number(facts.captureUs));
    lastMs = performance.now();
    wake();
  });
  client.onStatus((status) => {
    if (status.model !== '') seen.model = status.model;
    seen.reason = status.reason;
    progress.isReady ||= status.state === 'running' || status.model !== '';
    progress.statuses++;
    wake();
  });
  return async (isSo: (progress: Progress) => boolean) => {
    lastMs = Math.max(lastMs, performance.now() - STUCK_MS_MAX / 2);
    while (!isSo(progress) && !isStuck) {
      await new Promise<void>((resolve) => {
        const cancel = realTimers.after(STUCK_MS_MAX, resolve);
        wake = () => {
          cancel();
          resolve();
        };
      });
      isStuck = performance.now() - lastMs >= STUCK_MS_MAX;
    }
  };
}

/** What vision was asked for, each before the picture that followed it. */
class Script {
  isSlate: boolean;
  readonly #client: VisionClient;
  readonly #steps: { beforeUs: number; run: () => void }[];

  constructor(client: VisionClient, commands: readonly Command[], isSlateFirst: boolean) {
    this.#client = client;
    this.isSlate = isSlateFirst;
    this.#steps = commands.flatMap(({ name, args }) => {
      if (!isTold(name)) return [];
      if (name === 'told.slate') {
        const { fromUs, isOn } = toldArgs[name].parse(args);
        const run = () => {
          this.isSlate = isOn;
        };
        return [{ beforeUs: fromUs, run }];
      }
      if (name !== 'told.control') return [];
      const { afterUs, control } = toldArgs[name].parse(args);
      return [{ beforeUs: afterUs + 1, run: () => this.#ask(control) }];
    });
  }

  before(captureUs: number): void {
    while ((this.#steps[0]?.beforeUs ?? Number.POSITIVE_INFINITY) <= captureUs) {
      this.#steps.shift()?.run();
    }
  }

  #ask(control: unknown): void {
    const asked = visionControlSchema.parse(control);
    if (asked.type === 'streamReset') this.#client.streamReset();
    else if (asked.type === 'signal') this.#client.signal(asked);
    else if (asked.type === 'configure') this.#client.configure(asked);
  }
}
