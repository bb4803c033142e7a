// Ports that need no package: an in-memory pair for one process, and any kind of message port
// (browser, worker_threads, Electron) behind the same four members. A closed port says so once to
// its listener, however it was closed.

import type { Port } from './rpc.ts';

/** Keeps what comes before the listener, and makes `onClose` run exactly once. */
export function createInbox(): {
  deliver(message: unknown): void;
  closed(): void;
  isClosed(): boolean;
  onMessage(run: (message: unknown) => void): void;
  onClose(run: () => void): void;
} {
  let listener: ((message: unknown) => void) | null = null;
  let closeListener: (() => void) | null = null;
  let isClosed = false;
  let early: unknown[] = [];
  return {
    deliver(message) {
      if (isClosed) return;
      if (listener !== null) listener(message);
      else if (early.length < EARLY_MESSAGES_MAX) early.push(message);
    },
    closed() {
      if (isClosed) return;
      isClosed = true;
      closeListener?.();
    },
    isClosed: () => isClosed,
    onMessage(run) {
      listener = run;
      const waiting = early;
      early = [];
      for (const message of waiting) run(message);
    },
    onClose(run) {
      closeListener = run;
      if (isClosed) run();
    },
  };
}

/** A listener is set in the same turn as the port is made; more than a hello is a fault. */
const EARLY_MESSAGES_MAX = 64;

/** Two ports joined in this process. Messages are copied and arrive in a later turn, in order. */
export function createPortPair(): [Port, Port] {
  const inboxes = [createInbox(), createInbox()] as const;
  let open = true;

  function later(run: () => void): void {
    Promise.resolve().then(run);
  }

  function side(own: 0 | 1): Port {
    const mine = inboxes[own];
    const other = inboxes[own === 0 ? 1 : 0];
    return {
      send(message) {
        if (!open) return;
        const copy: unknown = JSON.parse(JSON.stringify(message));
        later(() => other.deliver(copy));
      },
      onMessage: mine.onMessage,
      onClose: mine.onClose,
      close() {
        if (!open) return;
        open = false;
        // What was sent before still arrives, as on a real wire.
        later(() => other.closed());
        mine.closed();
      },
    };
  }

  return [side(0), side(1)];
}

/** What worker_threads and Electron call a port; their `on` differs in what it hands over. */
export type EmitterPort = {
  on: (...args: never[]) => unknown;
  start?(): void;
  postMessage(message: unknown): void;
  close(): void;
};

/**
 * A port of Node's worker_threads, or one handed over by Electron.
 *
 * @param shape 'bare' when the listener gets the message itself (worker_threads), 'event' when it
 *   gets `{data}` (Electron's MessagePortMain)
 */
export function portOfEmitter(port: EmitterPort, shape: 'bare' | 'event'): Port {
  const inbox = createInbox();
  const on = port.on.bind(port) as (signal: string, run: (message: unknown) => void) => unknown;
  on('message', (message) => {
    inbox.deliver(shape === 'bare' ? message : (message as { data?: unknown }).data);
  });
  on('close', () => inbox.closed());
  port.start?.();
  return {
    send(message) {
      if (!inbox.isClosed()) port.postMessage(message);
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close() {
      if (inbox.isClosed()) return;
      port.close();
      inbox.closed();
    },
  };
}
