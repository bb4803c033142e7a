// A shard: a process that serves a share of a relay's viewers with its own WebRTC library and UDP
// port. It gets the layers' packets from its parent and knows no tokens, no facts and no
// publishers; it ends with its parent.

import { randomBytes } from 'node:crypto';
import { realTimers } from '../../core/base/clock.ts';
import { createLogger } from '../../native/telemetry/logger.ts';
import type { IceServerLink } from '../../native/webrtc/responses.ts';
import type { Injection } from '../media/layerSource.ts';
import { createMediaRoom, type MediaRoom } from '../media/mediaRoom.ts';
import type { FromShard, LayerName, ToShard } from './messages.ts';

/** Viewers of one shard: beyond it the loop is late for all of them. */
const VIEWERS_MAX = 150;
const SESSIONS_PERIOD_MS = 2_000;

let room: MediaRoom | null = null;
let iceServers: readonly IceServerLink[] = [];
const injections = new Map<string, Injection>();

function say(message: FromShard): void {
  process.send?.(message);
}

function start({ peer, logLevel }: Extract<ToShard, { type: 'start' }>): MediaRoom {
  const made = createMediaRoom({
    clock: { nowUs: () => Number(process.hrtime.bigint() / 1000n) },
    timers: realTimers,
    random: (length) => randomBytes(length),
    logger: createLogger(logLevel, 'relay shard'),
    peer,
    iceServerLinks: () => iceServers,
    // The parent has asked all that before.
    isKnownChannel: () => true,
    isPublisherAllowed: () => false,
    postsPerMinuteMax: Number.POSITIVE_INFINITY,
    viewersMax: VIEWERS_MAX,
    onMediaState() {},
    onViewerCount: (channel, count) => say({ type: 'viewers', channel, count }),
  });
  realTimers.every(SESSIONS_PERIOD_MS, () =>
    say({ type: 'sessions', sessionIds: made.sessionIds() }),
  );
  return made;
}

function injectionOf(open: MediaRoom, { channel, layer }: LayerName): Injection {
  const name = `${channel}/${layer}`;
  const known = injections.get(name);
  if (known) return known;
  const made = open.inject(channel, layer, () => say({ type: 'keyFrame', channel, layer }));
  injections.set(name, made);
  return made;
}

process.on('message', (message: ToShard) => {
  if (message.type === 'start') {
    room = start(message);
    say({ type: 'ready' });
    return;
  }
  if (!room) return;
  switch (message.type) {
    case 'packet':
      injectionOf(room, message).push(message.track, message.bytes);
      return;
    case 'senderReport':
      injectionOf(room, message).senderReport(message.track, message.clock);
      return;
    case 'flow':
      injectionOf(room, message).setFlowing(message.isFlowing);
      return;
    case 'analytics':
      room.sendAnalytics(message.channel, message.bytes);
      return;
    case 'end':
      room.endChannel(message.channel);
      for (const name of injections.keys()) {
        if (name.startsWith(`${message.channel}/`)) injections.delete(name);
      }
      return;
    case 'request': {
      const { id, request } = message;
      iceServers = message.iceServers;
      void room.handle(request).then((response) => {
        const none = { status: 404, headers: {}, body: '' };
        say({ type: 'response', id, response: response ?? none });
      });
    }
  }
});
process.once('disconnect', () => process.exit(0));
