// The headless host: `npm start -- --headless`, and every start without a desktop runtime. Runs the
// studio under child_process, says where it is, answers signals, and never opens anything itself.

import { setPriority } from 'node:os';
import { launchStudio } from './launch.ts';
import { createNodeLauncher } from './nodeLauncher.ts';
import type { ResourceFolders } from './studio.ts';

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
  const { say, args, folders, callerFolder } = headless;
  // Signals that come while starting end the start as well.
  let stopAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    stopAsked = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stopAsked);
  process.once('disconnect', stopAsked);

  const launcher = createNodeLauncher(folders.entries, setPriority);
  const launched = await launchStudio({ args, folders, callerFolder, launcher });
  if ('line' in launched) {
    say(launched.line);
    return launched.exitCode;
  }
  const { studio } = launched;
  const facts = studio.readyFacts();
  say(`Studio   ${facts.studio ?? ''}`);
  say(`Viewers  ${facts.viewer ?? 'the relay does not answer yet; the studio will show the link'}`);
  if (studio.supervisor.facts().get('ledger')?.personalKeyFrom === 'file') {
    say(
      'Privacy  viewers’ data is encrypted; without a keychain here its key is personal.key (0600)',
    );
  }
  if (facts.studio) headless.onReady(facts.studio);
  await asked;
  await studio.stop();
  return 0;
}
