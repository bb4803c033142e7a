// The headless host: `npm start -- --headless`, and every start without a desktop runtime. Runs the
// studio under child_process, says where it is, answers signals, and never opens anything itself.

import { randomBytes } from 'node:crypto';
import { setPriority } from 'node:os';
import { realTimers } from '../../core/base/clock.ts';
import { checkSource } from '../capture/sourceCheck.ts';
import { resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { createLogger } from '../telemetry/logger.ts';
import { openChannelKey } from '../upstream/channelKey.ts';
import { BadCommandLine, readCommandLine, type StudioOptions } from './commandLine.ts';
import { createNodeLauncher } from './nodeLauncher.ts';
import { type ResourceFolders, type StudioHost, startStudio } from './studio.ts';
import { StartRefused } from './supervisor.ts';

export type HeadlessOptions = {
  args: readonly string[];
  folders: ResourceFolders;
  callerFolder: string;
  /** Says one line to the person. */
  say(line: string): void;
  /** Runs once the studio is ready, for a launcher that opens a browser. */
  onReady(studioUrl: string): void;
};

/**
 * Runs a studio until it is told to stop.
 * @returns the exit code: 0 clean, 1 our fault, 2 something the person can mend
 */
export async function runHeadless(headless: HeadlessOptions): Promise<number> {
  const { say } = headless;
  // Signals that come while starting end the start as well.
  let stopAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    stopAsked = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stopAsked);
  process.once('disconnect', stopAsked);

  let studio: StudioHost;
  try {
    const options = readCommandLine(headless.args, headless.callerFolder);
    await refuseBadSource(options, headless.callerFolder);
    studio = await startStudio({
      options,
      folders: headless.folders,
      launcher: createNodeLauncher(headless.folders.entries, setPriority),
      timers: realTimers,
      logger: createLogger(process.env.MORPHINE_LOG ?? 'info', 'supervisor'),
      random: (length) => randomBytes(length),
      platform: process.platform,
      env: process.env,
      monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
      wallUs: () => Date.now() * 1000,
      pid: process.pid,
      callerFolder: headless.callerFolder,
      openChannelKey,
    });
  } catch (cause) {
    if (cause instanceof BadCommandLine || cause instanceof StartRefused) {
      say(cause.message);
      return cause instanceof StartRefused ? cause.exitCode : 2;
    }
    say(`Morphine Studio could not start: ${cause instanceof Error ? cause.stack : cause}`);
    return 1;
  }

  const facts = studio.readyFacts();
  say(`Studio   ${facts.studio ?? ''}`);
  say(`Viewers  ${facts.viewer ?? 'the relay does not answer yet; the link appears in the studio'}`);
  if (facts.studio) headless.onReady(facts.studio);
  await asked;
  await studio.stop();
  return 0;
}

/** A source that can never play is refused before anything starts. */
async function refuseBadSource(options: StudioOptions, callerFolder: string): Promise<void> {
  const ffmpeg = await resolveFfmpeg({
    configuredPath: null,
    environmentPath: process.env.MORPHINE_FFMPEG ?? null,
  });
  const problem = await checkSource(options.source, { callerFolder, ffmpeg });
  if (problem) throw new BadCommandLine(`--source ${options.source}: ${problem}`);
}
