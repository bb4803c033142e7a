// The app's window as its pages meet it. Its preload exposes one function; ports cannot pass the
// bridge between a preload and its page, so the port comes as a message `{type: 'morphinePort'}` of
// this very window. In a browser there is no such function and pages use WebSockets.

import { realTimers } from '../../core/base/clock.ts';

declare global {
  interface Window {
    morphine?: { requestPort(): void };
  }
}

/** While the engine restarts no port comes; whoever asked asks again with its back-off. */
const PORT_WAIT_MS = 2_000;

/** True in a window of ours. */
export function hasWindowPort(): boolean {
  return window.morphine !== undefined;
}

/** Asks the window for a port to the engine. Rejects when none came in two seconds. */
export function requestWindowPort(): Promise<MessagePort> {
  return new Promise((resolve, reject) => {
    function stop(): void {
      cancel();
      window.removeEventListener('message', take);
    }
    function take(message: MessageEvent<unknown>): void {
      const port = message.ports[0];
      if (message.source !== window || !isPortMessage(message.data) || port === undefined) return;
      stop();
      resolve(port);
    }
    const cancel = realTimers.after(PORT_WAIT_MS, () => {
      stop();
      reject(new Error('The window gave no port.'));
    });
    window.addEventListener('message', take);
    window.morphine?.requestPort();
  });
}

function isPortMessage(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && 'type' in data && data.type === 'morphinePort'
  );
}
