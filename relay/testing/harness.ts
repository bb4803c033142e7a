// For tests only: a relay on a free loopback port with a data folder of its own, and scripted
// viewers and studios that speak the wire by hand over real WebSockets. Waiting is for facts.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import { newId, toHex } from '../../core/base/ids.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { JournalTextBytes } from '../../core/ledger/texts.ts';
import {
  type FromStudio,
  FromStudioSchema,
  type FromViewer,
  FromViewerSchema,
  type ToStudio,
  ToStudioSchema,
  type ToViewer,
  ToViewerSchema,
} from '../../core/wire/gen/facts_pb.js';
import {
  channelIdOf,
  FACTS_VERSION,
  type KeyPair,
  keyPairOf,
  signText,
  studioSigningText,
  viewerSigningText,
} from '../../core/wire/signing.ts';
import type { MediaRoom, MediaRoomOptions, MediaState } from '../media/mediaRoom.ts';
import { createRelay, type Relay, type RelayOptions } from '../relay.ts';
import type { FactsSocket } from '../webSocket.ts';
import type { WitnessBatch } from '../witness/witness.ts';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
export const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };

export const STORE_THREAD_PATH = join(import.meta.dirname, '../witness/storeThread.ts');

/** A media side that only records: media have tests of their own. */
export class RecordingMedia {
  readonly analytics: { channel: string; bytes: Uint8Array }[] = [];
  readonly waiting: (() => void)[] = [];
  options: MediaRoomOptions | null = null;
  onStream = (_channel: string, socket: FactsSocket): void => socket.close(4409, 'NOT_LIVE');
  /** What it says of every channel. */
  state: MediaState = 'ended';

  create = (options: MediaRoomOptions): MediaRoom => {
    this.options = options;
    return {
      handle: async (request) => ({
        status: request.body.length > 65_536 ? 413 : 409,
        headers: { 'Retry-After': '1' },
        body: `${request.method} ${request.path}`,
      }),
      stream: (channel, socket) => this.onStream(channel, socket),
      sendAnalytics: (channel, bytes) => {
        this.analytics.push({ channel, bytes });
        for (const run of this.waiting.splice(0)) run();
      },
      layers: () => [],
      channels: () => [],
      sessionIds: () => [],
      taps: () => [],
      inject: () => ({ push() {}, senderReport() {}, setFlowing() {} }),
      mediaState: () => this.state,
      viewerCount: () => 0,
      endStreams: () => {},
      endChannel: () => {},
      stats: () => new Map(),
      close: () => {},
    };
  };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'relay-test-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export async function startTestRelay(
  changes: Partial<RelayOptions> & { dataFolder: string },
): Promise<Relay & { media: RecordingMedia }> {
  const media = new RecordingMedia();
  const relay = await createRelay({
    host: '127.0.0.1',
    port: 0,
    portIsNamed: true,
    publicUrl: null,
    certificateFile: null,
    keyFile: null,
    acme: null,
    owners: 'open',
    iceServers: [],
    turnSecret: null,
    udpPort: null,
    announce: [],
    databaseUrl: null,
    relayKey: null,
    nodes: { redisUrl: null, redisPrefix: 'test', nodeUrl: null },
    viewerPageFolder: join(changes.dataFolder, 'no-page'),
    storeThreadPath: STORE_THREAD_PATH,
    clock,
    wallMs: () => Date.now(),
    timers: realTimers,
    random,
    logger: silentLogger,
    createMedia: media.create,
    checkMedia: async () => ({ isOpen: true, addresses: ['127.0.0.1'] }),
    ...changes,
  });
  return { ...relay, media };
}

/** Messages in order of arrival, with waits for the one that a test looks for. */
class Inbox<Message> {
  readonly all: Message[] = [];
  readonly #waits: { matches(message: Message): boolean; found(message: Message): void }[] = [];
  #from = 0;

  push(message: Message): void {
    this.all.push(message);
    const at = this.#waits.findIndex((wait) => wait.matches(message));
    if (at < 0) return;
    const [wait] = this.#waits.splice(at, 1);
    this.#from = this.all.length;
    wait?.found(message);
  }

  /** The next message after the last one taken that matches. */
  take(matches: (message: Message) => boolean): Promise<Message> {
    for (let i = this.#from; i < this.all.length; i++) {
      const message = this.all[i] as Message;
      if (!matches(message)) continue;
      this.#from = i + 1;
      return Promise.resolve(message);
    }
    return new Promise((found) => this.#waits.push({ matches, found }));
  }
}

type Case<Message extends { message: { case: string | undefined } }> = NonNullable<
  Message['message']['case']
>;
type ValueOf<
  Message extends { message: { case: string | undefined; value?: unknown } },
  Name extends Case<Message>,
> = Extract<Message['message'], { case: Name }> extends { value: infer Value } ? Value : never;

/** A peer that writes and reads the wire by hand. */
class Peer<Message extends ToViewer | ToStudio> {
  readonly inbox = new Inbox<Message>();
  readonly #readers: ((message: Message) => void)[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, parse: (bytes: Uint8Array) => Message) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'));
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('message', (signal) => {
      const message = parse(new Uint8Array(signal.data as ArrayBuffer));
      for (const run of this.#readers) run(message);
      this.inbox.push(message);
    });
    this.closed = new Promise((resolve) => {
      this.socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
    });
  }

