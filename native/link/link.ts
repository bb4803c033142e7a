// Bytes between our own processes: one TCP connection on loopback, authenticated by a token of
// this run, carrying frames `length (4) | kind (1) | payload`. utilityProcess has no stdin and
// Electron's ports copy, so engine, ledger and vision talk through this instead.
// What the kinds mean is the business of the two rooms that speak; this file only frames.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../../core/contract/process.ts';

/** Longest payload, bytes: an IDR at 10 Mbit/s is far below; a raw frame must not travel here. */
export const LINK_PAYLOAD_BYTES_MAX = 8 * 1024 * 1024;
/** Above this many unsent bytes `isCongested` is true; media senders then drop, facts wait. */
const CONGESTED_BYTES = 1024 * 1024;
const HEADER_BYTES = 5;
const TOKEN_KIND = 255;
/** A connection that has not shown its token by then is closed. */
const TOKEN_WAIT_MS = 2_000;

export type LinkFrame = { kind: number; payload: Buffer };

export type Link = {
  /** Sends one frame; `kind` is 0..254. Frames to a closed link are dropped. */
  send(kind: number, payload: Uint8Array): void;
  onFrame(run: (frame: LinkFrame) => void): void;
  /** Runs once, also when the link was already closed. */
  onClose(run: () => void): void;
  /** True while the peer reads slower than we write. */
  isCongested(): boolean;
  close(): void;
};

/** Listens on a free loopback port and hands out links whose token was right. */
export async function listenLink(
  onLink: (link: Link) => void,
): Promise<{ endpoint: Endpoint; close(): void }> {
  const token = randomBytes(32).toString('hex');
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    acceptLink(socket, token, onLink);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No loopback address');
  return {
    endpoint: { port: address.port, token },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Connects to another of our processes. Rejects when nobody listens there. */
export async function connectLink(endpoint: Endpoint): Promise<Link> {
  const socket = createConnection({ host: '127.0.0.1', port: endpoint.port });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.setNoDelay(true);
  const link = linkOver(socket);
  writeFrame(socket, TOKEN_KIND, Buffer.from(endpoint.token));
  return link;
}

function acceptLink(socket: Socket, token: string, onLink: (link: Link) => void): void {
  socket.setNoDelay(true);
  const link = linkOver(socket);
  const expected = Buffer.from(token);
  const timer = setTimeout(() => socket.destroy(), TOKEN_WAIT_MS);
  socket.once('close', () => clearTimeout(timer));
  let isKnown = false;
  link.onFrame((frame) => {
    if (isKnown) return;
    const isRight =
      frame.kind === TOKEN_KIND &&
      frame.payload.length === expected.length &&
      timingSafeEqual(frame.payload, expected);
    if (!isRight) {
      socket.destroy();
      return;
    }
    isKnown = true;
    clearTimeout(timer);
    onLink(link);
  });
}

function writeFrame(socket: Socket, kind: number, payload: Uint8Array): void {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(payload.length, 0);
  header[4] = kind;
  socket.cork();
  socket.write(header);
  socket.write(payload);
  socket.uncork();
}

function linkOver(socket: Socket): Link {
  const frameListeners: ((frame: LinkFrame) => void)[] = [];
  const closeListeners: (() => void)[] = [];
  const reader = new FrameReader();
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    for (const run of closeListeners.splice(0)) run();
  }
  socket.on('data', (chunk: Buffer) => {
    const isFine = reader.push(chunk, (frame) => {
      for (const run of frameListeners) run(frame);
    });
    if (!isFine) socket.destroy();
  });
  // The cause shows as a closed link; the supervisor knows why the peer went away.
  socket.on('error', () => {});
  socket.once('close', close);

  return {
    send(kind, payload) {
      if (!isClosed && socket.writable) writeFrame(socket, kind, payload);
    },
    onFrame(run) {
      frameListeners.push(run);
    },
    onClose(run) {
      if (isClosed) run();
      else closeListeners.push(run);
    },
    isCongested: () => socket.writableLength > CONGESTED_BYTES,
    close() {
      socket.destroy();
      close();
    },
  };
}

/** Cuts a byte stream into frames. */
class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Returns false when the stream breaks the rules and must be closed. */
  push(chunk: Buffer, onFrame: (frame: LinkFrame) => void): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= HEADER_BYTES) {
      const header = this.#peek(HEADER_BYTES);
      const length = header.readUInt32BE(0);
      if (length > LINK_PAYLOAD_BYTES_MAX) return false;
      if (this.#bytes < HEADER_BYTES + length) return true;
      const whole = this.#take(HEADER_BYTES + length);
      onFrame({ kind: whole[4] ?? 0, payload: whole.subarray(HEADER_BYTES) });
    }
    return true;
  }

  #peek(length: number): Buffer {
    const first = this.#chunks[0];
    if (first && first.length >= length) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0];
    const source = first && first.length >= length ? first : Buffer.concat(this.#chunks);
    if (source !== first) this.#chunks = [source];
    const taken = source.subarray(0, length);
    const rest = source.subarray(length);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#bytes -= length;
    return taken;
  }
}
