// What a channel's studio decided about people, as the relay enforces it: who may not join, bet or
// chat, here and at once. It decides nothing itself. Addresses never leave this file: a network is
// known by a hash under the channel's own key, so that nobody can look one up or follow a viewer
// from channel to channel.

import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { type People, type People_Barred, PeopleSchema } from '../core/wire/gen/facts_pb.js';
import type { Refusal } from '../core/wire/viewerReplies.ts';

/** Entries held of one channel; the studio enforces the others by itself. */
const BARRED_MAX = 5_000;

export type BarredAct = 'join' | 'move' | 'chat';

type Bar = { chatOnly: boolean; untilUs: number; message: string };

/** What the privacy page tells. */
export type Streamer = Pick<
  People,
  'streamer' | 'contact' | 'appeal' | 'minimumAge' | 'chatDays' | 'networkDays'
>;

export class ChannelPeople {
  #key: Buffer | null = null;
  #barred = new Map<string, Bar>();
  #streamer: Streamer | null = null;

  /** What holds now, for a node that begins to serve this channel; null before any word of it. */
  current(nowUs: number): People | null {
    if (!this.#streamer || !this.#key) return null;
    const barred = [...this.#barred].flatMap(([key, bar]) => {
      const leftMs = Math.ceil((bar.untilUs - nowUs) / 1000);
      if (leftMs <= 0) return [];
      const isPerson = key.startsWith('s');
      return {
        subject: isPerson ? key.slice(1) : '',
        network: isPerson ? '' : key.slice(1),
        chatOnly: bar.chatOnly,
        remainingMs: Number.isFinite(leftMs) ? BigInt(leftMs) : 0n,
        message: bar.message,
      };
    });
    return create(PeopleSchema, {
      ...this.#streamer,
      networkKey: this.#key.toString('hex'),
      barred,
    });
  }

  get hasNetworkKey(): boolean {
    return this.#key !== null;
  }

  get streamer(): Streamer | null {
    return this.#streamer;
  }

  /** Key of the networks' hashes, 64 hexadecimal characters; anything else changes nothing. */
  setNetworkKey(key: string): void {
    if (/^[0-9a-f]{64}$/.test(key)) this.#key = Buffer.from(key, 'hex');
  }

  /** Replaces all that was known; `nowUs` of the relay's own clock. */
  apply(people: People, nowUs: number): void {
    this.setNetworkKey(people.networkKey);
    const { streamer, contact, appeal, minimumAge, chatDays, networkDays } = people;
    this.#streamer = { streamer, contact, appeal, minimumAge, chatDays, networkDays };
    this.#barred = new Map();
    for (const one of people.barred.slice(0, BARRED_MAX)) {
      const untilUs =
        one.remainingMs === 0n ? Number.POSITIVE_INFINITY : nowUs + Number(one.remainingMs) * 1000;
      const bar = { chatOnly: one.chatOnly, untilUs, message: one.message };
      const key = keyOf(one);
      const known = this.#barred.get(key);
      // A ban goes before a time-out of the same person.
      if (known === undefined || known.chatOnly) this.#barred.set(key, bar);
    }
  }

  /** The hash that stands for an address' /24 or /48, 32 hexadecimal characters; '' if unknown. */
  networkOf(address: string): string {
    const network = this.#key ? networkPrefix(address) : null;
    if (!this.#key || network === null) return '';
    return createHmac('sha256', this.#key).update(network).digest('hex').slice(0, 32);
  }

  /** Why this person may not do that now; null when nothing speaks against it. */
  refusal(
    who: { subject: string; address: string },
    act: BarredAct,
    nowUs: number,
  ): Refusal | null {
    if (this.#barred.size === 0) return null;
    const network = this.networkOf(who.address);
    const keys = [`s${who.subject}`, ...(network === '' ? [] : [`n${network}`])];
    for (const key of keys) {
      const bar = this.#barred.get(key);
      if (!bar || bar.untilUs <= nowUs) continue;
      if (!bar.chatOnly) return { code: 'BANNED', message: bar.message };
      if (act === 'chat') return { code: 'TIMED_OUT', message: bar.message };
    }
    return null;
  }
}

function keyOf({ subject, network }: People_Barred): string {
  return subject === '' ? `n${network}` : `s${subject}`;
}

/**
 * The network that an address belongs to, as text: the /24 of IPv4, the /48 of IPv6 (what one
 * customer is commonly given, RFC 6177). Null for what is no address.
 */
export function networkPrefix(address: string): string | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const plain = mapped.split('%')[0] ?? '';
  const kind = isIP(plain);
  if (kind === 4) return `4|${plain.split('.').slice(0, 3).join('.')}`;
  if (kind !== 6) return null;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  // An IPv4 tail (RFC 4291 section 2.2) stands for two groups.
  const width = right.length + (right.at(-1)?.includes('.') ? 1 : 0);
  const groups =
    tail === undefined ? left : [...left, ...Array(8 - left.length - width).fill('0'), ...right];
  const first = groups.slice(0, 3).map((group) => Number.parseInt(group, 16).toString(16));
  return `6|${first.join(':')}`;
}
