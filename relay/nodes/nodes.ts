// Several relays as one: a viewer at any node sees and bets with a studio at any other. The node
// where the studio registered is the channel's home; the others are guests that pass its words on
// and carry their viewers' words to it. Nothing here decides about money, and nothing waits for
// Redis: while that is away each node serves its own studios and viewers, and says so.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import { newId, type RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import {
  type FrameFacts,
  type Poster,
  type Still,
  ToViewerSchema,
} from '../../core/wire/gen/facts_pb.js';
import { type NodeMessage, NodeMessageSchema } from '../../core/wire/gen/nodes_pb.js';
import { isId } from '../../core/wire/signing.ts';
import type { Channel, ChannelStudio } from '../channel.ts';
import type { Redis } from '../redis.ts';
import type { Channels } from '../room.ts';
import { LocalFanOut } from './fanOut.ts';
import { ClockAsker } from './farClock.ts';
import { HomeDesk } from './homeDesk.ts';
import { type Home, Homes, type KnownNode, NODE_LEASE_MS } from './homes.ts';
import type { ChannelSpan } from './span.ts';
import { Topics } from './topics.ts';

const BEAT_MS = 1_000;
/** A goodbye that takes longer is left unsaid, ms: the others notice by the lease. */
const GOODBYE_MS_MAX = 500;
/** All claims are renewed and all homes looked up again this often, in beats. */
const CHECK_BEATS = 30;

export type NodesOptions = {
  redis: Redis;
  /** Keys and topics begin with it: several installations may share one Redis. */
  prefix: string;
  /** Where viewers find the pictures of studios that are here; no trailing slash. */
  url: string;
  relayKey: string;
  channels: Channels;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
};

type Guest = Home & { channel: Channel; clock: ClockAsker };
type Message = NodeMessage['message'];

