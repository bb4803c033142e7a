// Starts child processes as Electron utility processes and hands window ports to them. The same
// supervisor runs above it as in the headless host. utilityProcess has no stdin and cannot be
// forked from another process than main, which is why the supervisor lives here.

import { join } from 'node:path';
import { type MessagePortMain, type UtilityProcess, utilityProcess } from 'electron';
import { fromChildSchema, type ProcessName } from '../core/contract/process.ts';
import type { ChildHandle, ProcessLauncher } from '../native/host/supervisor.ts';

export type UtilityLauncher = ProcessLauncher & {
  /** Gives one end of a window's port to the engine, or to the next one while none runs. */
  handPort(kind: WindowKind, port: MessagePortMain): void;
};

type WindowKind = 'studio' | 'capture';

/** Ports that wait for an engine. Pages give up theirs after seconds; the oldest go first. */
const WAITING_PORTS_MAX = 16;

/** @param entryFolder folder with the built entries, unpacked from the archive */
export function createUtilityLauncher(entryFolder: string): UtilityLauncher {
  const running = new Map<ProcessName, UtilityProcess>();
  const waiting: [WindowKind, MessagePortMain][] = [];

  function handPort(kind: WindowKind, port: MessagePortMain): void {
    const engine = running.get('engine');
    if (engine) {
      engine.postMessage({ type: 'windowPort', kind }, [port]);
      return;
    }
    waiting.push([kind, port]);
    if (waiting.length > WAITING_PORTS_MAX) waiting.shift()?.[1].close();
  }

  return {
    launch(name) {
      const child = utilityProcess.fork(join(entryFolder, `${name}.js`), [], {
        serviceName: `Morphine ${name}`,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      running.set(name, child);
      child.once('exit', () => {
        if (running.get(name) === child) running.delete(name);
      });
      if (name === 'engine') for (const [kind, port] of waiting.splice(0)) handPort(kind, port);
      return handleOf(child);
    },
    killHelper: killNow,
    handPort,
  };
}

/** Ends a process that may have ended by itself in the meantime. */
function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function handleOf(child: UtilityProcess): ChildHandle {
  const exitListeners: ((code: number | null) => void)[] = [];
  let exitCode: number | undefined;
  child.once('exit', (code) => {
    exitCode = code;
    for (const run of exitListeners.splice(0)) run(code);
  });
  return {
    get pid() {
      return child.pid;
    },
    send: (message) => child.postMessage(message),
    onMessage(run) {
      child.on('message', (data: unknown) => {
        const parsed = fromChildSchema.safeParse(data);
        if (parsed.success) run(parsed.data);
      });
    },
    onExit(run) {
      if (exitCode !== undefined) run(exitCode);
      else exitListeners.push(run);
    },
    kill() {
      // kill() asks; a hung process needs the signal that cannot be caught.
      if (child.pid !== undefined && process.platform !== 'win32') killNow(child.pid);
      else child.kill();
    },
  };
}
