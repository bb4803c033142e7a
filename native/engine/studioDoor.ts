// The studio's door: pages over HTTP, RPC over WebSocket or a window's port, health and metrics,
// and the links that let a person in. Whoever comes through it is the owner: the cookie and the
// handed port are both given only on this machine, to this person.

import { newId } from '../../core/base/ids.ts';
import { type EmitterPort, portOfEmitter } from '../../core/contract/ports.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { createRpcServer, type RpcServer } from '../../core/contract/rpcServer.ts';
import type { CapturePagePort } from '../capture/source.ts';
import type { HandedPort } from '../child/parent.ts';
import type { EngineSurroundings } from '../engine.ts';
import type { MediaHandler } from '../serve/mediaAnswers.ts';
import type { StudioStateStore } from '../serve/state.ts';
import { createStudioServer } from '../serve/studioServer.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import type { EngineConfiguration } from './configuration.ts';
import type { FactLog } from './factLog.ts';
import { keepAddress, keptSecret } from './keptSecret.ts';

/** Ports tried after the standard one when nobody named one. */
const NEXT_PORTS_MAX = 50;

export type StudioDoor = {
  port: number;
  /** Where people and publishers reach it: `http://127.0.0.1:47800`. */
  url: string;
  rpc: RpcServer;
  metrics: Metrics;
  /** A window of the desktop shell came: its studio page speaks RPC over this port. */
  acceptStudioPort(port: HandedPort): void;
  acceptCapturePort(port: CapturePagePort): void;
  /** A link that works once within 60 s. */
  /** A link that lets in once: to the studio, or to its dock inside OBS. */
  issueLink(path?: '/' | '/dock/'): string;
  /** Addresses for the ready file. */
  facts(): { metrics: string; health: string };
  close(): Promise<void>;
};

/** Opens the door. Rejects with the listen error when the port is not to be had. */
export async function openStudioDoor(options: {
  configuration: EngineConfiguration;
  around: EngineSurroundings;
  store: StudioStateStore;
  handlers: Handlers;
  onCapturePage(port: CapturePagePort): void;
  media: MediaHandler;
  factLog: FactLog;
}): Promise<StudioDoor> {
  const { configuration, around, store } = options;
  const metrics = createMetrics('morphine_');
  const rpc = createRpcServer({
    runId: newId(around.random),
    state: () => store.state(),
    handlers: options.handlers,
    logger: around.logger.with({ part: 'rpc' }),
  });
  store.onAction((action, origin) => rpc.publish(action, origin));
  const secrets = await keptSecret(configuration.dataFolder, around.random);
  const server = await createStudioServer({
    host: configuration.host,
    port: configuration.port,
    nextPortsMax: configuration.portIsNamed ? 0 : NEXT_PORTS_MAX,
    hostNames: [],
    folders: {
      studio: `${configuration.pageFolder}/studio`,
      capture: `${configuration.pageFolder}/capture`,
      dock: `${configuration.pageFolder}/dock`,
    },
    cookieSecret: secrets.cookie,
    openSecret: secrets.open,
    onRpc: (port) => rpc.accept(port, () => 'owner'),
    onCapture: options.onCapturePage,
    plain: {
      '/healthz': () => ({ status: 200, contentType: 'text/plain', body: 'ok\n' }),
      '/readyz': () => readiness(store),
      '/metrics': async () => ({
        status: 200,
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        body: await metrics.page(),
      }),
    },
    streams: { '/facts': (hear) => options.factLog.listen(hear) },
    media: options.media,
    random: around.random,
    timers: around.timers,
    monotonicMs: around.monotonicMs,
    logger: around.logger.with({ part: 'serve' }),
  });
  await keepAddress(configuration.dataFolder, server.url);
  return {
    port: server.port,
    url: server.url,
    rpc,
    metrics,
    acceptStudioPort: (port) =>
      rpc.accept(portOfEmitter(port as EmitterPort, 'event'), () => 'owner'),
    acceptCapturePort: options.onCapturePage,
    issueLink: (path = '/') => server.issueLink(path),
    facts: () => ({
      metrics: `${server.url}/metrics`,
      health: `${server.url}/healthz`,
    }),
    async close() {
      rpc.close();
      await server.close();
    },
  };
}

/** Ready: a source delivers and the ledger answers. The relay may be away; the show goes on. */
function readiness(store: StudioStateStore) {
  const { source, ledger } = store.state();
  const isReady = source.state === 'live' && ledger.state === 'running';
  const body = `source ${source.state}\nledger ${ledger.state}\n`;
  return { status: isReady ? 200 : 503, contentType: 'text/plain', body };
}
