// The relay as a child of the studio's supervisor. It takes its configuration by message, says
// where it serves, and ends when it is told to or when its supervisor is gone.

import { realTimers } from '../core/base/clock.ts';
import { BAD_CONFIGURATION_EXIT_CODE } from '../core/contract/process.ts';
import { connectParent, describeIssues } from '../native/child/parent.ts';
import { BadRelaySetting, type RelaySetting } from './badRelaySetting.ts';
import type { Relay } from './relay.ts';
import { relayConfigurationSchema, startRelay } from './startRelay.ts';

/** The studio's flags; what has none comes from its supervisor or its settings. */
const FLAGS: Readonly<Record<RelaySetting, string>> = {
  host: '--relay-host',
  port: '--relay-port',
  publicUrl: '--relay-public-url',
  certificateFile: '--relay-cert',
  keyFile: '--relay-key',
  dataFolder: '--data',
  databaseUrl: 'databaseUrl',
  redisUrl: 'redisUrl',
  relayKey: 'relayKey',
  nodeUrl: 'nodeUrl',
  owners: 'owners',
  iceServers: '--ice-server',
  udpPort: '--relay-udp-port',
  announce: '--relay-announce',
  acme: 'acme',
  openIdIssuer: 'MORPHINE_OPENID_ISSUER',
};
/** Closing takes no longer than this, ms; then the process ends all the same. */
const CLOSE_MS_MAX = 1_500;

let relay: Relay | null = null;
let isStopping = false;

const parent = connectParent(() => void stop());

parent.onMessage((message) => {
  if (message.type === 'start') void start(message.config);
  else if (message.type === 'ping') parent.send({ type: 'pong', id: message.id });
  else if (message.type === 'stop') void stop();
});

async function start(config: unknown): Promise<void> {
  const parsed = relayConfigurationSchema.safeParse(config);
  if (!parsed.success) {
    fail(BAD_CONFIGURATION_EXIT_CODE, describeIssues(parsed.error));
    return;
  }
  try {
    // A secret travels by the environment, never by an argument list.
    const turnSecret = process.env.MORPHINE_TURN_SECRET || null;
    relay = await startRelay({ ...parsed.data, turnSecret });
  } catch (error) {
    if (error instanceof BadRelaySetting) {
      fail(BAD_CONFIGURATION_EXIT_CODE, `${FLAGS[error.setting]} ${error.message}`);
    } else fail(1, `The relay could not start: ${error instanceof Error ? error.stack : error}`);
    return;
  }
  if (isStopping) {
    void relay.close();
    return;
  }
  const { url, localUrl, port, metricsUrl, healthUrl } = relay;
  parent.send({
    type: 'ready',
    endpoint: null,
    facts: { relay: url, localUrl, port, metrics: metricsUrl, health: healthUrl },
  });
}

function fail(exitCode: number, line: string): void {
  parent.send({ type: 'failed', exitCode, line });
  // The message must leave the process before it ends.
  realTimers.after(50, () => process.exit(exitCode));
}

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  realTimers.after(CLOSE_MS_MAX, () => process.exit(0));
  await relay?.close();
  process.exit(0);
}