  async take<Name extends Case<Message>>(
    name: Name,
    matches: (value: ValueOf<Message, Name>) => boolean = () => true,
  ): Promise<ValueOf<Message, Name>> {
    const message = await this.inbox.take(
      (candidate) =>
        candidate.message.case === name &&
        matches(candidate.message.value as ValueOf<Message, Name>),
    );
    return message.message.value as ValueOf<Message, Name>;
  }

  /** Runs for every message that comes from now on. */
  onEvery(run: (message: Message) => void): void {
    this.#readers.push(run);
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.send(new Uint8Array(bytes));
  }

  close(): void {
    this.socket.close();
  }
}

export class TestViewer extends Peer<ToViewer> {
  readonly key: KeyPair;
  readonly subject: string;
  readonly channelId: string;

  constructor(relayUrl: string, channelId: string, secret = random(32), subject = newId(random)) {
    super(`${relayUrl}/facts/${channelId}`, (bytes) => fromBinary(ToViewerSchema, bytes));
    this.key = keyPairOf(secret);
    this.subject = subject;
    this.channelId = channelId;
  }

  send(message: FromViewer['message']): void {
    this.sendBytes(toBinary(FromViewerSchema, create(FromViewerSchema, { message })));
  }

  async hello(
    changes: { nonce?: string; version?: number; feed?: string; number?: bigint } = {},
  ): Promise<void> {
    const { nonce } = await this.take('challenge');
    const text = viewerSigningText(this.channelId, this.subject, changes.nonce ?? nonce);
    this.send({
      case: 'hello',
      value: {
        $typeName: 'morphine.facts.v1.Hello',
        version: changes.version ?? FACTS_VERSION,
        publicKey: this.key.publicKey,
        subject: this.subject,
        signature: signText(text, this.key.secretKey),
        resumeFeed: changes.feed ?? '',
        resumeNumber: changes.number ?? 0n,
      },
    });
  }

  async join(): Promise<this> {
    await this.hello();
    await this.take('welcome');
    return this;
  }

  bet(marketId: string, amountMinor = 10, betId = newId(random)): string {
    this.send({
      case: 'bet',
      value: {
        $typeName: 'morphine.facts.v1.Bet',
        betId,
        marketId,
        outcome: 0,
        amountMinor: BigInt(amountMinor),
      },
    });
    return betId;
  }
}

export class TestStudio extends Peer<ToStudio> {
  readonly key: KeyPair;
  readonly channelId: string;

  constructor(relayUrl: string, secret: Uint8Array = random(32)) {
    super(`${relayUrl}/studio`, (bytes) => fromBinary(ToStudioSchema, bytes));
    this.key = keyPairOf(secret);
    this.channelId = channelIdOf(this.key.publicKey);
  }

  send(message: FromStudio['message']): void {
    this.sendBytes(toBinary(FromStudioSchema, create(FromStudioSchema, { message })));
  }

  async register(
    changes: {
      channelId?: string;
      nonce?: string;
      secretKey?: string;
      version?: number;
      ledgerId?: string;
      epoch?: bigint;
      networkKey?: string;
    } = {},
  ): Promise<string> {
    const { nonce } = await this.take('challenge');
    const channelId = changes.channelId ?? this.channelId;
    const text = studioSigningText(channelId, changes.nonce ?? nonce);
    this.send({
      case: 'register',
      value: {
        $typeName: 'morphine.facts.v1.Register',
        version: changes.version ?? FACTS_VERSION,
        channelId,
        publicKey: this.key.publicKey,
        signature: signText(text, changes.secretKey ?? this.key.secretKey),
        ledgerId: changes.ledgerId ?? '',
        epoch: changes.epoch ?? 0n,
        networkKey: changes.networkKey ?? '',
      },
    });
    return nonce;
  }

  async ready() {
    await this.register();
    return this.take('registered');
  }

  sendBatch(batch: WitnessBatch, texts: JournalTextBytes[] = []): void {
    this.send({
      case: 'journalBatch',
      value: {
        $typeName: 'morphine.facts.v1.JournalBatch',
        ledgerId: batch.ledgerId,
        epoch: BigInt(batch.epoch),
        fromSeq: BigInt(batch.fromSeq),
        toSeq: BigInt(batch.toSeq),
        prevHash: batch.prevHash,
        rows: batch.rows.map(({ body, hash }) => ({
          $typeName: 'morphine.facts.v1.JournalRow',
          body,
          hash,
        })),
        hash: batch.hash,
        texts: texts.map((text) => ({ $typeName: 'morphine.facts.v1.JournalText', ...text })),
      },
    });
  }

  eraseTexts(hashes: string[]): void {
    const $typeName = 'morphine.facts.v1.EraseTexts';
    this.send({ case: 'eraseTexts', value: { $typeName, hashes } });
  }

  askTail(fromSeq: number, limit: number): void {
    const $typeName = 'morphine.facts.v1.JournalTailRequest';
    this.send({
      case: 'journalTailRequest',
      value: { $typeName, fromSeq: BigInt(fromSeq), limit },
    });
  }

  deliver(viewerIds: string[], message: ToViewer['message']): void {
    this.send({
      case: 'deliver',
      value: {
        $typeName: 'morphine.facts.v1.Deliver',
        viewerIds,
        message: create(ToViewerSchema, { message }),
      },
    });
  }
}

export const randomHex = (bytes: number): string => toHex(random(bytes));
