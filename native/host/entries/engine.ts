// The engine as a process: takes its configuration from the supervisor, builds the real clocks and
// doors, and starts the show. It ends itself when the supervisor is gone.

import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { realTimers } from '../../../core/base/clock.ts';
import { BAD_CONFIGURATION_EXIT_CODE } from '../../../core/contract/process.ts';
import {
  connectParent,
  describeIssues,
  type HandedPort,
  type Parent,
  type WindowKind,
} from '../../child/parent.ts';
import { createBreakingDoor } from '../../engine/breakingRoom.ts';
import { type EngineConfiguration, engineConfigurationSchema } from '../../engine/configuration.ts';
import { IngestRefused } from '../../engine/ingestDoor.ts';
import { type Engine, startEngine } from '../../engine.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { openChannelKey } from '../../upstream/channelKey.ts';

/** node-datachannel's threads would hold a process that only returns; this ends it. */
const exit = (code: number) => process.exit(code);

const parent = connectParent(() => exit(0));
let engine: Engine | undefined;
const breaking = createBreakingDoor((order) => parent.send({ type: 'break', order }));

parent.onMessage((message) => {
  switch (message.type) {
    case 'start':
      start(message.config).catch((cause: unknown) => fail(cause));
      break;
    case 'peer':
      peers.set(message.name, message.endpoint);
      tellPeers();
      break;
    case 'broken':
      breaking.heard(message.deed);
      break;
    case 'ping':
      parent.send({ type: 'pong', id: message.id });
      break;
    case 'stop':
      (engine?.close() ?? Promise.resolve()).then(
        () => exit(0),
        () => exit(1),
      );
      break;
  }
});
/** Windows ask for a port while the engine starts, too; these few wait until it stands. */
const earlyPorts: [HandedPort, WindowKind][] = [];
/** A studio and a capture window ask every two seconds; more than this is a fault. */
const EARLY_PORTS_MAX = 16;

parent.onWindowPort((port, kind) => {
  if (engine) accept(engine, port, kind);
  else if (earlyPorts.length < EARLY_PORTS_MAX) earlyPorts.push([port, kind]);
  else port.close();
});

function accept({ door }: Engine, port: HandedPort, kind: WindowKind): void {
  if (kind === 'studio') door.acceptStudioPort(port);
  else door.acceptCapturePort(capturePortOver(port));
}

type Peers = Map<string, Parameters<Engine['setLedger']>[0]>;
const peers: Peers = new Map();

/** Peers may be told before the engine stands; it then learns of them all at once. */
function tellPeers(): void {
  if (!engine) return;
  for (const [name, endpoint] of peers) {
    if (name === 'ledger') engine.setLedger(endpoint);
    if (name === 'vision') engine.setVision(endpoint);
  }
  peers.clear();
}

async function start(config: unknown): Promise<void> {
  const parsed = engineConfigurationSchema.safeParse(config);
  if (!parsed.success) return refuse(`engine: ${describeIssues(parsed.error)}`);
  const configuration = parsed.data;
  if (configuration.isRelayOurs) factsBeforeReady = FACTS_BEFORE_READY_OWN_RELAY;
  const monotonicUs = () => Number(process.hrtime.bigint() / 1000n);
  const random = (length: number) => randomBytes(length);
  try {
    engine = await startEngine(configuration, {
      clock: { nowUs: () => configuration.epochUs + monotonicUs() },
      timers: realTimers,
      random,
      logger: createLogger(configuration.logLevel, 'engine'),
      ffmpeg: configuration.ffmpeg,
      key: await openChannelKey({ dataFolder: configuration.dataFolder, random }),
      demoWorkerUrl: pathToFileURL(configuration.demoWorkerPath),
      fetch,
      monotonicMs: () => monotonicUs() / 1000,
      wallMs: () => Date.now(),
      restart: () => void (engine?.close() ?? Promise.resolve()).finally(() => exit(0)),
      breaking,
      onHelper: (pid, alive) => parent.send({ type: 'helper', pid, alive }),
      onFacts: (facts) => tellFacts(parent, facts),
    });
  } catch (cause) {
    if (isTaken(cause)) return refuse(takenLine(configuration));
    if (cause instanceof IngestRefused) return refuse(cause.message);
    throw cause;
  }
  tellPeers();
  for (const [port, kind] of earlyPorts.splice(0)) accept(engine, port, kind);
}

let isReady = false;

/**
 * The first facts with a registered relay make the engine ready. A relay that does not answer must
 * not keep the studio closed, so facts without one count after a while.
 */
function tellFacts(to: Parent, facts: Record<string, unknown>): void {
  factsTold++;
  if (isReady) {
    to.send({ type: 'facts', facts });
  } else if (facts.viewer !== null || factsTold > factsBeforeReady) {
    isReady = true;
    to.send({ type: 'ready', endpoint: null, facts });
  }
}

let factsTold = 0;
/** Facts come once a second: the grace for a relay elsewhere, and for our own on a busy machine. */
const FACTS_BEFORE_READY = 2;
const FACTS_BEFORE_READY_OWN_RELAY = 15;
let factsBeforeReady = FACTS_BEFORE_READY;

function refuse(line: string): void {
  parent.send({ type: 'failed', exitCode: BAD_CONFIGURATION_EXIT_CODE, line });
  // The message needs a moment to leave the process.
  setTimeout(() => exit(BAD_CONFIGURATION_EXIT_CODE), 50);
}

function fail(cause: unknown): void {
  const line = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  parent.send({ type: 'failed', exitCode: 1, line });
  setTimeout(() => exit(1), 50);
}

function isTaken(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

function takenLine({ port, portIsNamed }: EngineConfiguration): string {
  return portIsNamed
    ? `--port ${port} is in use. Name another port, or leave --port out for the next free one.`
    : `No free port was found from ${port} on. Name one with --port.`;
}

/** A window's port as the capture page's connection. */
function capturePortOver(port: HandedPort) {
  port.start();
  return {
    send: (bytes: Uint8Array) => port.postMessage(bytes),
    onMessage(run: (bytes: Uint8Array) => void) {
      port.on('message', ({ data }) => {
        if (data instanceof Uint8Array) run(data);
      });
    },
    onClose: (run: () => void) => port.on('close', run),
    close: () => port.close(),
  };
}
