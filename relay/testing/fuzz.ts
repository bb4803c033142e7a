// For tests and endurance runs: bytes that are almost right, at every door of the relay that reads
// bytes of strangers. A fuzzer runs so many cases from a seed and throws, with the case's number,
// when a door does what it must not: throw something of its own, accept a forgery, or hang.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ManualTime } from '../../core/base/clock.ts';
import { newId } from '../../core/base/ids.ts';
import {
  parseRtcp,
  writeBye,
  writeKeyFrameRequest,
  writeNack,
  writeReceiverReport,
  writeSdes,
  writeSenderReport,
} from '../../core/media/rtcp.ts';
import {
  type FromStudio,
  FromStudioSchema,
  type FromViewer,
  FromViewerSchema,
} from '../../core/wire/gen/facts_pb.js';
import { NodeMessageSchema } from '../../core/wire/gen/nodes_pb.js';
import { viewerMessageFault } from '../../core/wire/viewerChecks.ts';
import { refusedAnswer } from '../../core/wire/viewerReplies.ts';
import { Channel } from '../channel.ts';
import { GuestTokens } from '../guestTokens.ts';
import { detectionOf, opportunityOf, poseOf, speedOf } from '../jsonMessages.ts';
import { HomeDesk } from '../nodes/homeDesk.ts';
import { NO_SPAN } from '../nodes/span.ts';
import { Topics } from '../nodes/topics.ts';
import { PublisherTokens } from '../publisherTokens.ts';
import { seededBelow } from './chaosLink.ts';
import { closedRequest } from './rawRequest.ts';

type Below = (below: number) => number;
export type Fuzzer = (cases: number, seed: number) => { accepted: number; refused: number };

/** Flipped bits, cut, lengthened, doubled, or nothing but noise. */
export function mutated(bytes: Uint8Array, below: Below): Uint8Array {
  const noise = (length: number) => Uint8Array.from({ length }, () => below(256));
  switch (below(6)) {
    case 0:
      return noise(below(200));
    case 1:
      return bytes.slice(0, below(bytes.length + 1));
    case 2:
      return new Uint8Array([...bytes, ...noise(1 + below(40))]);
    case 3: {
      const at = below(bytes.length + 1);
      return new Uint8Array([...bytes.slice(0, at), ...bytes.slice(below(bytes.length + 1))]);
    }
    default: {
      const copy = bytes.slice();
      for (let flips = 1 + below(8); flips > 0 && copy.length > 0; flips--) {
        const at = below(copy.length);
        copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
      }
      return copy;
    }
  }
}

/** Runs the cases; `run` says whether the door took them. */
function fuzz(cases: number, seed: number, run: (below: Below) => boolean) {
  const below = seededBelow(seed);
  const counts = { accepted: 0, refused: 0 };
  for (let at = 0; at < cases; at++) {
    try {
      if (run(below)) counts.accepted++;
      else counts.refused++;
    } catch (cause) {
      throw new Error(`case ${at} of seed ${seed}`, { cause });
    }
  }
  return counts;
}

const ID = 'ab'.repeat(16);
const viewerMessages: FromViewer['message'][] = [
  {
    case: 'hello',
    value: {
      $typeName: 'morphine.facts.v1.Hello',
      ...{ version: 1, publicKey: 'ab'.repeat(32), subject: ID, signature: 'ab'.repeat(64) },
      ...{ resumeFeed: ID, resumeNumber: 7n },
    } as Extract<FromViewer['message'], { case: 'hello' }>['value'],
  },
  {
    case: 'bet',
    value: {
      $typeName: 'morphine.facts.v1.Bet',
      ...{ betId: ID, marketId: 'm1', outcome: 1, amountMinor: 50n },
    },
  },
  { case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 12.5 } },
  { case: 'historyRequest', value: { $typeName: 'morphine.facts.v1.HistoryRequest', limit: 20 } },
];

/** What viewers say: read or refused, and every question has an answer. */
export const fuzzViewers: Fuzzer = (cases, seed) =>
  fuzz(cases, seed, (below) => {
    const message = viewerMessages[below(viewerMessages.length)];
    const bytes = toBinary(FromViewerSchema, create(FromViewerSchema, message ? { message } : {}));
    const read = readOr(() => fromBinary(FromViewerSchema, mutated(bytes, below)));
    if (!read || viewerMessageFault(read.message) !== null) return false;
    refusedAnswer(read.message, { code: 'X', message: 'x' });
    return true;
  });

