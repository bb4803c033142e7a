// The crowd of `fanfacts`: a process that holds many viewers' sockets and notes how old each message
// is when it arrives, on the machine's monotonic clock. Samples of a round are handed over and
// forgotten; at most so many are kept, every so many-th one, so that noting costs little.

import { newId } from '../core/base/ids.ts';
import { keyPairOf } from '../core/wire/signing.ts';
import { clock, random, TestViewer } from '../relay/testing/harness.ts';
import { RawViewer } from '../relay/testing/rawViewer.ts';

const [url = '', channelId = '', count = '0'] = process.argv.slice(2);
const SAMPLES_MAX = 50_000;
/** Viewers that join at the same time. */
const AT_ONCE = 50;

let analytics: number[] = [];
let markets: number[] = [];

function note(samples: number[], sentUs: bigint): void {
  if (samples.length < SAMPLES_MAX) samples.push((clock.nowUs() - Number(sentUs)) / 1000);
}

/** One in so many is read and measured; the others only take their bytes, as the kernel does. */
const MEASURED_EVERY = 50;
const port = Number(new URL(url).port);
let joined = 0;
for (let at = 0; at < Number(count); at += AT_ONCE) {
  const size = Math.min(AT_ONCE, Number(count) - at);
  const drained = Array.from({ length: size - size / MEASURED_EVERY }, async () => {
    const like = { channelId, subject: newId(random), key: keyPairOf(random(32)) };
    const socket = await RawViewer.join(port, like, true);
    socket.resume();
  });
  await Promise.all(drained);
  const some = Array.from({ length: size / MEASURED_EVERY }, () => new TestViewer(url, channelId));
  await Promise.all(some.map((viewer) => viewer.join()));
  joined += size;
  for (const viewer of some) {
    const $typeName = 'morphine.facts.v1.AnalyticsWish';
    viewer.send({ case: 'analyticsWish', value: { $typeName, isWanted: true } });
    viewer.inbox.push = ({ message }) => {
      if (message.case === 'analytics') note(analytics, message.value.captureUs);
      if (message.case === 'market') note(markets, message.value.opensAtUs);
    };
  }
}
process.on('message', () => {
  process.send?.({ analytics, markets });
  analytics = [];
  markets = [];
});
process.on('disconnect', () => process.exit());
process.send?.({ joined });
