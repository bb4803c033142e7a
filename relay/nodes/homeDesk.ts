// The home's side: which channels this node has claimed, which nodes are guests of them, and what
// their viewers say to the studio. A word in another epoch than ours is not heard: it was meant for
// a home that is no more.

import { create, toBinary } from '@bufbuild/protobuf';
import {
  type FromViewer,
  type ToStudio,
  type ToViewer,
  ToViewerSchema,
} from '../../core/wire/gen/facts_pb.js';
import type { Clock, NodeMessage } from '../../core/wire/gen/nodes_pb.js';
import { refusedAnswer } from '../../core/wire/viewerReplies.ts';
import type { Channel } from '../channel.ts';

/** Says "not now": the page sends it again with the same id. */
const AWAY = {
  code: 'STUDIO_AWAY',
  message: 'The studio is away for a moment; it is sent again.',
} as const;

type Message = NodeMessage['message'];
type Claim = {
  channel: Channel;
  /** 0 until Redis gave one. */
  epoch: number;
  /** Nodes with viewers of this channel, and the ids of those. */
  guests: Map<string, Set<string>>;
};

export class HomeDesk {
  readonly #claims = new Map<string, Claim>();
  readonly #tell: (node: string, message: Message) => void;
  readonly #say: (node: string, message: Message) => void;
  readonly #nowUs: () => number;

  constructor(options: {
    tell(node: string, message: Message): void;
    /** Latest wins. */
    say(node: string, message: Message): void;
    nowUs(): number;
  }) {
    this.#tell = options.tell;
    this.#say = options.say;
    this.#nowUs = options.nowUs;
  }

  isHome(channelId: string): boolean {
    return this.#claims.has(channelId);
  }

  /** The studio is here, and Redis has not said yet in which epoch. */
  isPending(channelId: string): boolean {
    return this.#claims.get(channelId)?.epoch === 0;
  }

  epochOf(channelId: string): number {
    return this.#claims.get(channelId)?.epoch ?? 0;
  }

  hasGuests(channelId: string): boolean {
    return (this.#claims.get(channelId)?.guests.size ?? 0) > 0;
  }

  open(channel: Channel): void {
    const known = this.#claims.get(channel.id);
    this.#claims.set(channel.id, known ?? { channel, epoch: 0, guests: new Map() });
  }

  /** False when the channel was closed meanwhile, or claimed again. */
  claimed(channelId: string, epoch: number): boolean {
    const claim = this.#claims.get(channelId);
    if (!claim || epoch <= claim.epoch) return false;
    claim.epoch = epoch;
    return true;
  }

  /** @returns the epoch that was given up; null when there was none */
  close(channelId: string): number | null {
    const claim = this.#claims.get(channelId);
    this.#claims.delete(channelId);
    return claim && claim.epoch > 0 ? claim.epoch : null;
  }

  claims(): [string, number][] {
    return [...this.#claims].map(([channelId, { epoch }]) => [channelId, epoch]);
  }

  claimsWithGuest(node: string): [string, number][] {
    const claims = [...this.#claims].filter(([, { guests }]) => guests.has(node));
    return claims.map(([channelId, { epoch }]) => [channelId, epoch]);
  }

  guestNodes(): Set<string> {
    const nodes = new Set<string>();
    for (const { guests } of this.#claims.values()) {
      for (const node of guests.keys()) nodes.add(node);
    }
    return nodes;
  }

  /** A word to every viewer elsewhere; null when there is none. */
  wordToAll(channelId: string, message: Uint8Array): Message | null {
    const claim = this.#claims.get(channelId);
    if (!claim || claim.guests.size === 0) return null;
    return toGuest(claim, [], message);
  }

  /** A node is gone, and its viewers with it. */
  nodeEnded(node: string): void {
    for (const claim of this.#claims.values()) this.#guestWent(claim, node);
  }

  /** False for words that are not for us, or not any more. */
  heard(message: Message, node: string): boolean {
    if (message.case === 'clockAsk') return this.#tellClock(message.value, node);
    if (message.case !== 'attach' && message.case !== 'detach' && message.case !== 'fromGuest') {
      return false;
    }
    const claim = this.#claims.get(message.value.channelId);
    if (!claim || BigInt(claim.epoch) !== message.value.epoch) return false;
    if (message.case === 'attach') this.#guestCame(claim, node);
    else if (message.case === 'detach') this.#guestWent(claim, node);
    else if (message.value.message) this.#viewerSaid(claim, node, message.value.message.message);
    return true;
  }

  #guestCame(claim: Claim, node: string): void {
    this.#guestWent(claim, node);
    claim.guests.set(node, new Set());
    for (const bytes of claim.channel.opening()) this.#tell(node, toGuest(claim, [], bytes));
    const channelId = claim.channel.id;
    for (const still of claim.channel.stills.all()) {
      const value = { $typeName: 'morphine.nodes.v1.Still', channelId, still } as const;
      this.#say(node, { case: 'still', value });
    }
    const { kept } = claim.channel.poster;
    if (!kept) return;
    const { jpeg, width, height } = kept;
    const poster = { $typeName: 'morphine.facts.v1.Poster', jpeg, width, height } as const;
    const $typeName = 'morphine.nodes.v1.Poster';
    const value = { $typeName, channelId, poster } as const;
    this.#say(node, { case: 'poster', value });
  }

  #guestWent(claim: Claim, node: string): void {
    for (const id of claim.guests.get(node) ?? []) claim.channel.farViewerWent(id);
    claim.guests.delete(node);
  }

  #viewerSaid(claim: Claim, node: string, said: ToStudio['message']): void {
    const { channel } = claim;
    const ids = claim.guests.get(node);
    if (!ids) return;
    if (said.case === 'viewerJoined') {
      const { viewerId, subject, publicKey, network, resumed: hasResumed } = said.value;
      ids.add(viewerId);
      const send = (bytes: Uint8Array) => this.#tell(node, toGuest(claim, [viewerId], bytes));
      channel.farViewerCame({ id: viewerId, subject, publicKey, network, hasResumed, send });
    } else if (said.case === 'viewerLeft') {
      if (ids.delete(said.value.viewerId)) channel.farViewerWent(said.value.viewerId);
    } else if (said.case === 'viewerMessage' && ids.has(said.value.viewerId)) {
      if (channel.studio?.send(said)) return;
      const { viewerId, message } = said.value;
      if (message) this.#answerAway(claim, node, viewerId, message);
    }
  }

  #answerAway(claim: Claim, node: string, viewerId: string, question: FromViewer): void {
    const answer: ToViewer['message'] | null = refusedAnswer(question.message, AWAY);
    if (!answer) return;
    const bytes = toBinary(ToViewerSchema, create(ToViewerSchema, { message: answer }));
    this.#tell(node, toGuest(claim, [viewerId], bytes));
  }

  #tellClock(asked: Clock, node: string): boolean {
    const claim = this.#claims.get(asked.channelId);
    if (!claim) return false;
    const { mediaUs, uncertaintyUs } = claim.channel.clock.read(this.#nowUs());
    const value = { ...asked, mediaUs: BigInt(mediaUs), uncertaintyUs };
    this.#say(node, { case: 'clockTold', value });
    return true;
  }
}

function toGuest(claim: Claim, viewerIds: string[], message: Uint8Array): Message {
  const value = {
    $typeName: 'morphine.nodes.v1.ToGuest',
    channelId: claim.channel.id,
    epoch: BigInt(claim.epoch),
    viewerIds,
    message,
  } as const;
  return { case: 'toGuest', value };
}
