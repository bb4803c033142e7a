// Where OBS and every other RTMP encoder sends to: one port, held from start to end of the studio,
// whichever source is on air, so that a connection is answered at once and a lost one can come
// back. It lets in whoever knows the key, one at a time, and never says the key to anybody.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { CancelTimer, MediaClock, MediaTimeUs, Timers } from '../../../core/base/clock.ts';
import type { RandomBytes } from '../../../core/base/ids.ts';
import type { Logger } from '../../../core/base/logger.ts';
import type { AmfObject } from '../../../core/media/rtmp/amf0.ts';
import {
  createRtmpSession,
  type PublishRefusal,
  type RtmpMedia,
  type RtmpSession,
} from './rtmpSession.ts';

/** What a source hears of the one encoder that is let in. */
export type RtmpReceiver = {
  /** An encoder was let in; its configurations, where they are known, follow at once. */
  onPublished(encoder: string, connectMs: number): void;
  onMedia(media: RtmpMedia): void;
  onFacts(facts: AmfObject): void;
  onEnded(reason: string): void;
  /** Somebody was not let in; the sentence says why and what to do. */
  onRefused(sentence: string): void;
};

export type RtmpListener = {
  /** What OBS is to be told as "Server". */
  readonly url: string;
  readonly port: number;
  /** What OBS is to be told as "Stream Key". */
  readonly key: string;
  /** Another key; whoever sends by the old one is let go. */
  setKey(key: string): void;
  /** Hears everything until the returned function is called. */
  receive(receiver: RtmpReceiver): () => void;
  close(): Promise<void>;
};

export type RtmpListenerOptions = {
  host: string;
  port: number;
  /** Ports tried after this one when it is taken. */
  nextPortsMax: number;
  key: string;
  /** PEM texts. Given, the port speaks rtmps:// and nothing else. */
  tls?: { certificate: string; privateKey: string } | null;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
};

/** Encoders, and those who try a key, at once. */
const CONNECTIONS_MAX = 16;
/** A handshake and three commands; ten seconds of a bad network. */
const PUBLISH_WAIT_MS = 10_000;
/** OBS sends sound 47 times a second: one that is silent for so long has lost its network. */
const SILENCE_US_MAX = 20_000_000;
const SWEEP_PERIOD_MS = 2_000;
/** A publisher that is silent for so long makes way for another one with the same key. */
const MAKES_WAY_US = 1_500_000;
const CLOSE_WAIT_MS = 1_000;
const HANDSHAKE_RANDOM_BYTES = 1_528;

const WRONG_KEY: PublishRefusal = {
  code: 'BadName',
  sentence: 'The stream key is wrong; copy it again from the studio',
};
const TAKEN: PublishRefusal = {
  code: 'Rejected',
  sentence: 'Another encoder is already sending to this stream key; stop it first',
};

/** Opens the port. Rejects with the listen error when it is not to be had. */
export async function openRtmpListener(options: RtmpListenerOptions): Promise<RtmpListener> {
  const listener = new Listener(options);
  await listener.open();
  return listener;
}

type Connection = {
  socket: Socket;
  session: RtmpSession;
  encoder: string;
  acceptedUs: MediaTimeUs;
  /** From its connection to its being let in, as long as its own words took. */
  connectMs: number;
  lastHeardUs: MediaTimeUs;
  cancelWait: CancelTimer;
};

class Listener implements RtmpListener {
  readonly #options: RtmpListenerOptions;
  #key: string;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #receivers = new Set<RtmpReceiver>();
  #publisher: Connection | null = null;
  /** The last of each kind, for a receiver that comes later. */
  readonly #configurations = new Map<string, RtmpMedia>();
  #facts: AmfObject | null = null;
  #port = 0;
  #cancelSweep: CancelTimer = () => {};

