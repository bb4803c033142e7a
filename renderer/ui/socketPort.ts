// A WebSocket and a browser's MessagePort as RPC ports. Text that is no JSON is handed on as it
// is: RPC's own check refuses it.

import { createInbox } from '../../core/contract/ports.ts';
import type { Port } from '../../core/contract/rpc.ts';

/** Rejects when no connection came about. */
export function openSocketPort(url: string): Promise<Port> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const inbox = createInbox();
    const port: Port = {
      send(message) {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
      },
      onMessage: inbox.onMessage,
      onClose: inbox.onClose,
      close: () => socket.close(),
    };
    socket.addEventListener('open', () => resolve(port));
    socket.addEventListener('message', (message: MessageEvent<unknown>) => {
      inbox.deliver(typeof message.data === 'string' ? jsonOrText(message.data) : null);
    });
    socket.addEventListener('close', () => {
      inbox.closed();
      reject(new Error('The studio does not answer.'));
    });
  });
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A port that the window was handed; browsers tell of its end by a `close` message only. */
export function portOfMessagePort(handed: MessagePort): Port {
  const inbox = createInbox();
  handed.addEventListener('message', (message: MessageEvent<unknown>) => {
    inbox.deliver(message.data);
  });
  handed.addEventListener('close', () => inbox.closed());
  handed.start();
  return {
    send(message) {
      if (!inbox.isClosed()) handed.postMessage(message);
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close() {
      handed.close();
      inbox.closed();
    },
  };
}
