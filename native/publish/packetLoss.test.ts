// Proves that packets are lost only while somebody asked for it, about as many as were asked for,
// and that what is counted is what was thrown away.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createFanOut } from '../webrtc/fanOut.ts';
import { createPacketLoss } from './packetLoss.ts';

test('a share of the packets is lost for a while, and none before or after', () => {
  const time = new ManualTime();
  // Every value of a byte as often as another: the share is exact.
  let byte = 0;
  const random = (length: number) => {
    byte = (byte + 7) & 0xff;
    return new Uint8Array(length).fill(byte);
  };
  const fanOut = createFanOut({
    ...{ owner: 'test', clock: time, timers: time, random, logger: silentLogger },
    onKeyFrameRequest() {},
  });
  const loss = createPacketLoss({ timers: time, random });
  let arrived = 0;
  const send = () => {
    arrived++;
    return true;
  };
  const audio = { payloadType: 111, ssrc: 9, playoutDelayId: 0, send };
  const viewer = loss.behind(fanOut).addViewer({ audio }, () => {});
  viewer.opened('audio');
  const input = fanOut.openInput();
  let sequence = 0;
  const say = (count: number) => {
    const before = arrived;
    for (let at = 0; at < count; at++) {
      const packet = new Uint8Array(60);
      packet.set([0x80, 111, sequence >> 8, sequence & 0xff, 0, 0, sequence >> 8, sequence & 0xff]);
      packet.set([0, 0, 0, 2], 8);
      sequence++;
      input.push('audio', packet);
    }
    return arrived - before;
  };
  assert.equal(say(100), 100);
  assert.equal(loss.view(), null);
  assert.equal(loss.begin('one', 25, 10_000), true);
  assert.equal(loss.begin('two', 25, 10_000), false, 'one at a time');
  const passed = say(1_024);
  assert.equal(passed, 768);
  const during = loss.view();
  assert.deepEqual(
    [during?.id, during?.isOver, during?.sent, during?.lost],
    ['one', false, 1_024, 256],
  );
  time.advance(10_000);
  assert.equal(loss.view()?.isOver, true);
  assert.equal(say(100), 100);
  fanOut.close();
});
