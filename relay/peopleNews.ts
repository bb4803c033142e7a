// A studio's word on people reaches every node of a relay at once: the node that the studio is on
// publishes it whole, and a node that begins to serve the channel asks for it. Nothing is kept in
// between, because the word is whole each time.

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type People, PeopleSchema } from '../core/wire/gen/facts_pb.js';
import type { MediaRequest, MediaResponse } from './media/mediaRoom.ts';
import type { RelayRoom } from './room.ts';

const SAID = 'people';
const ASKED = 'peopleAsked';
const NOTHING = new Uint8Array(0);

type NewsRoom = Pick<RelayRoom, 'channels' | 'clock' | 'fanOut'>;

/** Begins to listen; once per relay. */
export function followPeople(room: NewsRoom): void {
  const { channels, clock, fanOut } = room;
  fanOut.onPublished(SAID, (channelId, bytes) => {
    channels.find(channelId)?.setPeople(fromBinary(PeopleSchema, bytes));
  });
  fanOut.onPublished(ASKED, (channelId) => {
    const channel = channels.find(channelId);
    const known = channel?.studio ? channel.people.current(clock.nowUs()) : null;
    if (known) publishPeople(room, channelId, known);
  });
  fanOut.onMissed(() => {
    for (const channel of channels.all()) fanOut.publish(channel.id, ASKED, NOTHING);
  });
}

export function publishPeople(
  { fanOut }: Pick<RelayRoom, 'fanOut'>,
  channelId: string,
  people: People,
): void {
  fanOut.publish(channelId, SAID, toBinary(PeopleSchema, people));
}

/** Asks for the word on a channel that this node has not heard of. */
export function askPeople({ fanOut }: Pick<RelayRoom, 'fanOut'>, channelId: string): void {
  fanOut.publish(channelId, ASKED, NOTHING);
}

/** Whether somebody's network may not see the picture of a channel by WebSocket. */
export function isBarredFromStream(room: NewsRoom, channelId: string, address: string): boolean {
  const people = room.channels.find(channelId)?.people;
  return !!people?.refusal({ subject: '', address }, 'join', room.clock.nowUs());
}

/** The refusal of a picture to somebody whose network is banned; null for everybody else. */
export function barredFromMedia(room: NewsRoom, request: MediaRequest): MediaResponse | null {
  const [, verb, channelId = ''] = request.path.split('/');
  if (verb !== 'whep' || request.method !== 'POST') return null;
  const who = { subject: '', address: request.remoteAddress };
  const people = room.channels.find(channelId)?.people;
  const barred = people?.refusal(who, 'join', room.clock.nowUs());
  if (!barred) return null;
  const body = JSON.stringify({ type: 'about:blank', status: 403, detail: barred.message });
  return { status: 403, headers: { 'Content-Type': 'application/problem+json' }, body };
}
