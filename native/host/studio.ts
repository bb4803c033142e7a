// A studio without a window: prepares the data folder, runs the supervisor over engine, ledger,
// vision and relay, keeps the ready file, and ends everything within three seconds. The desktop
// shell uses the same function with its own launcher. It never carries media or bets.

import { join } from 'node:path';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { ingestViewSchema } from '../../core/contract/ingest.ts';
import type { ProcessName } from '../../core/contract/process.ts';
import type { FfmpegChoice } from '../ffmpeg/resolve.ts';
import { tearLog } from '../sqlite/tornLog.ts';
import { readPairedRelay } from '../upstream/pairing.ts';
import { SRT_PORT_DEFAULT, type StudioOptions } from './commandLine.ts';
import {
  defaultDataFolder,
  prepareDataFolder,
  readChannelClock,
  readSettings,
  type Settings,
  writeChannelClock,
} from './dataFolder.ts';
import { createReadyFile, type ReadyFacts, readyFactsOf } from './readyFile.ts';
import {
  type ChildFacts,
  createSupervisor,
  type ProcessLauncher,
  StartRefused,
  type Supervisor,
} from './supervisor.ts';

/** Where the built parts lie; the same inside a packed app and in a checkout. */
export type ResourceFolders = {
  /** Built entries and workers, `*.js`. */
  entries: string;
  /** Built pages: `studio/`, `capture/`, `viewer/`. */
  pages: string;
  /** Model manifest, our own models, packs. */
  models: string;
};

export type StudioHost = {
  supervisor: Supervisor;
  readyFacts(): ReadyFacts;
  onChange(run: () => void): void;
  stop(): Promise<void>;
};

/** What the hosts need of a channel's key; the secret part stays with the engine. */
export type ChannelIdentity = {
  channelId: string;
  videoClockOffset: number;
  audioClockOffset: number;
};

export type StudioHostOptions = {
  options: StudioOptions;
  folders: ResourceFolders;
  launcher: ProcessLauncher;
  timers: Timers;
  logger: Logger;
  random: RandomBytes;
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
  monotonicUs(): number;
  wallUs(): number;
  pid: number;
  /** Folder that a relative `file:` refers to. */
  callerFolder: string;
  /** Asks the machine's ffmpeg once for everybody; a machine without one still gets a studio. */
  findFfmpeg(configuredPath: string | undefined): Promise<FfmpegChoice>;
  /** Refuses a source that can never play. Throws StartRefused. */
  refuseBadSource(source: string, ffmpeg: FfmpegChoice): Promise<void>;
  /** Reads the channel's key from the data folder, or makes it at the first start. */
  openChannelKey(at: { dataFolder: string; random: RandomBytes }): Promise<ChannelIdentity>;
  /** The key that seals personal data, from the keychain; null: the ledger has it in a file. */
  openPersonalKey?(dataFolder: string): string | null;
};

/** A stop must leave nothing after three seconds; the children get most of that. */
const CHILDREN_STOP_MS = 2_200;
const CLOCK_KEEP_PERIOD_MS = 5_000;

/**
 * Starts a studio; resolves when it is ready.
 * @throws StartRefused with exit code 2 for what a person can mend
 */
