// How this page reaches the engine: by a port that the window hands over where there is a window of
// ours, by WebSocket in a browser. Chosen here once; nobody else in the page can tell.

import { realTimers } from '../../core/base/clock.ts';
import type { Port } from '../../core/contract/rpc.ts';
import { openSocketPort, portOfMessagePort } from '../ui/socketPort.ts';

/**
 * What the window's preload exposes: one function. Ports cannot pass the bridge between a preload
 * and its page, so the port comes as a message `{type: 'morphinePort'}` of this very window.
 */
type Shell = { requestPort(): void };

declare global {
  interface Window {
    morphine?: Shell;
  }
}

/** While the engine restarts no port comes; the RPC client then asks again with its back-off. */
const PORT_WAIT_MS = 2_000;

/** Opens one connection to the engine; the RPC client calls it again after each loss. */
export function connectStudio(): Promise<Port> {
  const shell = window.morphine;
  if (shell !== undefined) return requestPort(shell);
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return openSocketPort(`${scheme}://${location.host}/rpc`);
}

function requestPort(shell: Shell): Promise<Port> {
  return new Promise((resolve, reject) => {
    function stop(): void {
      cancel();
      window.removeEventListener('message', take);
    }
    function take(message: MessageEvent<unknown>): void {
      const port = message.ports[0];
      if (message.source !== window || !isPortMessage(message.data) || port === undefined) return;
      stop();
      resolve(portOfMessagePort(port));
    }
    const cancel = realTimers.after(PORT_WAIT_MS, () => {
      stop();
      reject(new Error('The window gave no port.'));
    });
    window.addEventListener('message', take);
    shell.requestPort();
  });
}

function isPortMessage(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && 'type' in data && data.type === 'morphinePort'
  );
}