function studioBytes(below: Below): Uint8Array {
  const track = {
    ...{ id: 1, label: 'person', confidence: 0.5, velocityX: 1 },
    box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 },
    keypoints: [{ x: 0.5, y: 0.5, confidence: 1 }],
  };
  const market = {
    id: 'm1',
    title: 'Goal?',
    state: 2,
    outcomes: [{ label: 'yes', poolMinor: 5n }],
  };
  const message = [
    { case: 'analytics' as const, value: { captureUs: 5n, tracks: [track] } },
    {
      case: 'deliver' as const,
      value: { message: { message: { case: 'market' as const, value: market } } },
    },
    {
      case: 'deliver' as const,
      value: {
        viewerIds: ['v1', 'nobody'],
        message: { message: { case: 'balance' as const, value: { availableMinor: 5n } } },
      },
    },
    { case: 'ping' as const, value: { sentMs: 5 } },
  ][below(4)];
  return toBinary(FromStudioSchema, create(FromStudioSchema, message ? { message } : {}));
}

/** What studios say, into a channel with a viewer and a tool. */
export const fuzzStudios: Fuzzer = (cases, seed) => {
  const channel = new Channel(ID, new ManualTime(), NO_SPAN, ID);
  const quiet = { send() {}, sendAnalytics() {}, end() {} };
  const viewer = { id: 'v1', subject: ID, publicKey: '', address: '', hasResumed: false };
  channel.viewerCame({ ...viewer, ...quiet, isDisplay: false }, null);
  channel.watch({
    analytics: (facts) => void JSON.stringify([detectionOf(facts), poseOf(facts), speedOf(facts)]),
    markets: (markets) => void JSON.stringify(markets.map(opportunityOf)),
  });
  return fuzz(cases, seed, (below) => {
    const bytes = mutated(studioBytes(below), below);
    const read: FromStudio | null = readOr(() => fromBinary(FromStudioSchema, bytes));
    const message = read?.message;
    if (message?.case === 'analytics') channel.sendAnalytics(message.value);
    else if (message?.case === 'deliver' && message.value.message) {
      channel.deliver(message.value.viewerIds, message.value.message);
    } else return false;
    return true;
  });
};

/** A writer and a reader of one topic, with a home's desk behind the reader. */
function openPair() {
  const time = new ManualTime();
  const kept: Uint8Array[] = [];
  const readers: ((bytes: Uint8Array) => void)[] = [];
  const carrier = {
    publish: (_topic: string, bytes: Uint8Array) => kept.push(bytes) > 0,
    async follow(_topic: string, run: (bytes: Uint8Array) => void) {
      readers.push(run);
    },
    unfollow() {},
  };
  const ownTopic = (writer: string) => `n:${writer}`;
  const parts = { carrier, timers: time, ownTopic };
  const writer = new Topics({ ...parts, writer: 'w' });
  const reader = new Topics({ ...parts, writer: 'r' });
  const desk = new HomeDesk({ tell() {}, say() {}, nowUs: () => time.nowUs() });
  desk.open(new Channel(ID, time, NO_SPAN, ID));
  desk.claimed(ID, 5);
  const counts = { heard: 0 };
  void reader.follow('n:r', {
    onMessage(payload, from) {
      counts.heard++;
      const message = readOr(() => fromBinary(NodeMessageSchema, payload))?.message;
      if (message) desk.heard(message, from);
    },
    onLost() {},
    isFromStart: true,
  });
  const hear = (bytes: Uint8Array) => {
    for (const run of readers) run(bytes);
  };
  return { time, writer, counts, kept, hear };
}

/** What nodes say: frames of topics and the messages in them. */
export const fuzzNodes: Fuzzer = (cases, seed) => {
  let pair = openPair();
  return fuzz(cases, seed, (below) => {
    // A bent frame may take the place of later ones: readers do not live long here.
    if (below(20) === 0) pair = openPair();
    const value = { $typeName: 'morphine.nodes.v1.Attach', channelId: ID, epoch: 5n } as const;
    const message = create(NodeMessageSchema, { message: { case: 'attach', value } });
    pair.kept.length = 0;
    pair.writer.write('n:r', mutated(toBinary(NodeMessageSchema, message), below));
    const before = pair.counts.heard;
    const [bytes] = pair.kept;
    if (bytes) pair.hear(below(2) === 0 ? mutated(bytes, below) : bytes);
    pair.time.advance(1);
    return pair.counts.heard > before;
  });
};