export class Nodes implements ChannelSpan {
  readonly id: string;
  readonly fanOut = new LocalFanOut((channelId, name, bytes) =>
    this.#write(this.#allTopic, {
      case: 'published',
      value: { $typeName: 'morphine.nodes.v1.Published', channelId, name, bytes },
    }),
  );
  /** Another node has become the channel's home: its picture comes from there. */
  onMovedAway: (channelId: string) => void = () => {};
  readonly counters = { staleWords: 0, homesLost: 0, wordsNotSent: 0 };
  readonly #options: NodesOptions;
  readonly #topics: Topics;
  readonly #homes: Homes;
  readonly #desk: HomeDesk;
  readonly #allTopic: string;
  /** Channels whose studio is at another node, and which have viewers here. */
  readonly #guests = new Map<string, Guest>();
  readonly #alive = new Map<string, KnownNode>();
  readonly #locating = new Set<string>();
  /** Another node claimed these while our own claim was under way: Redis knows who was last. */
  readonly #contested = new Set<string>();
  readonly #foreignKeys = new Set<string>();
  readonly #cancelBeat: CancelTimer;
  #beats = 0;
  /** Since when Redis has answered without a break; a node is judged gone only after a lease. */
  #upSinceUs: number | null = null;

  constructor(options: NodesOptions) {
    const { redis, prefix, url, relayKey, timers, clock } = options;
    this.id = newId(options.random);
    this.#options = options;
    this.#allTopic = `${prefix}:all`;
    this.#topics = new Topics({
      ...{ carrier: redis, timers, writer: this.id },
      ownTopic: (writer) => this.#nodeTopic(writer),
    });
    this.#homes = new Homes(redis, prefix, this.id, { url, relayKey });
    this.#desk = new HomeDesk({
      tell: (node, message) => void this.#write(this.#nodeTopic(node), message),
      say: (node, message) => void this.#say(this.#nodeTopic(node), message),
      nowUs: () => clock.nowUs(),
    });
    void this.#topics.follow(this.#allTopic, {
      onMessage: (payload, writer) => this.#heard(payload, writer),
      onLost: () => this.#missedNews(),
      isFromStart: false,
    });
    void this.#topics.follow(this.#nodeTopic(this.id), {
      onMessage: (payload, writer) => this.#heard(payload, writer),
      onLost: (writer) => this.#missedWords(writer),
      isFromStart: true,
    });
    redis.onUp(() => void this.#cameUp());
    redis.onDown(() => this.#wentDown());
    this.#cancelBeat = timers.every(BEAT_MS, () => void this.#beat());
    if (redis.isUp) void this.#cameUp();
  }

  /** Other nodes that are up now. */
  get others(): KnownNode[] {
    return [...this.#alive.values()].filter(({ id }) => id !== this.id);
  }

  get isConnected(): boolean {
    return this.#options.redis.isUp;
  }

  /** Where this node is reached, whatever the public address is. */
  get url(): string {
    return this.#options.url;
  }

  get redisCounters() {
    return this.#options.redis.counters;
  }

  get topicCounters() {
    return this.#topics.counters;
  }

  /** Where the channel's pictures are, when they are not here. */
  elsewhere(channelId: string): string | null {
    return this.#guests.get(channelId)?.url ?? null;
  }

  /** Looks whether another node has the channel's studio. Resolves when it is known here. */
  async locate(channelId: string): Promise<void> {
    if (!isId(channelId) || !this.isConnected || this.#locating.has(channelId)) return;
    if (this.#desk.isHome(channelId) || this.#guests.has(channelId)) return;
    this.#locating.add(channelId);
    try {
      const home = await this.#homes.find(channelId);
      if (home) await this.#goTo(channelId, home);
    } catch {
      // Redis went away; its return looks again.
    } finally {
      this.#locating.delete(channelId);
    }
  }

  studioCame(channel: Channel): void {
    const known = this.#desk.epochOf(channel.id) || (this.#guests.get(channel.id)?.epoch ?? 0);
    this.#leaveHome(channel.id);
    this.#desk.open(channel);
    void this.#claim(channel.id, known);
  }

  toGuests(channelId: string, message: Uint8Array): void {
    const toGuest = this.#desk.wordToAll(channelId, message);
    if (toGuest) this.#write(this.#channelTopic(channelId), toGuest);
  }

  forgotten(channelId: string): void {
    const guest = this.#guests.get(channelId);
    if (guest) {
      const value = this.#attachOf(channelId, guest.epoch);
      this.#write(this.#nodeTopic(guest.node), { case: 'detach', value });
      this.#leaveHome(channelId);
    }
    const epoch = this.#desk.close(channelId);
    if (epoch !== null) this.#homes.release(channelId, epoch).catch(() => {});
    this.#topics.forget(this.#channelTopic(channelId));
  }

  analyticsToGuests(channelId: string, facts: FrameFacts): void {
    if (!this.#desk.hasGuests(channelId)) return;
    const value = { $typeName: 'morphine.nodes.v1.Analytics', channelId, facts } as const;
    this.#say(this.#channelTopic(channelId), { case: 'analytics', value });
  }

  posterToGuests(channelId: string, poster: Poster): void {
    if (!this.#desk.hasGuests(channelId)) return;
    const value = { $typeName: 'morphine.nodes.v1.Poster', channelId, poster } as const;
    this.#say(this.#channelTopic(channelId), { case: 'poster', value });
  }

  stillToGuests(channelId: string, still: Still): void {
    if (!this.#desk.hasGuests(channelId)) return;
    const value = { $typeName: 'morphine.nodes.v1.Still', channelId, still } as const;
    this.#say(this.#channelTopic(channelId), { case: 'still', value });
  }

  /** Nodes that sign with another key: their marks are another relay's. */
  async foreignKeyHolders(): Promise<KnownNode[]> {
    const nodes = await this.#homes.beat();
    return nodes.filter(
      ({ relayKey, ageMs }) => ageMs < NODE_LEASE_MS && relayKey !== this.#options.relayKey,
    );
  }

  async close(): Promise<void> {
    this.#cancelBeat();
    for (const guest of this.#guests.values()) guest.clock.close();
    if (this.isConnected) {
      const releases = this.#desk.claims().map(([id, epoch]) => this.#homes.release(id, epoch));
      const said = Promise.allSettled([...releases, this.#homes.leave()]);
      const patience = new Promise<void>((go) => this.#options.timers.after(GOODBYE_MS_MAX, go));
      await Promise.race([said, patience]);
    }
    this.#topics.close();
    this.#options.redis.close();
  }

  // ---- where studios are ----

  async #claim(channelId: string, known: number): Promise<void> {
    try {
      // A studio that comes back to the same node changes nothing for the others.
      if (known > 0 && this.#desk.epochOf(channelId) === known) {
        if (await this.#homes.keep(channelId, known)) return;
      }
      const epoch = await this.#homes.claim(channelId, known);
      if (!this.#desk.claimed(channelId, epoch)) return;
      this.#write(this.#allTopic, { case: 'claimed', value: this.#claimedOf(channelId, epoch) });
      const isContested = this.#contested.delete(channelId);
      if (isContested && !(await this.#homes.keep(channelId, epoch)))
        await this.#deposed(channelId);
    } catch {
      // Redis is away: the studio is served here, and claimed when Redis is back.
    }
  }

  #claimedOf(channelId: string, epoch: number) {
    const { url } = this.#options;
    return {
      $typeName: 'morphine.nodes.v1.Claimed',
      channelId,
      epoch: BigInt(epoch),
      url,
    } as const;
  }

  #attachOf(channelId: string, epoch: number) {
    return { $typeName: 'morphine.nodes.v1.Attach', channelId, epoch: BigInt(epoch) } as const;
  }

  /** The channel's studio is at another node: its viewers here are carried there. */
  async #goTo(channelId: string, home: Home): Promise<void> {
    if (home.node === this.id || home.epoch <= this.#desk.epochOf(channelId)) return;
    const known = this.#guests.get(channelId);
    if (known && home.epoch <= known.epoch) return;
    const { channels, clock, timers } = this.#options;
    const channel = channels.openFor(channelId);
    if (!channel) return;
    this.#leaveHome(channelId);
    this.#desk.close(channelId);
    const asker = new ClockAsker(channel.clock, clock, timers, (sentUs) =>
      this.#say(this.#nodeTopic(home.node), {
        case: 'clockAsk',
        value: clockOf(channelId, sentUs),
      }),
    );
    const guest: Guest = { ...home, channel, clock: asker };
    this.#guests.set(channelId, guest);
    this.onMovedAway(channelId);
    await this.#topics.follow(this.#channelTopic(channelId), {
      onMessage: (payload, writer) => this.#heard(payload, writer),
      onLost: () => this.#attach(channelId),
      isFromStart: false,
    });
    if (this.#guests.get(channelId) === guest) this.#attach(channelId);
  }

  /** Tells the home that we are there, and who is here; it answers with all that stands. */
  #attach(channelId: string): void {
    const guest = this.#guests.get(channelId);
    if (!guest) return;
    const { epoch, node, channel } = guest;
    this.#write(this.#nodeTopic(node), { case: 'attach', value: this.#attachOf(channelId, epoch) });
    channel.movedTo(this.#farStudio(channelId, guest));
    guest.clock.start();
  }

  #farStudio(channelId: string, { node, epoch }: Guest): ChannelStudio {
    return {
      send: (message) => {
        // What is not sent is answered "come again": it must not arrive later by itself.
        if (!this.isConnected) {
          this.counters.wordsNotSent++;
          return false;
        }
        const value = {
          $typeName: 'morphine.nodes.v1.FromGuest',
          channelId,
          epoch: BigInt(epoch),
          message: { $typeName: 'morphine.facts.v1.ToStudio', message },
        } as const;
        return this.#write(this.#nodeTopic(node), { case: 'fromGuest', value });
      },
      mediaChanged() {},
      replaced() {},
    };
  }

  #leaveHome(channelId: string): void {
    const guest = this.#guests.get(channelId);
    if (!guest) return;
    guest.clock.close();
    this.#guests.delete(channelId);
    this.#topics.unfollow(this.#channelTopic(channelId));
  }

  /** The home is gone: viewers stay and hear that the studio is away. */
  #lostHome(channelId: string): void {
    const guest = this.#guests.get(channelId);
    if (!guest) return;
    this.counters.homesLost++;
    this.#leaveHome(channelId);
    guest.channel.movedTo(null);
  }

  // ---- what others say ----

  #heard(payload: Uint8Array, writer: string): void {
    let message: Message;
    try {
      message = fromBinary(NodeMessageSchema, payload).message;
    } catch {
      this.#topics.counters.malformed++;
      return;
    }
    switch (message.case) {
      case 'claimed':
        this.#claimHeard(message.value.channelId, {
          ...{ node: writer, url: message.value.url, epoch: Number(message.value.epoch) },
        });
        break;
      case 'published': {
        const { channelId, name, bytes } = message.value;
        this.fanOut.heard(channelId, name, bytes);
        break;
      }
      case 'toGuest': {
        const { channelId, viewerIds } = message.value;
        const guest = this.#guestOf(channelId, writer, message.value.epoch);
        if (guest) toViewers(guest.channel, viewerIds, message.value.message);
        break;
      }
      case 'clockTold':
        this.#guestOf(message.value.channelId, writer, null)?.clock.told(message.value);
        break;
      case 'analytics': {
        const { channelId, facts } = message.value;
        if (facts) this.#guestOf(channelId, writer, null)?.channel.sendAnalytics(facts);
        break;
      }
      case 'poster': {
        const { channelId, poster } = message.value;
        if (poster) this.#guestOf(channelId, writer, null)?.channel.takePoster(poster);
        break;
      }
      case 'still': {
        const { channelId, still } = message.value;
        if (still) this.#guestOf(channelId, writer, null)?.channel.takeStill(still);
        break;
      }
      default:
        if (!this.#desk.heard(message, writer)) this.counters.staleWords++;
    }
  }

  /** Null for a home that is no longer the channel's. */
  #guestOf(channelId: string, writer: string, epoch: bigint | null): Guest | null {
    const guest = this.#guests.get(channelId);
    const isCurrent = guest?.node === writer && (epoch === null || BigInt(guest.epoch) === epoch);
    if (guest && isCurrent) return guest;
    this.counters.staleWords++;
    return null;
  }

  #claimHeard(channelId: string, home: Home): void {
    const guest = this.#guests.get(channelId);
    if (guest && guest.epoch === home.epoch && guest.node === home.node) {
      // It lost something that we said.
      this.#attach(channelId);
      return;
    }
    if (this.#desk.isPending(channelId)) this.#contested.add(channelId);
    else if (this.#options.channels.isHere(channelId)) void this.#goTo(channelId, home);
  }

  #missedNews(): void {
    this.fanOut.missed();
    void this.#checkHomes();
  }

  /** Words of a guest's viewers are gone: it must say anew who is there. */
  #missedWords(writer: string): void {
    for (const [channelId, epoch] of this.#desk.claimsWithGuest(writer)) {
      const value = this.#claimedOf(channelId, epoch);
      this.#write(this.#nodeTopic(writer), { case: 'claimed', value });
    }
  }

  // ---- Redis comes and goes ----

  async #cameUp(): Promise<void> {
    const { clock, logger } = this.#options;
    this.#upSinceUs = clock.nowUs();
    logger.info('connected with the other relay nodes');
    this.#topics.carrierIsBack();
    await this.#beat();
    await this.#keepClaims((channelId, epoch) => {
      // Redis may have come back empty: guests that look there find us only now.
      this.#write(this.#allTopic, { case: 'claimed', value: this.#claimedOf(channelId, epoch) });
    });
    await this.#checkHomes();
  }

  #wentDown(): void {
    this.#upSinceUs = null;
    this.#options.logger.warn('Redis is away: this node goes on with its own studios and viewers');
    // Their studios cannot be heard: nobody must wait for an answer that cannot come.
    for (const { channel } of this.#guests.values()) channel.movedTo(null);
  }

  async #keepClaims(kept: (channelId: string, epoch: number) => void): Promise<void> {
    for (const [channelId, epoch] of this.#desk.claims()) {
      try {
        if (epoch === 0) await this.#claim(channelId, 0);
        else if (await this.#homes.keep(channelId, epoch)) kept(channelId, epoch);
        else await this.#deposed(channelId);
      } catch {
        return;
      }
    }
  }

  async #deposed(channelId: string): Promise<void> {
    const home = await this.#homes.find(channelId);
    if (home) await this.#goTo(channelId, home);
  }

  /** Looks again where the studios of our guests are, and attaches anew where nothing changed. */
  async #checkHomes(): Promise<void> {
    for (const [channelId, guest] of [...this.#guests]) {
      try {
        const home = await this.#homes.find(channelId);
        if (!home) continue;
        if (home.epoch > guest.epoch) await this.#goTo(channelId, home);
        else if (!guest.channel.studio) this.#attach(channelId);
      } catch {
        return;
      }
    }
  }

  async #beat(): Promise<void> {
    if (!this.isConnected) return;
    let nodes: KnownNode[];
    try {
      nodes = await this.#homes.beat();
    } catch {
      return;
    }
    this.#alive.clear();
    for (const node of nodes) if (node.ageMs < NODE_LEASE_MS) this.#alive.set(node.id, node);
    this.#tellForeignKeys();
    this.#buryTheDead();
    for (const channel of this.#options.channels.all()) {
      if (channel.viewers.size > 0 && channel.studio === null) void this.locate(channel.id);
    }
    if (++this.#beats % CHECK_BEATS !== 0) return;
    await this.#keepClaims(() => {});
    await this.#checkHomes();
  }

  #buryTheDead(): void {
    const { clock } = this.#options;
    const upUs = this.#upSinceUs === null ? 0 : clock.nowUs() - this.#upSinceUs;
    // After a restart of Redis the list is empty at first: everybody gets time to say "here".
    if (upUs < NODE_LEASE_MS * 1000) return;
    for (const [channelId, { node }] of this.#guests) {
      if (!this.#alive.has(node)) this.#lostHome(channelId);
    }
    for (const node of this.#desk.guestNodes()) {
      if (this.#alive.has(node)) continue;
      this.#desk.nodeEnded(node);
      this.#topics.writerEnded(node);
    }
  }

  #tellForeignKeys(): void {
    for (const { id, url, relayKey } of this.#alive.values()) {
      if (relayKey === this.#options.relayKey || this.#foreignKeys.has(id)) continue;
      this.#foreignKeys.add(id);
      this.#options.logger.error('another node signs with another key; give both the same', {
        node: url,
      });
    }
  }

  #nodeTopic(node: string): string {
    return `${this.#options.prefix}:n:${node}`;
  }

  #channelTopic(channelId: string): string {
    return `${this.#options.prefix}:c:${channelId}`;
  }

  #write(topic: string, message: Message): boolean {
    return this.#topics.write(topic, encode(message));
  }

  #say(topic: string, message: Message): boolean {
    return this.#topics.say(topic, encode(message));
  }
}

function encode(message: Message): Uint8Array {
  return toBinary(NodeMessageSchema, create(NodeMessageSchema, { message }));
}

function clockOf(channelId: string, sentUs: number) {
  const zero = { mediaUs: 0n, uncertaintyUs: 0 };
  const $typeName = 'morphine.nodes.v1.Clock';
  return { $typeName, channelId, sentUs: BigInt(sentUs), ...zero } as const;
}

/** The home's words to viewers here: to some as they are, to all as if the studio had spoken. */
function toViewers(channel: Channel, viewerIds: readonly string[], bytes: Uint8Array): void {
  if (viewerIds.length === 0) {
    channel.deliver([], fromBinary(ToViewerSchema, bytes));
    return;
  }
  for (const id of viewerIds) channel.viewers.get(id)?.send(bytes);
}
