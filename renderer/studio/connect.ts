// How this page reaches the engine: by a port that the window hands over where there is a window of
// ours, by WebSocket in a browser. Chosen here once; nobody else in the page can tell.

import type { Port } from '../../core/contract/rpc.ts';
import { openSocketPort, portOfMessagePort } from '../ui/socketPort.ts';

/** What the window's preload exposes: one function. */
type Shell = {
  /**
   * Asks for a port to the engine, which comes once it runs. Ports cannot pass Electron's context
   * bridge, so it may also come as the window message 'morphine.port'.
   */
  receivePort(run: (port: MessagePort) => void): void;
};

declare global {
  interface Window {
    morphine?: Shell;
  }
}

/** Opens one connection to the engine; the RPC client calls it again after each loss. */
export function connectStudio(): Promise<Port> {
  const shell = window.morphine;
  if (shell !== undefined) return receivePort(shell);
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return openSocketPort(`${scheme}://${location.host}/rpc`);
}

function receivePort(shell: Shell): Promise<Port> {
  return new Promise((resolve) => {
    function take(port: MessagePort): void {
      window.removeEventListener('message', onMessage);
      resolve(portOfMessagePort(port));
    }
    function onMessage(message: MessageEvent<unknown>): void {
      const port = message.ports[0];
      if (message.source === window && message.data === 'morphine.port' && port) take(port);
    }
    window.addEventListener('message', onMessage);
    shell.receivePort(take);
  });
}