/** Tokens one bit or one character away from a real one are never taken. */
export const fuzzTokens: Fuzzer = (cases, seed) => {
  const time = new ManualTime();
  const random = (length: number) => {
    const below = seededBelow(seed + length);
    return Uint8Array.from({ length }, () => below(256));
  };
  const publishers = new PublisherTokens(time, random);
  const token = publishers.issue(ID);
  const guests = new GuestTokens({ secret: 's', random, wallMs: () => 1_000 });
  const pass = guests.issue({ channelId: ID, subject: ID }, 'signIn');
  return fuzz(cases, seed, (below) => {
    const real = below(2) === 0 ? token : pass;
    const forged = Buffer.from(mutated(Buffer.from(real, 'latin1'), below)).toString('latin1');
    if (forged === real) return false;
    if (publishers.isValid(ID, forged) || publishers.isValidElsewhere(newId(random), forged)) {
      throw new Error(`a publisher's token was taken: ${JSON.stringify(forged)}`);
    }
    if ('guest' in guests.take(forged, 'signIn')) {
      throw new Error(`a guest's token was taken: ${JSON.stringify(forged)}`);
    }
    return false;
  });
};

/** RTCP (RFC 3550 section 6.1): parsed as far as it makes sense, never out of its bounds. */
export const fuzzRtcp: Fuzzer = (cases, seed) => {
  const clock = { ntpSeconds: 5, ntpFraction: 6, rtpTimestamp: 7 };
  const block = { ssrc: 2, fractionLost: 0.5, cumulativeLost: 4, highestSequence: 5, jitter: 6 };
  const samples = [
    writeSenderReport(1, clock, 8, 9, 'name'),
    writeReceiverReport(1, [{ ...block, lastSenderReport: 7, delaySinceLast: 8 }]),
    writeSdes(1, 'name'),
    writeBye(1),
    writeNack(1, 2, [10, 11, 400]),
    writeKeyFrameRequest(1, 2),
  ];
  return fuzz(cases, seed, (below) => {
    const one = samples[below(samples.length)] ?? new Uint8Array();
    const two = samples[below(samples.length)] ?? new Uint8Array();
    return parseRtcp(mutated(new Uint8Array([...one, ...two]), below)).length > 0;
  });
};

export const FUZZERS: Readonly<Record<string, Fuzzer>> = {
  viewers: fuzzViewers,
  studios: fuzzStudios,
  nodes: fuzzNodes,
  tokens: fuzzTokens,
  rtcp: fuzzRtcp,
};

const requests = (channelId: string) => [
  `GET /s/${channelId} HTTP/1.1\r\nHost: relay\r\nAccept-Encoding: br, gzip\r\n\r\n`,
  `GET /receipt/${channelId}/1/${'ab'.repeat(32)} HTTP/1.1\r\nHost: relay\r\n\r\n`,
  `GET /view/${channelId}?token=${'ab'.repeat(32)} HTTP/1.1\r\nHost: relay\r\n\r\n`,
  `POST /whep/${channelId} HTTP/1.1\r\nHost: relay\r\nContent-Type: application/sdp\r\n` +
    'Content-Length: 5\r\n\r\nv=0\r\n',
  `PATCH /whip/${channelId}/x HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer x\r\n` +
    'Content-Type: application/trickle-ice-sdpfrag\r\nContent-Length: 0\r\n\r\n',
  'POST /pair HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: relay\r\n\r\n',
];

/**
 * Requests that are almost right, on connections of their own, some at a time.
 *
 * @returns how often each status was answered; 0 stands for a connection that was closed
 * @throws for an answer that says the relay itself failed
 */
export async function fuzzHttp(
  target: { port: number; channelId: string },
  cases: number,
  seed: number,
): Promise<Map<number, number>> {
  const below = seededBelow(seed);
  const samples = requests(target.channelId);
  const statuses = new Map<number, number>();
  let next = 0;
  const worker = async () => {
    while (next < cases) {
      const at = next++;
      const sample = Buffer.from(samples[below(samples.length)] ?? '', 'latin1');
      const answer = await closedRequest(target.port, mutated(sample, below));
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
      if (status === 500 || (status === 0 && answer !== '')) {
        throw new Error(`case ${at} of seed ${seed}: ${answer.slice(0, 200)}`);
      }
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  return statuses;
}

/** Null for bytes that are no message; that is a refusal, not a fault. */
function readOr<Message>(read: () => Message): Message | null {
  try {
    return read();
  } catch {
    return null;
  }
}
