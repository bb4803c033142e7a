// Proves over sockets that are played by hand that a viewer by WebSocket begins with the kept key
// frame, that a late one gets nothing until the next key frame and costs the others nothing, that
// every drop is counted, and that wrong or silent viewers are ended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timers } from '../../core/base/clock.ts';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { joinAnnexB } from '../../core/media/h264.ts';
import { packetizeAccessUnit } from '../../core/media/h264Rtp.ts';
import { readStreamMessage, writeStreamAck } from '../../core/media/streamMessage.ts';
import { createFanOut } from '../../native/webrtc/fanOut.ts';
import type { FactsSocket } from '../webSocket.ts';
import { StreamSpread } from './streamSpread.ts';

const sps = Uint8Array.of(0x67, 0x42, 0xe0, 0x1f);
const pps = Uint8Array.of(0x68, 1);

class Socket implements FactsSocket {
  unsentBytes = 0;
  readonly got: string[] = [];
  ended: number | 'terminated' | null = null;
  #receive: (bytes: Uint8Array) => void = () => {};
  #close = () => {};

  send(bytes: Uint8Array): void {
    const message = readStreamMessage(bytes);
    this.got.push(`${message?.kind} ${(message?.rtpTimestamp ?? 0) / 3000}`);
  }
  onMessage(run: (bytes: Uint8Array) => void): void {
    this.#receive = run;
  }
  onClose(run: () => void): void {
    this.#close = run;
  }
  close(code: number): void {
    this.ended = code;
    this.#close();
  }
  terminate(): void {
    this.ended = 'terminated';
    this.#close();
  }
  /** Says that this picture and all before it are here. */
  hear(picture: number): void {
    this.#receive(writeStreamAck(picture * 3000));
  }
  hearNonsense(): void {
    this.#receive(Uint8Array.of(1));
  }
}

function stage() {
  let nowUs = 0;
  const looks: (() => void)[] = [];
  const timers: Timers = {
    ...realTimers,
    every: (_ms, run) => {
      looks.push(run);
      return () => {};
    },
  };
  const clock = { nowUs: () => nowUs };
  const fanOut = createFanOut({
    ...{ owner: 'test', clock, timers, logger: silentLogger },
    random: (length) => new Uint8Array(length),
    onKeyFrameRequest: () => {},
  });
  const counts: number[] = [];
  const options = { fanOut, clock, timers, onViewerCount: (count: number) => counts.push(count) };
  const spread = new StreamSpread(options);
  const input = fanOut.openInput();
  let sequence = 0;
  return {
    spread,
    fanOut,
    counts,
    /** Picture `number`, 33 ms after the one before; every tenth is a key frame. */
    picture(number: number): void {
      nowUs += 33_333;
      const slice = Uint8Array.of(number % 10 === 0 ? 0x65 : 0x41, number + 1, 1);
      const unit = joinAnnexB(number % 10 === 0 ? [sps, pps, slice] : [slice]);
      const stream = { payloadType: 96, ssrc: 1, sequence, timestamp: number * 3000 };
      for (const packet of packetizeAccessUnit(unit, stream)) {
        input.push('video', packet);
        sequence++;
      }
    },
    pass(us: number): void {
      nowUs += us;
    },
    /** What runs every 20 s. */
    look(): void {
      for (const run of looks) run();
    },
    add(): Socket {
      const socket = new Socket();
      spread.add(socket);
      return socket;
    },
  };
}

test('a joiner gets all since the kept key frame, then what comes', () => {
  const show = stage();
  for (let number = 0; number < 13; number++) show.picture(number);
  const first = show.add();
  show.picture(13);
  const second = show.add();
  const kept = ['keyFrame 10', 'deltaFrame 11', 'deltaFrame 12', 'deltaFrame 13'];
  assert.deepEqual(first.got, kept);
  assert.deepEqual(second.got, kept);
  show.fanOut.sendAnalytics(Uint8Array.of(1));
  assert.deepEqual([first.got.at(-1), second.got.at(-1)], ['facts 0', 'facts 0']);
  first.close(1000);
  second.close(1000);
  assert.deepEqual(show.counts, [1, 2, 1, 0]);
  show.picture(14);
  assert.equal(first.got.length, 5, 'nothing after it left');
});

test('who is late, by what waits here or by what it says, waits for a key frame', () => {
  const show = stage();
  const [good, full, silent] = [show.add(), show.add(), show.add()];
  for (let number = 0; number < 65; number++) {
    if (number === 5) full.unsentBytes = 300_000;
    if (number === 12) full.unsentBytes = 0;
    if (number === 45) silent.hear(44);
    show.picture(number);
    good.hear(number);
    full.hear(number);
    // It says nothing from the start.
  }
  const pictures = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => {
      const number = from + at;
      return `${number % 10 === 0 ? 'keyFrame' : 'deltaFrame'} ${number}`;
    });
  assert.deepEqual(good.got, pictures(0, 65));
  assert.deepEqual(full.got, [...pictures(0, 5), ...pictures(20, 65)]);
  // A second after the first picture it had heard nothing of; from 45 on it is believed again.
  assert.deepEqual(silent.got, [...pictures(0, 31), ...pictures(50, 65)]);
  const { unitsSent, unitsDropped, fellBehind } = show.spread.counters;
  const all = [good, full, silent].reduce((sum, { got }) => sum + got.length, 0);
  assert.deepEqual([unitsSent, unitsDropped, fellBehind], [all, 3 * 65 - all, 2]);
});

test('facts wait for nobody', () => {
  const show = stage();
  const [free, busy] = [show.add(), show.add()];
  busy.unsentBytes = 100_000;
  show.fanOut.sendAnalytics(Uint8Array.of(1));
  assert.deepEqual([free.got.length, busy.got.length], [1, 0]);
  assert.equal(show.spread.counters.factsDropped, 1);
});

test('nonsense and silence end a viewer; the end of the channel ends all', () => {
  const show = stage();
  const [wrong, silent, good] = [show.add(), show.add(), show.add()];
  show.picture(0);
  wrong.hearNonsense();
  assert.equal(wrong.ended, 4400);
  good.hear(0);
  show.look();
  assert.deepEqual([silent.ended, good.ended], ['terminated', null]);
  show.spread.close();
  assert.equal(good.ended, 4409);
  assert.equal(show.spread.viewerCount, 0);
});