export async function startStudio(host: StudioHostOptions): Promise<StudioHost> {
  const { options, timers } = host;
  const readyFile = createReadyFile(options.readyFile);
  readyFile.remove();
  const dataFolder = options.dataFolder ?? defaultDataFolder(host.platform, host.env);
  prepareDataFolder(dataFolder);
  const settings = readSettings(dataFolder);
  const ffmpeg = await host.findFfmpeg(settings.ffmpeg);
  await host.refuseBadSource(options.source, ffmpeg);
  const clockState = readChannelClock(dataFolder, host.monotonicUs(), host.wallUs());
  const clock: MediaClock = { nowUs: () => clockState.epochUs + host.monotonicUs() };
  const channel = await openKey(host, dataFolder);
  const personalKey = host.openPersonalKey?.(dataFolder) ?? null;
  const common = {
    epochUs: clockState.epochUs,
    logLevel: host.env.MORPHINE_LOG ?? settings.logLevel,
    dataFolder,
  };
  const changeListeners: (() => void)[] = [];
  let isReady = false;

  const supervisor = createSupervisor({
    launcher: host.launcher,
    timers,
    logger: host.logger,
    names: options.relayUrl
      ? ['ledger', 'vision', 'engine']
      : ['ledger', 'vision', 'relay', 'engine'],
    startsAfter: (name) => (name === 'engine' ? ['ledger', 'relay'] : []),
    configOf(name, known) {
      return configurationOf(name, known, {
        host,
        common,
        ffmpeg,
        channel,
        title: settings.title,
        picture: { layers: settings.layers, bitsPerSecondMax: settings.bitsPerSecondMax ?? null },
        modelFolder: settings.models ?? null,
        personalKey,
        retention: settings.retention,
      });
    },
    breaking: {
      ...{ logger: host.logger, monotonicMs: () => host.monotonicUs() / 1000 },
      refusal: () => breakRefusal(supervisor.facts(), options, dataFolder),
      tearLog: () => tearLog(join(dataFolder, 'ledger.db-wal')),
    },
    onChange() {
      if (!isReady) return;
      tellWhereWeAre();
      for (const run of changeListeners) run();
    },
  });
  const keep = keepingOn(host.logger);
  const tellWhereWeAre = () => keep('ready file', () => readyFile.write(currentFacts()));
  const currentFacts = () =>
    readyFactsOf(
      supervisor.facts().get('engine') ?? {},
      supervisor.processIds(),
      host.pid,
      dataFolder,
    );

  const keepClock = () => writeChannelClock(dataFolder, { ...clockState, lastUs: clock.nowUs() });
  try {
    await supervisor.start();
  } catch (cause) {
    await supervisor.stop(CHILDREN_STOP_MS);
    throw cause;
  }
  isReady = true;
  const cancelKeeping = timers.every(CLOCK_KEEP_PERIOD_MS, () => {
    keep('clock', keepClock);
    tellWhereWeAre();
  });
  tellWhereWeAre();

  let stopping: Promise<void> | undefined;
  return {
    supervisor,
    readyFacts: currentFacts,
    onChange: (run) => changeListeners.push(run),
    stop() {
      stopping ??= (async () => {
        isReady = false;
        cancelKeeping();
        await supervisor.stop(CHILDREN_STOP_MS);
        keep('clock', keepClock);
        readyFile.remove();
      })();
      return stopping;
    },
  };
}

/** Only the demo, and only where all of it is ours: nobody else's show is broken. */
function breakRefusal(
  known: ReadonlyMap<ProcessName, ChildFacts>,
  { relayUrl, isRelayNamed }: StudioOptions,
  dataFolder: string,
): string {
  const source = known.get('engine')?.source;
  const isDemo = typeof source === 'string' && source.startsWith('demo:');
  if (!isDemo) return 'Only the demo match is broken on purpose.';
  const isPaired = !isRelayNamed && readPairedRelay(dataFolder) !== null;
  const isOwnRelay = relayUrl === null && !isPaired;
  return isOwnRelay ? '' : 'Only a studio with its own relay is broken on purpose.';
}

/** A full disk ends no show: what could not be kept is logged once, and tried again later. */
function keepingOn(logger: Logger): (what: string, write: () => void) => void {
  const lacking = new Set<string>();
  return (what, write) => {
    try {
      write();
      lacking.delete(what);
    } catch (cause) {
      if (!lacking.has(what)) logger.warn('not kept', { what, reason: String(cause) });
      lacking.add(what);
    }
  };
}

async function openKey(host: StudioHostOptions, dataFolder: string): Promise<ChannelIdentity> {
  try {
    return await host.openChannelKey({ dataFolder, random: host.random });
  } catch (cause) {
    throw new StartRefused(cause instanceof Error ? cause.message : String(cause), 2);
  }
}

type ConfigurationParts = {
  host: StudioHostOptions;
  common: { epochUs: number; logLevel: string; dataFolder: string };
  ffmpeg: FfmpegChoice;
  channel: ChannelIdentity;
  title: string;
  picture: { layers: number; bitsPerSecondMax: number | null };
  modelFolder: string | null;
  personalKey: string | null;
  retention: Settings['retention'];
};

/** Where vision looks for a model, first one first. */
function modelFoldersOf({ host, common, modelFolder }: ConfigurationParts): string[] {
  const own = [host.env.MORPHINE_MODELS, modelFolder, join(common.dataFolder, 'models')];
  return [...own, host.folders.models].filter((folder): folder is string => !!folder);
}

