// The door to Redis (@redis/client): topics and small scripts. Nobody else imports the package. The
// address holds a password: it must reach no log and no error text. Redis may go away at any time:
// nothing waits for it here, whoever publishes then hears false, and `onUp` tells when both
// connections stand again, because what was said in between is lost.

import { createClient } from '@redis/client';

const CONNECT_MS_MAX = 3_000;
/** A server that answers no ping for this long is gone, ms; a stopped process keeps its sockets. */
const SILENCE_MS_MAX = 4_000;
const PING_MS = 1_000;
/** Waits between attempts, ms: the first, and the longest. */
const RETRY_MS_FIRST = 100;
const RETRY_MS_MAX = 1_000;
/** Commands that wait for an answer; more are refused. A fact is about 300 bytes. */
const WAITING_MAX = 10_000;

export type Redis = {
  readonly isUp: boolean;
  readonly counters: { published: number; notPublished: number; received: number };
  /** Latest state first told at its first change. */
  onUp(run: () => void): void;
  onDown(run: () => void): void;
  /** False when it was not taken: Redis is away or too far behind. */
  publish(topic: string, bytes: Uint8Array): boolean;
  /** One listener a topic. Resolves when messages arrive. */
  follow(topic: string, run: (bytes: Uint8Array) => void): Promise<void>;
  unfollow(topic: string): void;
  /**
   * Runs a Lua script: one step for all who look.
   *
   * @throws RedisFailure when Redis is away
   */
  run(script: string, keys: readonly string[], values: readonly string[]): Promise<unknown>;
  close(): void;
};

/** Redis cannot be used; the sentence names host and fix, never a password. */
export class RedisFailure extends Error {}

/**
 * Connects, and stays connected until closed. Resolves also when no server answers yet.
 *
 * @param address redis://USER:PASSWORD@HOST:PORT or rediss://
 * @throws RedisFailure for an address that is none
 */
export function openRedis(address: string): Redis {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
    throw new RedisFailure('The address is not of the form redis://USER:PASSWORD@HOST:PORT.');
  }
  return new Connections(address);
}

function clientOf(address: string, isOffline: boolean) {
  return createClient({
    url: address,
    disableOfflineQueue: isOffline,
    commandsQueueMaxLength: WAITING_MAX,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
      noDelay: true,
      reconnectStrategy: (retries) => Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** retries),
    },
  });
}

class Connections implements Redis {
  readonly counters = { published: 0, notPublished: 0, received: 0 };
  isUp = false;
  readonly #commands: ReturnType<typeof clientOf>;
  /** A connection of its own: facts do not wait behind answers. */
  readonly #listening: ReturnType<typeof clientOf>;
  readonly #ups: (() => void)[] = [];
  readonly #downs: (() => void)[] = [];
  readonly #leaving = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(address: string) {
    this.#commands = clientOf(address, true);
    this.#listening = clientOf(address, false);
    for (const client of [this.#commands, this.#listening]) {
      // Every failure is followed by an attempt to connect, or by a refused command.
      client.on('error', () => this.#changed(false));
      client.on('end', () => this.#changed(false));
      client.on('reconnecting', () => this.#changed(false));
      client.on('ready', () => void this.#becameReady());
      client.connect().catch(() => {});
    }
  }

  onUp(run: () => void): void {
    this.#ups.push(run);
  }

  onDown(run: () => void): void {
    this.#downs.push(run);
  }

  publish(topic: string, bytes: Uint8Array): boolean {
    if (!this.isUp) {
      this.counters.notPublished++;
      return false;
    }
    this.counters.published++;
    this.#commands.publish(topic, Buffer.from(bytes)).catch(() => {
      this.counters.notPublished++;
    });
    return true;
  }

  async follow(topic: string, run: (bytes: Uint8Array) => void): Promise<void> {
    const hear = (bytes: Buffer) => {
      this.counters.received++;
      run(bytes);
    };
    // The library forgets a listener that is added while its topic is being left.
    await this.#leaving.get(topic);
    // Refused only when this relay closes.
    await this.#listening.subscribe(topic, hear, true).catch(() => {});
  }

  unfollow(topic: string): void {
    const left = this.#listening.unsubscribe(topic).then(
      () => {},
      () => {},
    );
    this.#leaving.set(topic, left);
    void left.then(() => {
      if (this.#leaving.get(topic) === left) this.#leaving.delete(topic);
    });
  }

  async run(script: string, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    try {
      return await this.#commands.eval(script, { keys: [...keys], arguments: [...values] });
    } catch (error) {
      const { name } = error instanceof Error ? error : { name: 'no answer' };
      throw new RedisFailure(`Redis did not answer (${name}).`);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.isUp = false;
    for (const client of [this.#commands, this.#listening]) {
      if (client.isOpen) client.destroy();
    }
  }

  /** A ping behind the subscriptions: once it is answered, they stand. */
  async #becameReady(): Promise<void> {
    try {
      await this.#listening.ping();
    } catch {
      return;
    }
    if (this.#commands.isReady && this.#listening.isReady) this.#changed(true);
  }

  #changed(isUp: boolean): void {
    if (this.#isClosed || isUp === this.isUp) return;
    this.isUp = isUp;
    for (const run of isUp ? this.#ups : this.#downs) run();
  }
}
