// Starts child processes from plain Node: the launcher behind `--headless`. Each child gets an IPC
// channel; when this process dies, however it dies, the channel closes and the child ends itself.

import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fromChildSchema, type ProcessName } from '../../core/contract/process.ts';
import type { ChildHandle, ProcessLauncher } from './supervisor.ts';

/** Nice value of children other than the ledger: money is never starved by pictures. */
const NICENESS: Record<ProcessName, number> = { ledger: 0, relay: 1, engine: 1, vision: 1 };

/**
 * @param entryFolder folder with the built entries, `engine.js` and its siblings
 * @param setPriority usually os.setPriority; failures are ignored because only speed depends on it
 */
export function createNodeLauncher(
  entryFolder: string,
  setPriority: (pid: number, priority: number) => void,
): ProcessLauncher {
  return {
    launch(name) {
      const child = fork(join(entryFolder, `${name}.js`), [], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: ['--enable-source-maps', '--disable-warning=ExperimentalWarning'],
        serialization: 'advanced',
      });
      const niceness = NICENESS[name];
      if (niceness > 0 && child.pid !== undefined) {
        try {
          setPriority(child.pid, niceness);
        } catch {
          // Not allowed here; the show runs all the same.
        }
      }
      return handleOf(child);
    },
    killHelper(pid) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    },
  };
}

function handleOf(child: ReturnType<typeof fork>): ChildHandle {
  const exitListeners: ((code: number | null) => void)[] = [];
  let exitCode: number | null | undefined;
  function exited(code: number | null): void {
    if (exitCode !== undefined) return;
    exitCode = code;
    for (const run of exitListeners.splice(0)) run(code);
  }
  child.once('exit', exited);
  child.once('error', () => exited(1));
  return {
    pid: child.pid,
    send(message) {
      // The callback swallows the error of a channel that just closed; 'exit' tells the rest.
      if (child.connected) child.send(message, () => {});
    },
    onMessage(run) {
      child.on('message', (data) => {
        const parsed = fromChildSchema.safeParse(data);
        if (parsed.success) run(parsed.data);
      });
    },
    onExit(run) {
      if (exitCode !== undefined) run(exitCode);
      else exitListeners.push(run);
    },
    kill: () => child.kill('SIGKILL'),
  };
}
