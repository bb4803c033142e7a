// A viewer without a page: signs in over the relay's wire as a page does, bets, and tells when each
// answer came. It keeps nothing and tries nothing again.

import { randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { WebSocket } from 'ws';
import { newId } from '../core/base/ids.ts';
import {
  type BetReply,
  BetSchema,
  type FromViewer,
  FromViewerSchema,
  HelloSchema,
  ToViewerSchema,
} from '../core/wire/gen/facts_pb.js';
import { FACTS_VERSION, keyPairOf, signText, viewerSigningText } from '../core/wire/signing.ts';
import type { ReadyFacts } from '../tests/harness/studio.ts';

export type BetAnswer = { reply: BetReply; sentMs: number; answeredMs: number };
export type Bettor = {
  /** One point on the first outcome. Rejects when the relay hangs up first. */
  bet(marketId: string): Promise<BetAnswer>;
  close(): void;
};

/** First bytes of the messages that matter here: field number << 3, length-delimited. */
const HEARD: ReadonlySet<number> = new Set(
  ToViewerSchema.fields
    .filter(({ localName }) => ['challenge', 'refused', 'balance', 'betReply'].includes(localName))
    .map(({ number }) => (number << 3) | 2),
);

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** Resolves once the viewer is welcome and knows its balance, so that it may bet. */
export async function joinBettor(facts: ReadyFacts): Promise<Bettor> {
  const channel = facts.channel ?? '';
  // Not the platform's own: it takes several times as long for a message, and five hundred viewers
  // in one process would measure that.
  const address = `${facts.relay?.replace(/^http/, 'ws')}/facts/${channel}`;
  const socket = new WebSocket(address, { perMessageDeflate: false, skipUTF8Validation: true });
  socket.binaryType = 'arraybuffer';
  const waiting = new Map<string, { done(reply: BetReply): void; fail(cause: Error): void }>();
  const send = (message: FromViewer['message']) => {
    const bytes = toBinary(FromViewerSchema, create(FromViewerSchema, { message }));
    socket.send(new Uint8Array(bytes));
  };
  await new Promise<void>((joined, refused) => {
    socket.onclose = ({ code, reason }) => {
      const gone = new Error(`The relay hung up: ${code} ${reason}`);
      refused(gone);
      for (const { fail } of waiting.values()) fail(gone);
    };
    socket.onmessage = ({ data }) => {
      // The rest is not even read: five hundred bettors hear every change of every market.
      if (!HEARD.has(new Uint8Array(data as ArrayBuffer)[0] ?? 0)) return;
      const { message } = fromBinary(ToViewerSchema, new Uint8Array(data as ArrayBuffer));
      if (message.case === 'challenge') send(helloTo(channel, message.value.nonce));
      else if (message.case === 'refused') refused(new Error(message.value.message));
      else if (message.case === 'balance') joined();
      else if (message.case === 'betReply') waiting.get(message.value.betId)?.done(message.value);
    };
  });
  return {
    bet(marketId) {
      const betId = newId(random);
      const value = create(BetSchema, { betId, marketId, outcome: 0, amountMinor: 1n });
      return new Promise((resolve, fail) => {
        const sentMs = performance.now();
        const done = (reply: BetReply) => {
          waiting.delete(betId);
          resolve({ reply, sentMs, answeredMs: performance.now() });
        };
        waiting.set(betId, { done, fail });
        send({ case: 'bet', value });
      });
    },
    close: () => socket.close(),
  };
}

function helloTo(channel: string, nonce: string): FromViewer['message'] {
  const key = keyPairOf(random(32));
  const subject = newId(random);
  const text = viewerSigningText(channel, subject, nonce);
  const signature = signText(text, key.secretKey);
  const { publicKey } = key;
  const hello = { version: FACTS_VERSION, publicKey, subject, signature };
  return { case: 'hello', value: create(HelloSchema, hello) };
}
