// A page of the shell's window: runs the built preload in a world of its own, between the double's
// contextBridge and ipcRenderer, and gives the page's world a window with what was exposed. Only
// functions and plain values pass the bridge, and a sandboxed preload may require little.

import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { MessageChannel, type MessagePort as NodePort } from 'node:worker_threads';
import type { MessagePortMain } from './ports.ts';

type Listener = (signal: { ports: readonly unknown[] }, message: unknown) => void;

export type PageDouble = {
  /** The page's world. */
  window: EventTarget & { location: Record<string, string>; morphine?: unknown };
  /** What the preload exposed, by name. */
  exposed: Map<string, unknown>;
  /** What the preload sent, as [channel, ...arguments]. */
  sent: unknown[][];
  /** A message of the main process arrives. */
  deliver(channel: string, message: unknown, ports: readonly MessagePortMain[]): void;
};

/** Opens a page at this address with the built preload. */
export function openPage(
  preloadFile: string,
  url: string,
  send: (channel: string, args: unknown[]) => void,
): PageDouble {
  const listeners = new Map<string, Listener>();
  const exposed = new Map<string, unknown>();
  const sent: unknown[][] = [];
  const { protocol, host, pathname } = new URL(url);
  const location = { href: url, protocol, host, pathname, origin: `${protocol}//${host}` };
  const target = new EventTarget();
  const window: PageDouble['window'] = Object.assign(target, { location });

  /** Both worlds share the window's messages; what one world sets on it the other cannot see. */
  function postMessage(data: unknown, origin: string, ports: readonly unknown[]): void {
    if (origin !== location.origin) return;
    const signal = Object.assign(new Event('message'), {
      data: structuredClone(data),
      source: window,
      origin,
      ports,
    });
    setImmediate(() => target.dispatchEvent(signal));
  }

  const electron = {
    contextBridge: {
      exposeInMainWorld(key: string, api: unknown) {
        if (exposed.has(key)) throw new Error(`Cannot bind an API on top of ${key}`);
        exposed.set(key, api);
        Object.defineProperty(window, key, { value: Object.freeze(api) });
      },
    },
    ipcRenderer: {
      on: (channel: string, run: Listener) => listeners.set(channel, run),
      send(channel: string, ...args: unknown[]) {
        sent.push([channel, ...args]);
        send(channel, structuredClone(args));
      },
    },
  };
  runInNewContext(readFileSync(preloadFile, 'utf8'), {
    window: { postMessage, location },
    require(name: string) {
      if (name === 'electron') return electron;
      throw new Error(`module not found: ${name}`);
    },
  });
  return {
    window,
    exposed,
    sent,
    deliver(channel, message, ports) {
      listeners.get(channel)?.({ ports: ports.map(toPagePort) }, message);
    },
  };
}

/** Joins a port that landed in this process to one as pages have it. */
function toPagePort(landed: MessagePortMain): NodePort {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', (data: unknown) => landed.postMessage(data));
  port1.on('close', () => landed.close());
  landed.on('message', ({ data }: { data: unknown }) => port1.postMessage(data));
  landed.on('close', () => port1.close());
  landed.start();
  return port2;
}
