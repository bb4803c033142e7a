// The vision process: decodes what the engine sends, judges it and tells. It never refuses a start
// for a missing model, pack or ffmpeg; those are states. It lives until its supervisor says stop.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { realTimers } from '../../../core/base/clock.ts';
import { BAD_CONFIGURATION_EXIT_CODE } from '../../../core/contract/process.ts';
import { connectParent, describeIssues, type Parent } from '../../child/parent.ts';
import { ffmpegChoiceSchema } from '../../ffmpeg/choice.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { providersHere } from '../../vision/models/providersHere.ts';
import { startVision, type Vision } from '../../vision/visionProcess.ts';

const configurationSchema = z.object({
  /** Media clock = monotonic clock + this, microseconds. */
  epochUs: z.number().int(),
  logLevel: z.string(),
  /** What the supervisor found. */
  ffmpeg: ffmpegChoiceSchema,
  /** Folders with a model manifest, first one first. */
  modelFolders: z.array(z.string().min(1)),
  packFolder: z.string().min(1),
  ownPackFolder: z.string().default(''),
  /** File of the detector's worker. */
  workerPath: z.string().min(1),
  /** Trials of providers leave a mark here; none without it. */
  dataFolder: z.string().min(1).optional(),
  /** GPU providers that may be tried; absent: those that this machine may have. */
  providers: z.array(z.enum(['cuda', 'dml', 'coreml', 'webgpu', 'cpu'])).optional(),
  /** Pack until the engine chooses one. */
  pack: z.string().min(1).nullable().default(null),
});

class Refused extends Error {}

const parent = connectParent(() => process.exit(0));
let vision: Vision | null = null;

parent.onMessage((message) => {
  switch (message.type) {
    case 'start':
      start(parent, message.config).catch(fail);
      break;
    case 'ping':
      parent.send({ type: 'pong', id: message.id });
      break;
    case 'stop':
      stop().catch(fail);
      break;
    case 'peer':
      break;
  }
});

async function start(to: Parent, raw: unknown): Promise<void> {
  const parsed = configurationSchema.safeParse(raw);
  if (!parsed.success) throw new Refused(`Vision configuration: ${describeIssues(parsed.error)}`);
  const { epochUs, logLevel, workerPath, dataFolder, providers, ...rest } = parsed.data;
  const here = providersHere(process.platform, process.arch, process.env);
  const logger = createLogger(logLevel, 'vision');
  vision = await startVision({
    ...rest,
    logger,
    providers: providers ?? here.allowed,
    refused: providers ? {} : here.refused,
    markFile: dataFolder ? join(dataFolder, 'provider-trial.json') : null,
    workerUrl: pathToFileURL(workerPath),
    timers: realTimers,
    clock: { nowUs: () => epochUs + Number(process.hrtime.bigint() / 1000n) },
    onHelper: (pid, alive) => to.send({ type: 'helper', pid, alive }),
    onStatus: (status) => to.send({ type: 'facts', facts: factsOf(status) }),
  });
  to.send({ type: 'ready', endpoint: vision.endpoint, facts: factsOf(vision.status()) });
  logger.info('vision serves', { ffmpeg: rest.ffmpeg.path });
}

function factsOf(status: ReturnType<Vision['status']>): Record<string, unknown> {
  const { state, reason, model, provider, pack } = status;
  return { state, reason, model, provider, pack };
}

async function stop(): Promise<void> {
  await vision?.close();
  process.exit(0);
}

function fail(cause: unknown): void {
  const line = cause instanceof Error ? cause.message : String(cause);
  const exitCode = cause instanceof Refused ? BAD_CONFIGURATION_EXIT_CODE : 1;
  parent.send({ type: 'failed', exitCode, line });
  // The message must leave before the process does.
  setTimeout(() => process.exit(exitCode), 50);
}
