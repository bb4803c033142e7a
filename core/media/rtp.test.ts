// Proves that RTP and RTCP bytes survive writing and reading for any values, that the bytes are
// those of the RFCs' figures, and that random and damaged bytes never throw. Seeds are printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ntpMiddle,
  ntpOf,
  parseRtcp,
  writeBitrateMax,
  writeBye,
  writeKeyFrameRequest,
  writeNack,
  writeReceiverReport,
  writeSenderReport,
} from './rtcp.ts';
import {
  extendSequence,
  isRtcp,
  parseRtp,
  sequenceDistance,
  timestampDistance,
  writePlayoutDelay,
  writeRtpHeader,
} from './rtp.ts';

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
const options = { seed, numRuns: 300 };
console.log(`seed ${seed}`);

const unsigned16 = fc.integer({ min: 0, max: 0xffff });
const unsigned32 = fc.integer({ min: 0, max: 0xffffffff });

test('an RTP header is read back as written', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 127 }),
      fc.boolean(),
      unsigned16,
      unsigned32,
      unsigned32,
      fc.uint8Array({ maxLength: 50 }),
      (payloadType, marker, sequence, timestamp, ssrc, payload) => {
        const header = { payloadType, marker, sequence, timestamp, ssrc };
        const packet = new Uint8Array(12 + payload.length);
        writeRtpHeader(packet, 0, header);
        packet.set(payload, 12);
        const read = parseRtp(packet);
        assert.deepEqual(read, { ...header, payloadStart: 12, payloadEnd: packet.length });
      },
    ),
    options,
  );
});

test('a playout-delay extension is skipped by the reader and has the bytes of RFC 8285', () => {
  const packet = new Uint8Array(23);
  const header = { payloadType: 96, marker: true, sequence: 1, timestamp: 2, ssrc: 3 };
  writeRtpHeader(packet, 0, header, true);
  writePlayoutDelay(packet, 12, 5, 0, 0);
  assert.deepEqual([...packet.subarray(12, 20)], [0xbe, 0xde, 0, 1, 0x52, 0, 0, 0]);
  assert.deepEqual(parseRtp(packet), { ...header, payloadStart: 20, payloadEnd: 23 });
  writePlayoutDelay(packet, 12, 14, 100, 100);
  assert.deepEqual([...packet.subarray(16, 20)], [0xe2, 0x00, 0xa0, 0x0a]);
});

test('padding and contributing sources are left out; impossible lengths are refused', () => {
  const packet = new Uint8Array(24);
  writeRtpHeader(packet, 0, { payloadType: 1, marker: false, sequence: 0, timestamp: 0, ssrc: 0 });
  packet[0] = 0xa1;
  packet[23] = 4;
  assert.equal(parseRtp(packet)?.payloadStart, 16);
  assert.equal(parseRtp(packet)?.payloadEnd, 20);
  packet[23] = 40;
  assert.equal(parseRtp(packet), undefined);
  packet[0] = 0x9f;
  assert.equal(parseRtp(packet), undefined);
  assert.equal(parseRtp(new Uint8Array(11)), undefined);
});

test('distances wrap and extended sequence numbers grow through the wrap', () => {
  assert.equal(sequenceDistance(65_535, 2), 3);
  assert.equal(sequenceDistance(2, 65_535), -3);
  assert.equal(timestampDistance(0xffffffff, 1), 2);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.integer({ min: -32_767, max: 32_767 }),
      (near, step) => {
        assert.equal(extendSequence((near + step) & 0xffff, near), near + step);
      },
    ),
    options,
  );
});

test('sender report, receiver report and feedback are read back as written', () => {
  fc.assert(
    fc.property(unsigned32, unsigned32, unsigned32, unsigned32, (ssrc, seconds, fraction, time) => {
      const clock = { ntpSeconds: seconds, ntpFraction: fraction, rtpTimestamp: time };
      const block = {
        ssrc: time,
        fractionLost: (seconds % 256) / 256,
        cumulativeLost: (fraction % 0xffffff) - 0x800000,
        highestSequence: seconds,
        jitter: fraction,
        lastSenderReport: ntpMiddle(clock),
        delaySinceLast: time,
      };
      const report = writeSenderReport(ssrc, clock, seconds, fraction, 'studio');
      const compound = new Uint8Array(report.length + 32);
      compound.set(report);
      compound.set(writeReceiverReport(ssrc, [block]), report.length);
      assert.ok(isRtcp(compound));
      assert.deepEqual(parseRtcp(compound), [
        { type: 'senderReport', ssrc, clock, packets: seconds, octets: fraction },
        { type: 'reports', ssrc, blocks: [block] },
      ]);
    }),
    options,
  );
  assert.deepEqual(parseRtcp(writeKeyFrameRequest(1, 0xfffffffe)), [
    { type: 'keyFrameRequest', mediaSsrc: 0xfffffffe },
  ]);
  assert.deepEqual(parseRtcp(writeBye(0xfffffffe)), [{ type: 'bye', ssrc: 0xfffffffe }]);
  assert.deepEqual(parseRtcp(writeBitrateMax(1, 2, 8_000_000)), [
    { type: 'bitrateMax', bitsPerSecond: 8_000_000 },
  ]);
});

test('a NACK names exactly the given sequence numbers, over the wrap too', () => {
  fc.assert(
    fc.property(
      unsigned16,
      fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 60 }),
      (base, offsets) => {
        const wanted = offsets.sort((a, b) => a - b).map((offset) => (base + offset) & 0xffff);
        const [item] = parseRtcp(writeNack(7, 8, wanted));
        assert.ok(item?.type === 'nack');
        assert.deepEqual(item.sequences, wanted);
        assert.equal(item.mediaSsrc, 8);
      },
    ),
    options,
  );
  // Two lost packets 16 apart still share one pair (RFC 4585 figure 4).
  assert.equal(writeNack(1, 2, [100, 116]).length, 16);
  assert.equal(writeNack(1, 2, [100, 117]).length, 20);
});

test('NTP of a Unix time is exact to a microsecond', () => {
  const { ntpSeconds, ntpFraction } = ntpOf(1_500_000);
  assert.equal(ntpSeconds, 2_208_988_801);
  assert.equal(ntpFraction, 2_147_483_648);
});

test('random and damaged bytes never throw', () => {
  const valid = writeSenderReport(1, { ntpSeconds: 1, ntpFraction: 2, rtpTimestamp: 3 }, 4, 5, 'x');
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.nat(valid.length - 1),
      fc.nat(255),
      (bytes, position, value) => {
        const damaged = valid.slice();
        damaged[position] = value;
        for (const input of [bytes, damaged, damaged.subarray(0, position)]) {
          assert.ok(Array.isArray(parseRtcp(input)));
          const packet = parseRtp(input);
          if (packet) assert.ok(packet.payloadStart <= packet.payloadEnd);
        }
      },
    ),
    { ...options, numRuns: 3000 },
  );
});