  constructor(options: RtmpListenerOptions) {
    this.#options = options;
    this.#key = options.key;
    const { tls } = options;
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = tls
      ? createTlsServer({ cert: tls.certificate, key: tls.privateKey }, accept)
      : createServer(accept);
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  get port(): number {
    return this.#port;
  }

  get key(): string {
    return this.#key;
  }

  get url(): string {
    const { host } = this.#options;
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const scheme = this.#options.tls ? 'rtmps' : 'rtmp';
    return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${this.#port}/live`;
  }

  async open(): Promise<void> {
    const { host, port: first, nextPortsMax } = this.#options;
    for (let port = first; ; port++) {
      try {
        await listen(this.#server, port, host);
        break;
      } catch (error) {
        const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
        if (!isTaken || port === 0 || port >= first + nextPortsMax) throw error;
      }
    }
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('No address');
    this.#port = address.port;
    this.#cancelSweep = this.#options.timers.every(SWEEP_PERIOD_MS, () => this.#sweep());
    this.#server.on('error', (error) => {
      this.#options.logger.warn('The RTMP port has trouble', { reason: error.message });
    });
  }

  setKey(key: string): void {
    this.#key = key;
    if (this.#publisher) this.#drop(this.#publisher, 'The stream key was renewed');
  }

  receive(receiver: RtmpReceiver): () => void {
    this.#receivers.add(receiver);
    if (this.#publisher) {
      receiver.onPublished(this.#publisher.encoder, this.#publisher.connectMs);
      if (this.#facts) receiver.onFacts(this.#facts);
      for (const media of this.#configurations.values()) receiver.onMedia(media);
    }
    return () => void this.#receivers.delete(receiver);
  }

  async close(): Promise<void> {
    this.#receivers.clear();
    this.#cancelSweep();
    for (const { socket, cancelWait } of this.#connections) {
      cancelWait();
      socket.destroy();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** A network that is gone ends no connection by itself. */
  #sweep(): void {
    const nowUs = this.#options.clock.nowUs();
    for (const connection of [...this.#connections]) {
      if (nowUs - connection.lastHeardUs < SILENCE_US_MAX) continue;
      this.#drop(connection, 'OBS sent nothing for 20 s');
    }
  }

  #accept(socket: Socket): void {
    const { random, timers, clock } = this.#options;
    socket.setNoDelay(true);
    const connection: Connection = {
      ...{ socket, encoder: '', connectMs: 0 },
      ...{ acceptedUs: clock.nowUs(), lastHeardUs: clock.nowUs() },
      cancelWait: timers.after(PUBLISH_WAIT_MS, () => {
        this.#drop(connection, 'It connected and never began to send');
      }),
      session: createRtmpSession({
        random: random(HANDSHAKE_RANDOM_BYTES),
        send: (bytes) => void (socket.writable && socket.write(bytes)),
        judge: (request) => this.#judge(connection, request),
        onPublished: () => this.#published(connection),
        onMedia: (media) => this.#media(connection, media),
        onFacts: (facts) => this.#told(connection, facts),
        onUnpublished: () => this.#ended(connection, 'OBS stopped streaming'),
        onOver: (reason) => this.#over(connection, reason),
      }),
    };
    this.#connections.add(connection);
    socket.on('data', (bytes) => {
      connection.lastHeardUs = clock.nowUs();
      connection.session.push(bytes);
    });
    // 'close' follows and tells about it.
    socket.on('error', () => {});
    socket.on('close', () => this.#drop(connection, 'The connection to OBS was lost'));
  }

  #judge(
    connection: Connection,
    { key, encoder }: { key: string; encoder: string },
  ): PublishRefusal | null {
    connection.encoder = encoder;
    // Some encoders add a query of their own.
    const name = key.split('?')[0]?.trim() ?? '';
    if (!timingSafeEqual(hashOf(name), hashOf(this.#key))) return WRONG_KEY;
    const { clock } = this.#options;
    const before = this.#publisher;
    if (before && clock.nowUs() - before.lastHeardUs < MAKES_WAY_US) return TAKEN;
    if (before) this.#drop(before, 'The encoder came back on another connection');
    return null;
  }

  #published(connection: Connection): void {
    connection.cancelWait();
    this.#publisher = connection;
    this.#configurations.clear();
    this.#facts = null;
    const { clock, logger } = this.#options;
    const connectMs = Math.ceil((clock.nowUs() - connection.acceptedUs) / 1000);
    connection.connectMs = connectMs;
    const { encoder } = connection;
    logger.info('An encoder sends by RTMP', { encoder, connectMs });
    for (const receiver of [...this.#receivers]) receiver.onPublished(encoder, connectMs);
  }

  #media(connection: Connection, media: RtmpMedia): void {
    if (connection !== this.#publisher) return;
    if (isConfiguration(media)) this.#configurations.set(media.kind, media);
    for (const receiver of [...this.#receivers]) receiver.onMedia(media);
  }

  #told(connection: Connection, facts: AmfObject): void {
    if (connection !== this.#publisher) return;
    this.#facts = facts;
    for (const receiver of [...this.#receivers]) receiver.onFacts(facts);
  }

  #ended(connection: Connection, reason: string): void {
    if (connection !== this.#publisher) return;
    this.#publisher = null;
    this.#configurations.clear();
    this.#facts = null;
    this.#options.logger.info('The encoder sends no more by RTMP', { reason });
    for (const receiver of [...this.#receivers]) receiver.onEnded(reason);
  }

  /** The session wants no more bytes: its last words go out, then the connection ends. */
  #over(connection: Connection, reason: string): void {
    const { logger, timers } = this.#options;
    const isPublisher = connection === this.#publisher;
    if (isPublisher) this.#ended(connection, reason);
    else {
      logger.warn('An RTMP connection was refused', { reason });
      for (const receiver of [...this.#receivers]) receiver.onRefused(reason);
    }
    connection.socket.end();
    connection.cancelWait();
    connection.cancelWait = timers.after(CLOSE_WAIT_MS, () => connection.socket.destroy());
  }

  #drop(connection: Connection, reason: string): void {
    if (!this.#connections.delete(connection)) return;
    connection.cancelWait();
    connection.socket.destroy();
    this.#ended(connection, reason);
  }
}

/** An FLV sequence header, plain or enhanced: packet type 0. */
function isConfiguration({ kind, body }: RtmpMedia): boolean {
  const first = body[0] ?? 0;
  if (kind === 'video' && first & 0x80) return (first & 15) === 0;
  const hasConfiguration = kind === 'video' ? (first & 15) === 7 : first >> 4 === 10;
  return hasConfiguration && body[1] === 0;
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
