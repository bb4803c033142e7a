// The door to ws: upgrades and sockets of facts. Compression is off (facts are small and it costs
// a context per socket), Nagle is off (a bet must not wait for the next one), text frames are not
// ours. A socket that does not answer pings is dead and ended here.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Timers } from '../core/base/clock.ts';

/** Pings are sent this often; a socket silent for two of them is dead, ms. */
const HEARTBEAT_MS = 10_000;

export type FactsSocket = {
  /** Bytes that the peer has not taken yet. */
  readonly unsentBytes: number;
  send(bytes: Uint8Array): void;
  onMessage(run: (bytes: Uint8Array) => void): void;
  /** Runs once. */
  onClose(run: () => void): void;
  /** Says goodbye with a code (RFC 6455 section 7.4) and a short reason. */
  close(code: number, reason: string): void;
  /** Ends it at once, without a goodbye that a slow peer would never take. */
  terminate(): void;
};

export type UpgradeServer = {
  /** Finishes an upgrade; `run` gets the open socket. */
  accept(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    run: (socket: FactsSocket) => void,
  ): void;
  readonly socketCount: number;
  close(): void;
};

/** @param payloadBytesMax a longer message closes its socket with 1009 */
export function createUpgradeServer(timers: Timers, payloadBytesMax: number): UpgradeServer {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: payloadBytesMax,
    clientTracking: true,
  });
  const answered = new WeakSet<WebSocket>();
  const cancelHeartbeat = timers.every(HEARTBEAT_MS, () => {
    for (const socket of server.clients) {
      if (!answered.has(socket)) socket.terminate();
      answered.delete(socket);
      socket.ping();
    }
  });
  return {
    accept(request, stream, head, run) {
      server.handleUpgrade(request, stream, head, (socket) => {
        answered.add(socket);
        socket.on('pong', () => answered.add(socket));
        // Every failure is followed by 'close', where it is dealt with.
        socket.on('error', () => {});
        run(wrap(socket));
      });
    },
    get socketCount() {
      return server.clients.size;
    },
    close() {
      cancelHeartbeat();
      for (const socket of server.clients) {
        socket.close(1001, 'relay stops');
        socket.terminate();
      }
      server.close();
    },
  };
}

function wrap(socket: WebSocket): FactsSocket {
  return {
    get unsentBytes() {
      return socket.bufferedAmount;
    },
    send(bytes) {
      if (socket.readyState === socket.OPEN) socket.send(bytes);
    },
    onMessage(run) {
      socket.on('message', (data, isBinary) => {
        if (isBinary) run(data as Buffer);
        else socket.close(1003, 'binary messages only');
      });
    },
    onClose(run) {
      socket.once('close', run);
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}
