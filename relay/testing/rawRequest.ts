// For tests only: bytes to a port, and everything that comes back until the other end closes.

import { createConnection, type Socket } from 'node:net';

export function rawRequest(port: number, bytes: string): Promise<string> {
  return exchange(port, (socket) => socket.write(bytes, 'latin1'));
}

/** As rawRequest, and we have nothing more to say: what is not whole will never be. */
export function closedRequest(port: number, bytes: Uint8Array): Promise<string> {
  return exchange(port, (socket) => socket.end(bytes));
}

function exchange(port: number, say: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    let heard = '';
    socket.on('data', (part) => {
      heard += part.toString('latin1');
    });
    // An answer may be cut by a reset when we still write: what came counts.
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
    say(socket);
  });
}
