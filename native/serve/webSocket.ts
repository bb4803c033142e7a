// The door to the `ws` package for the studio's own server: JSON ports for RPC and binary ports
// for the capture page. Dead peers are found by pings; a peer that does not read is cut off at a
// bound in bytes, because `ws` itself would buffer without end.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Timers } from '../../core/base/clock.ts';
import { createInbox } from '../../core/contract/ports.ts';
import type { Port } from '../../core/contract/rpc.ts';

/** Longest message of RPC, bytes: an SDP or a snapshot is far below. */
export const RPC_MESSAGE_BYTES_MAX = 1024 * 1024;
/** Longest message of the capture page, bytes: an IDR at 10 Mbit/s is far below. */
export const CAPTURE_MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** Unsent bytes at which a peer that does not read is cut off. */
export const UNSENT_BYTES_MAX = 8 * 1024 * 1024;
/** A peer that leaves two pings in a row unanswered is gone. */
const PING_EVERY_MS = 10_000;

/** Whole binary messages; what they mean is the business of the room that gets the port. */
export type BinaryPort = {
  /** False when the peer is closed or was cut off because it does not read. */
  send(bytes: Uint8Array): boolean;
  /** One listener; messages that came before it are kept for it. */
  onMessage(run: (bytes: Uint8Array) => void): void;
  onClose(run: () => void): void;
  close(): void;
};

export type SocketDoor = {
  /** Turns a checked HTTP upgrade into an RPC port. */
  acceptJson(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    run: (port: Port) => void,
  ): void;
  acceptBinary(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    run: (port: BinaryPort) => void,
  ): void;
  /** Ends every connection. */
  close(): void;
};

export function createSocketDoor(timers: Timers): SocketDoor {
  const json = new WebSocketServer({ noServer: true, maxPayload: RPC_MESSAGE_BYTES_MAX });
  const binary = new WebSocketServer({ noServer: true, maxPayload: CAPTURE_MESSAGE_BYTES_MAX });
  return {
    acceptJson(request, socket, head, run) {
      json.handleUpgrade(request, socket, head, (peer) => run(jsonPort(peer, timers)));
    },
    acceptBinary(request, socket, head, run) {
      binary.handleUpgrade(request, socket, head, (peer) => run(binaryPort(peer, timers)));
    },
    close() {
      for (const server of [json, binary]) {
        for (const peer of server.clients) peer.terminate();
        server.close();
      }
    },
  };
}

function jsonPort(peer: WebSocket, timers: Timers): Port {
  const inbox = createInbox();
  keepAlive(peer, timers, () => inbox.closed());
  peer.on('message', (data, isBinary) => {
    inbox.deliver(isBinary ? null : jsonOrText(data.toString()));
  });
  return {
    send(message) {
      sendBounded(peer, JSON.stringify(message));
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close() {
      peer.close(1000);
    },
  };
}

/** What is no JSON goes on as its text: RPC's own check refuses it in words. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function binaryPort(peer: WebSocket, timers: Timers): BinaryPort {
  const inbox = createInbox();
  keepAlive(peer, timers, () => inbox.closed());
  peer.binaryType = 'nodebuffer';
  peer.on('message', (data, isBinary) => {
    if (isBinary) inbox.deliver(data);
    else peer.close(1003);
  });
  return {
    send: (bytes) => sendBounded(peer, bytes),
    onMessage: (run) => inbox.onMessage((bytes) => run(bytes as Buffer)),
    onClose: inbox.onClose,
    close() {
      peer.close(1000);
    },
  };
}

function sendBounded(peer: WebSocket, data: string | Uint8Array): boolean {
  if (peer.readyState !== peer.OPEN) return false;
  if (peer.bufferedAmount > UNSENT_BYTES_MAX) {
    peer.terminate();
    return false;
  }
  peer.send(data);
  return true;
}

function keepAlive(peer: WebSocket, timers: Timers, closed: () => void): void {
  let unanswered = 0;
  const cancel = timers.every(PING_EVERY_MS, () => {
    if (unanswered >= 2) return peer.terminate();
    unanswered++;
    peer.ping();
  });
  peer.on('pong', () => {
    unanswered = 0;
  });
  // An error is always followed by a close; without a listener it would end the process.
  peer.on('error', () => {});
  peer.on('close', () => {
    cancel();
    closed();
  });
}
