// The crowd of `fanfacts`: a process that holds many viewers' sockets and notes how old each message
// is when it arrives, on the machine's monotonic clock. Samples of a round are handed over and
// forgotten; at most so many are kept, every so many-th one, so that noting costs little.

import { create } from '@bufbuild/protobuf';
import { newId } from '../core/base/ids.ts';
import { ChatSendSchema } from '../core/wire/gen/facts_pb.js';
import { keyPairOf } from '../core/wire/signing.ts';
import { clock, random, TestViewer } from '../relay/testing/harness.ts';
import { RawViewer } from '../relay/testing/rawViewer.ts';

const [url = '', channelId = '', count = '0'] = process.argv.slice(2);
const SAMPLES_MAX = 50_000;
/** Viewers that join at the same time. */
const AT_ONCE = 50;

/** Four messages a second; each viewer may say one a second. */
const CHAT_MS = 250;

let analytics: number[] = [];
let markets: number[] = [];
let chats: number[] = [];
const speakers: TestViewer[] = [];

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
      if (message.case === 'chat') note(chats, BigInt(message.value.text));
    };
    speakers.push(viewer);
  }
}

function speak(): void {
  const speaker = speakers.shift();
  if (!speaker) return;
  speakers.push(speaker);
  const text = String(clock.nowUs());
  const value = create(ChatSendSchema, { chatId: newId(random), text });
  speaker.send({ case: 'chatSend', value });
}

let speaking: NodeJS.Timeout | undefined;
process.on('message', (word) => {
  clearInterval(speaking);
  if (word === 'report') process.send?.({ analytics, markets, chats });
  else speaking = setInterval(speak, CHAT_MS);
  analytics = [];
  markets = [];
  chats = [];
});
process.on('disconnect', () => process.exit());
process.send?.({ joined });
