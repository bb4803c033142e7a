// A bad way between a browser and the relay, in user space because a machine of ours has no netem: a
// UDP hop that loses a share of the packets in both directions and holds each for half a round trip.
// The browser learns of it by the answer's candidates, which name the hop instead of the relay.

import { createSocket, type Socket } from 'node:dgram';

/** What a cheap router holds back before it drops, ms of its rate. */
const QUEUE_MS = 150;

export type LossyLink = {
  /** What the way from the relay carries from now on, with a queue of QUEUE_MS before it drops. */
  setBitsPerSecond(bitsPerSecond: number): void;
  /** The answer with the hop's address in place of the relay's. */
  through(answerSdp: string): string;
  counters: { passed: number; lost: number };
  close(): void;
};

/**
 * Opens a hop on an address of this machine.
 *
 * @param options.lossShare 0..1, for each direction
 * @param options.random 0..1 at each call
 */
export async function openLossyLink(options: {
  address: string;
  lossShare: number;
  roundTripMs: number;
  random(): number;
}): Promise<LossyLink> {
  const counters = { passed: 0, lost: 0 };
  const near = createSocket('udp4');
  const far = new Map<string, Socket>();
  let relay: { address: string; port: number } | undefined;
  let isClosed = false;
  let bitsPerSecond = Number.POSITIVE_INFINITY;
  const pass = (send: () => void) => {
    if (options.random() < options.lossShare) {
      counters.lost++;
      return;
    }
    counters.passed++;
    setTimeout(() => !isClosed && send(), options.roundTripMs / 2);
  };
  /** When the narrow part has carried all that was given to it, ms. */
  let freeMs = 0;
  const squeeze = (bytes: number, send: () => void) => {
    const nowMs = performance.now();
    if (!Number.isFinite(bitsPerSecond)) return pass(send);
    if (freeMs - nowMs > QUEUE_MS) {
      counters.lost++;
      return;
    }
    freeMs = Math.max(nowMs, freeMs) + (bytes * 8000) / bitsPerSecond;
    setTimeout(() => !isClosed && pass(send), freeMs - nowMs);
  };
  const farOf = (browser: { address: string; port: number }): Socket => {
    const name = `${browser.address} ${browser.port}`;
    const known = far.get(name);
    if (known) return known;
    const socket = createSocket('udp4');
    socket.on('message', (bytes) => {
      squeeze(bytes.length, () => near.send(bytes, browser.port, browser.address));
    });
    far.set(name, socket);
    return socket;
  };
  near.on('message', (bytes, browser) => {
    const to = relay;
    if (to) pass(() => farOf(browser).send(bytes, to.port, to.address));
  });
  await new Promise<void>((done) => near.bind(0, options.address, done));
  const { port } = near.address();
  return {
    counters,
    setBitsPerSecond(bits) {
      bitsPerSecond = bits;
    },
    through(answerSdp) {
      const line = /^a=candidate:(\S+) 1 UDP (\d+) (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*\r\n/gm;
      const first = line.exec(answerSdp);
      if (!first) throw new Error('The answer names no address');
      relay = { address: first[3] ?? '', port: Number(first[4]) };
      const others = answerSdp.replace(/^a=candidate:.*\r\n/gm, '');
      const own = `a=candidate:1 1 UDP 2114977791 ${options.address} ${port} typ host\r\n`;
      return others.replace(/^(a=ice-pwd:.*\r\n)/m, `$1${own}`);
    },
    close() {
      isClosed = true;
      near.close();
      for (const socket of far.values()) socket.close();
    },
  };
}
