// The door to one's own supervisor, the same under child_process and under Electron's
// utilityProcess. A child that loses its parent ends itself: nothing of ours outlives the
// supervisor by more than three seconds. One of the doors that relay/ may use too.

import { z } from 'zod';
import { type FromChild, type ToChild, toChildSchema } from '../../core/contract/process.ts';

const windowPortSchema = z.object({
  type: z.literal('windowPort'),
  kind: z.enum(['studio', 'capture']),
});

/** Electron's utilityProcess gives its child this instead of `process.send`. */
type ParentPort = {
  on(signal: 'message', run: (message: { data: unknown; ports: unknown[] }) => void): void;
  postMessage(message: unknown): void;
};

/** A message port handed over by Electron's main process for one window. */
export type HandedPort = {
  on(signal: 'message', run: (message: { data: unknown }) => void): void;
  on(signal: 'close', run: () => void): void;
  start(): void;
  postMessage(message: unknown): void;
  close(): void;
};

/** The pages that get a port: the studio's RPC and the capture page's binary frames. */
export type WindowKind = 'studio' | 'capture';

export type Parent = {
  /** Runs for each checked message from the supervisor. `ports` only ever come under Electron. */
  onMessage(run: (message: ToChild, ports: HandedPort[]) => void): void;
  /** Runs when a window's port arrives (Electron only); `kind` says which page is behind it. */
  onWindowPort(run: (port: HandedPort, kind: WindowKind) => void): void;
  send(message: FromChild): void;
};

/**
 * Connects to the supervisor of this process.
 *
 * @param onLost runs once when the supervisor is gone; the child must end within a second.
 * @throws when this process was not started by a supervisor.
 */
export function connectParent(onLost: () => void): Parent {
  const port = (process as { parentPort?: ParentPort }).parentPort;
  const listeners: ((message: ToChild, ports: HandedPort[]) => void)[] = [];
  const portListeners: ((port: HandedPort, kind: WindowKind) => void)[] = [];
  // Messages that come before the room listens; a start message must not be lost.
  const early: [ToChild, HandedPort[]][] = [];

  function receive(data: unknown, ports: HandedPort[]): void {
    const windowPort = windowPortSchema.safeParse(data);
    if (windowPort.success) {
      for (const run of portListeners) if (ports[0]) run(ports[0], windowPort.data.kind);
      return;
    }
    const parsed = toChildSchema.safeParse(data);
    if (!parsed.success) return;
    if (listeners.length === 0) early.push([parsed.data, ports]);
    for (const run of listeners) run(parsed.data, ports);
  }

  if (port) {
    port.on('message', (message) => receive(message.data, message.ports as HandedPort[]));
  } else if (process.send) {
    process.on('message', (data) => receive(data, []));
    process.once('disconnect', onLost);
  } else {
    throw new Error('This file is a child process of Morphine Studio; start it with npm start.');
  }

  return {
    onMessage(run) {
      listeners.push(run);
      for (const [message, ports] of early.splice(0)) run(message, ports);
    },
    onWindowPort(run) {
      portListeners.push(run);
    },
    send(message) {
      if (port) port.postMessage(message);
      else if (process.connected) process.send?.(message);
    },
  };
}

/** The reason a configuration was refused, as one line for the supervisor's log. */
export function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}
