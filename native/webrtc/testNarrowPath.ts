// For tests: a UDP hop between a sender and a peer of ours that carries so many bits a second, with
// a short queue before it drops, as a weak uplink does. The way back is not limited. There is no
// netem on many machines; the peer's answer is rewritten to lead here.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { realTimers } from '../../core/base/clock.ts';

/** What a cheap router holds back before it drops, ms of its rate. */
const QUEUE_MS = 150;
const TICK_MS = 5;

export type NarrowPath = {
  /** The answer with its candidates leading through this hop. */
  through(answerSdp: string): string;
  setBitsPerSecond(bitsPerSecond: number): void;
  counters: { passed: number; dropped: number };
  close(): void;
};

/** Opens a hop on loopback. */
export async function openNarrowPath(bitsPerSecond: number): Promise<NarrowPath> {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  const port = socket.address().port;
  let rate = bitsPerSecond;
  let targetPort = 0;
  let sender: RemoteInfo | null = null;
  const queue: Buffer[] = [];
  let queued = 0;
  let budget = 0;
  const counters = { passed: 0, dropped: 0 };
  socket.on('message', (packet, from) => {
    if (from.port === targetPort) {
      if (sender) socket.send(packet, sender.port, sender.address);
      return;
    }
    sender = from;
    if (queued + packet.length > (rate * QUEUE_MS) / 8000) {
      counters.dropped++;
      return;
    }
    queue.push(packet);
    queued += packet.length;
  });
  const stop = realTimers.every(TICK_MS, () => {
    budget = Math.min(budget + (rate * TICK_MS) / 8000, (rate * 4 * TICK_MS) / 8000 + 1500);
    while (queue[0] && queue[0].length <= budget) {
      const packet = queue.shift() as Buffer;
      queued -= packet.length;
      budget -= packet.length;
      counters.passed++;
      socket.send(packet, targetPort, '127.0.0.1');
    }
  });
  return {
    through: (answerSdp) =>
      answerSdp.replace(
        /^(a=candidate:\S+ \d+ udp \d+ 127\.0\.0\.1) (\d+)/gim,
        (_line, start: string, own: string) => {
          targetPort = Number(own);
          return `${start} ${port}`;
        },
      ),
    setBitsPerSecond(bits) {
      rate = bits;
    },
    counters,
    close() {
      stop();
      socket.close();
    },
  };
}
