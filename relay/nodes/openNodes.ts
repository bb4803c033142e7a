// Joins this relay with others when a Redis is named. A node that signs with another key than the
// ones that are up must not join them: a studio that moves between them would take its own marks
// for a stranger's.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Metrics } from '../../native/telemetry/metrics.ts';
import { BadRelaySetting } from '../badRelaySetting.ts';
import { openRedis, type Redis, RedisFailure } from '../redis.ts';
import type { Channels } from '../room.ts';
import { Nodes } from './nodes.ts';

/** A Redis that is not there yet holds nobody up for longer, ms. */
const FIRST_LOOK_MS_MAX = 2_000;

export type NodeSettings = {
  /** redis:// address, password included; null: a relay on its own. */
  redisUrl: string | null;
  /** Keys and topics begin with it. */
  redisPrefix: string;
  /** Where viewers reach this very node; null: the address it listens on. */
  nodeUrl: string | null;
};

/**
 * Null for a relay on its own.
 *
 * @throws BadRelaySetting for an address that is none, and for a key that is not the others'
 */
export async function openNodes(
  settings: NodeSettings,
  parts: {
    url: string;
    relayKey: string;
    channels: Channels;
    clock: MediaClock;
    timers: Timers;
    random: RandomBytes;
    logger: Logger;
  },
): Promise<Nodes | null> {
  if (settings.redisUrl === null) return null;
  const url = (settings.nodeUrl ?? parts.url).replace(/\/+$/, '');
  const redis = connect(settings.redisUrl);
  const nodes = new Nodes({ ...parts, redis, url, prefix: settings.redisPrefix });
  await firstLook(redis, parts.timers);
  const [stranger] = redis.isUp ? await nodes.foreignKeyHolders().catch(() => []) : [];
  if (stranger) {
    await nodes.close();
    const message = `The relay at ${stranger.url} signs with another key; give all nodes the same`;
    throw new BadRelaySetting('relayKey', `${message} MORPHINE_RELAY_KEY or relay-key.json.`);
  }
  parts.channels.span = nodes;
  return nodes;
}

function connect(address: string): Redis {
  try {
    return openRedis(address);
  } catch (error) {
    if (error instanceof RedisFailure) throw new BadRelaySetting('redisUrl', error.message);
    throw error;
  }
}

function firstLook(redis: Redis, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    if (redis.isUp) {
      resolve();
      return;
    }
    const cancel = timers.after(FIRST_LOOK_MS_MAX, resolve);
    redis.onUp(() => {
      cancel();
      resolve();
    });
  });
}

/** What the operator sees of the other nodes. */
export function meterNodes(metrics: Metrics, nodes: Nodes): void {
  metrics.countBy('nodes_total', 'Words between relay nodes', 'of', () => ({
    ...nodes.counters,
    ...nodes.topicCounters,
    ...nodes.redisCounters,
  }));
  metrics.gaugeBy('nodes', 'Other relay nodes', 'of', () => ({
    up: nodes.others.length,
    redisConnected: nodes.isConnected ? 1 : 0,
  }));
}
