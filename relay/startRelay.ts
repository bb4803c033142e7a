// Gives a relay the real clock, timers and randomness. Both entries start it through this: the
// supervised child (entry.ts) and the launcher of a relay on its own (scripts/relay.ts).

import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { realTimers } from '../core/base/clock.ts';
import { createLogger } from '../native/telemetry/logger.ts';
import { checkMediaPath } from '../native/webrtc/pathCheck.ts';
import { guestSettingsOf } from './guests.ts';
import { createMediaRoom } from './media/mediaRoom.ts';
import { createRelay, type Relay } from './relay.ts';
import { forkShard } from './shards/forkShard.ts';
import { createShardedRoom, shardPeer } from './shards/shardedRoom.ts';

export const relayConfigurationSchema = z.object({
  host: z.string().min(1),
  port: z.number().int().min(0).max(65_535),
  portIsNamed: z.boolean(),
  publicUrl: z.url({ protocol: /^https?$/ }).nullable(),
  certificateFile: z.string().min(1).nullable(),
  keyFile: z.string().min(1).nullable(),
  acme: z
    .object({
      name: z.string().min(1),
      directoryUrl: z.url({ protocol: /^https?$/ }).nullable(),
      email: z.string().nullable(),
      challengeHost: z.string(),
      challengePort: z.number().int().min(1).max(65_535),
    })
    .nullable()
    .default(null),
  dataFolder: z.string().min(1),
  /** Holds a password: it reaches no log. */
  databaseUrl: z.string().min(1).nullable().default(null),
  /** Holds a password: it reaches no log. */
  redisUrl: z.string().min(1).nullable().default(null),
  redisPrefix: z
    .string()
    .regex(/^[\w-]{1,32}$/)
    .default('morphine'),
  nodeUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** Reaches no log. */
  relayKey: z.string().min(1).nullable().default(null),
  owners: z.string().min(1),
  iceServers: z.array(z.string()),
  /** Reaches no log. */
  turnSecret: z.string().min(1).nullable().default(null),
  udpPort: z.number().int().min(1).max(65_535).nullable().default(null),
  announce: z.array(z.string()).default([]),
  /** Origins of pages that may use media and sockets; '*': any. */
  allowedOrigins: z.array(z.string().min(1)).default(['*']),
  /** Processes that serve viewers; 1: the relay's own. */
  shards: z.number().int().min(1).max(64).default(1),
  /** The file of a shard's process; null: there are none. */
  shardPath: z.string().min(1).nullable().default(null),
  viewerPageFolder: z.string().min(1),
  storeThreadPath: z.string().min(1),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
});
export type RelayConfiguration = z.infer<typeof relayConfigurationSchema>;

/** @throws BadRelaySetting when a person must change a setting */
export function startRelay(configuration: RelayConfiguration): Promise<Relay> {
  const { logLevel, redisUrl, redisPrefix, nodeUrl, shards, shardPath, ...settings } =
    configuration;
  return createRelay({
    ...settings,
    nodes: { redisUrl, redisPrefix, nodeUrl },
    ...guestSettingsOf(process.env),
    clock: { nowUs: () => Number(process.hrtime.bigint() / 1000n) },
    wallMs: () => Math.floor(performance.timeOrigin + performance.now()),
    timers: realTimers,
    random: (length) => randomBytes(length),
    logger: createLogger(logLevel, 'relay'),
    createMedia: (options) =>
      shards > 1 && shardPath !== null
        ? createShardedRoom(options, {
            ...{ shards, logLevel, start: () => forkShard(shardPath) },
            peerOf: (index) => shardPeer(options.peer, index),
          })
        : createMediaRoom(options),
    checkMedia: checkMediaPath,
  });
}
