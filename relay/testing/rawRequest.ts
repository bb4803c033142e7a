// For tests only: bytes to a port, and everything that comes back until the other end closes.

import { createConnection } from 'node:net';

export function rawRequest(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    let heard = '';
    socket.on('data', (part) => {
      heard += part.toString('latin1');
    });
    // An answer may be cut by a reset when we still write: what came counts.
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
    socket.write(bytes, 'latin1');
  });
}
