// How much one address may ask for, by what it asks, and how many connections it may hold. This
// machine itself is not limited (its tests, its bench, its studio) unless a test says so; a request
// that a proxy on this machine passed on counts for the address that the proxy names. It must never
// grow without bound: of many addresses the longest unseen is forgotten.

import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { MediaClock } from '../core/base/clock.ts';
import { TokenBucket } from '../core/wire/tokenBucket.ts';

/** A page is some twenty files; a receipt reads a dozen rows; a socket may end in a signature. */
const RATES = {
  page: { perSecond: 20, burst: 300 },
  receipt: { perSecond: 5, burst: 40 },
  media: { perSecond: 20, burst: 200 },
  socket: { perSecond: 10, burst: 100 },
} as const;
export type LimitedAct = keyof typeof RATES;

/** Connections of one address, viewers behind one network's address among them. */
const CONNECTIONS_MAX = 1_024;
/** Addresses remembered at a time. */
const ADDRESSES_MAX = 10_000;
/** Nothing moved on a connection for this long, ms: a download that nobody reads. */
const IDLE_MS_MAX = 30_000;

export class AddressLimits {
  readonly counters = { requestsLimited: 0, connectionsRefused: 0 };
  readonly #clock: MediaClock;
  readonly #isThisMachineLimited: boolean;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #connections = new Map<string, number>();

  constructor(clock: MediaClock, isThisMachineLimited: boolean) {
    this.#clock = clock;
    this.#isThisMachineLimited = isThisMachineLimited;
  }

  /** Seconds after which this may be asked again; 0: now. */
  waitSeconds(request: IncomingMessage, act: LimitedAct): number {
    const network = this.#networkOf(addressOfClient(request));
    if (network === null) return 0;
    const nowUs = this.#clock.nowUs();
    const key = `${act} ${network}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket({ ...RATES[act], nowUs });
    // The order of the map is the order of their last acts.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > ADDRESSES_MAX) {
      for (const [oldest] of this.#buckets) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    if (bucket.take(nowUs)) return 0;
    this.counters.requestsLimited++;
    return Math.max(1, Math.ceil(1 / RATES[act].perSecond));
  }

  /** Counts connections from their first byte on; those beyond the bound are ended. */
  watch(server: Server): void {
    server.timeout = IDLE_MS_MAX;
    server.on('connection', (socket: Socket) => {
      const network = this.#networkOf(socket.remoteAddress ?? '');
      if (network === null) return;
      const count = this.#connections.get(network) ?? 0;
      if (count >= CONNECTIONS_MAX) {
        this.counters.connectionsRefused++;
        socket.destroy();
        return;
      }
      this.#connections.set(network, count + 1);
      socket.once('close', () => {
        const left = (this.#connections.get(network) ?? 1) - 1;
        if (left > 0) this.#connections.set(network, left);
        else this.#connections.delete(network);
      });
    });
  }

  /** Null for an address that is not limited. One customer commonly has a whole /64 of IPv6. */
  #networkOf(address: string): string | null {
    if (!this.#isThisMachineLimited && isLoopback(address)) return null;
    if (isIP(address) !== 6 || /^::ffff:/i.test(address)) return address;
    const [head = '', tail = ''] = address.split('::');
    const left = head.split(':');
    const zeros = 8 - left.length - (tail === '' ? 0 : tail.split(':').length);
    const groups = [...left, ...Array.from({ length: Math.max(0, zeros) }, () => '0')];
    return groups.slice(0, 4).join(':');
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/**
 * Whose request it is: the peer, or whom a proxy on this machine names last. What a proxy elsewhere
 * or the client itself claims is not believed.
 */
export function addressOfClient(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress ?? '';
  if (!isLoopback(peer)) return peer;
  const forwarded = request.headers['x-forwarded-for'];
  const named = String(forwarded ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return named && isIP(named) !== 0 ? named : peer;
}