/** The start message's configuration of each process; each checks it with its own schema. */
function configurationOf(
  name: ProcessName,
  known: ReadonlyMap<ProcessName, ChildFacts>,
  parts: ConfigurationParts,
): unknown {
  const { host, common, ffmpeg } = parts;
  const { options, folders } = host;
  const offsets = {
    videoClockOffset: parts.channel.videoClockOffset,
    audioClockOffset: parts.channel.audioClockOffset,
  };
  const modelFolders = modelFoldersOf(parts);
  // A process that comes back listens where it was before, or links would die with it.
  const portAgain = (choice: { port: number; isNamed: boolean }) => {
    const before = known.get(name)?.port;
    return typeof before === 'number'
      ? { port: before, portIsNamed: true }
      : { port: choice.port, portIsNamed: choice.isNamed };
  };
  switch (name) {
    case 'ledger':
      return {
        ...common,
        channelId: parts.channel.channelId,
        personalKey: parts.personalKey,
        retention: parts.retention,
      };
    case 'vision':
      return {
        ...common,
        ffmpeg,
        ...offsets,
        modelFolders,
        packFolder: join(folders.models, 'packs'),
        ownPackFolder: join(common.dataFolder, 'packs'),
        workerPath: join(folders.entries, 'inferenceWorker.js'),
      };
    case 'relay':
      return {
        ...common,
        dataFolder: join(common.dataFolder, 'relay'),
        host: options.relay.host,
        ...portAgain(options.relay.port),
        publicUrl: options.relay.publicUrl,
        certificateFile: options.relay.certificateFile,
        keyFile: options.relay.keyFile,
        owners: 'open',
        iceServers: options.iceServers,
        udpPort: options.relay.udpPort,
        announce: options.relay.announce,
        viewerPageFolder: join(folders.pages, 'viewer'),
        storeThreadPath: join(folders.entries, 'witnessThread.js'),
      };
    case 'engine':
      return {
        ...common,
        ffmpeg,
        ...offsets,
        host: options.host,
        ...portAgain(options.port),
        ...rtmpOf(known, options),
        ...relayOf(known, parts),
        title: titleNow(parts),
        ...parts.picture,
        seed: options.seed,
        callerFolder: host.callerFolder,
        ...resumedShow(known.get('engine') ?? {}, options),
        iceServers: options.iceServers,
        pageFolder: folders.pages,
        demoWorkerPath: join(folders.entries, 'demoWorker.js'),
        modelFolders,
        shippedModelFolder: folders.models,
      };
  }
}

/** What the owner called the show meanwhile; an engine that comes back still knows it. */
function titleNow({ common, title }: ConfigurationParts): string {
  try {
    return readSettings(common.dataFolder).title;
  } catch {
    return title;
  }
}

/** OBS keeps the address that it was told: an engine that comes back listens there again. */
function rtmpOf(known: ReadonlyMap<ProcessName, ChildFacts>, { rtmp }: StudioOptions) {
  const told = ingestViewSchema.safeParse(known.get('engine')?.ingest).data;
  const before = told ? Number(new URL(told.rtmp.url).port) : 0;
  return {
    rtmpHost: rtmp.host,
    rtmpCertificateFile: rtmp.certificateFile,
    rtmpCertificateKeyFile: rtmp.certificateKeyFile,
    rtmpPort: before || rtmp.port.port,
    rtmpPortIsNamed: before > 0 || rtmp.port.isNamed,
    srtPort: told?.srt ? Number(new URL(told.srt).port) : rtmp.port.port && SRT_PORT_DEFAULT,
  };
}

/** What a flag names comes first, then the relay that the owner paired, then our own. */
function relayOf(
  known: ReadonlyMap<ProcessName, ChildFacts>,
  { host, common }: ConfigurationParts,
) {
  const { isRelayNamed, relayUrl } = host.options;
  const paired = isRelayNamed ? null : readPairedRelay(common.dataFolder);
  return {
    relayUrl: relayUrl ?? paired?.url ?? String(known.get('relay')?.localUrl ?? ''),
    relayKey: paired?.relayKey ?? null,
    isRelayOurs: relayUrl === null && paired === null,
    mayPair: !isRelayNamed,
  };
}

/** An engine that comes back goes on with the show that its predecessor told of. */
function resumedShow(before: ChildFacts, options: StudioOptions) {
  const wasRunning = typeof before.state === 'string';
  return {
    source: typeof before.source === 'string' ? before.source : options.source,
    isLive: wasRunning ? before.state === 'live' : options.isLive,
    isFirstRunOffered: options.isFirstRunOffered,
    liveSinceUs: typeof before.liveSinceUs === 'number' ? before.liveSinceUs : 0,
    lastFrameUs: typeof before.lastFrameUs === 'number' ? before.lastFrameUs : 0,
    matchAnchorUs: typeof before.matchAnchorUs === 'number' ? before.matchAnchorUs : 0,
  };
}
