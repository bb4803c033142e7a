// Joins what stays of a show (recordings, clips, evidence) to the rest of it: the feed, the facts,
// what is asked of the ledger, the markets that were decided, and the relay that shows viewers the
// deciding picture. The owner's choice is kept in recording.json, the key in evidence.json.

import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHex, toHex } from '../../core/base/ids.ts';
import {
  FIRST_RECORDING_SETTINGS,
  type RecordingSettings,
  recordingSettingsSchema,
} from '../../core/contract/recording.ts';
import type { Capture } from '../capture/capture.ts';
import type { EngineSurroundings } from '../engine.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { Markets } from '../markets/markets.ts';
import type { KeptStill } from '../recording/evidence.ts';
import { createRecording, type Recording } from '../recording/recording.ts';
import type { StudioStateStore } from '../serve/state.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import type { VisionClient } from '../vision/client.ts';
import type { EngineConfiguration } from './configuration.ts';
import type { FactLog } from './factLog.ts';
import { createPackCases, type PackCases } from './packCases.ts';
import { replaceFile } from './replaceFile.ts';
import { createToldRules } from './toldRules.ts';

const settingsFile = recordingSettingsSchema.extend({ version: z.literal(1) });
const keyFile = z.strictObject({ version: z.literal(1), key: z.string().regex(/^[0-9a-f]{64}$/) });

/** What is asked of the ledger and changes it; the rest only reads. */
const CHANGES: ReadonlySet<string> = new Set([
  ...['bindSubject', 'placeBet', 'openMarket', 'lockMarket', 'resolveMarket', 'voidMarket'],
  ...['correctMarket', 'extendMarket', 'withdrawBet', 'sellBet', 'setPolicy', 'setBan'],
  ...[
    'noteSuspension',
    'noteAct',
    'setStaff',
    'setLimit',
    'vest',
    'suspendBetting',
    'keepEvidence',
  ],
]);

export type RecordingRooms = Recording & { cases: PackCases };

/** Opens the room and draws its arrows. */
export async function openRecordingRoom(joined: {
  configuration: EngineConfiguration;
  around: EngineSurroundings;
  capture: Capture;
  factLog: FactLog;
  ledger: LedgerClient;
  store: StudioStateStore;
  socket: StudioSocket;
  vision: VisionClient;
  markets: Markets;
  /** Viewers and the relay hear what the show is like. */
  tellShow(): void;
}): Promise<RecordingRooms> {
  const { configuration, around, capture, factLog, ledger, store, socket } = joined;
  const { dataFolder, videoClockOffset, audioClockOffset, seed } = configuration;
  const settingsPath = join(dataFolder, 'recording.json');
  const kept = await readKept(settingsPath, settingsFile);
  const { version: _, ...settings } = kept ?? { version: 1, ...FIRST_RECORDING_SETTINGS };
  const stills = openStills(store, socket);
  const recording = createRecording({
    ...around,
    ...{ dataFolder, settings, ledger },
    logger: around.logger.with({ part: 'recording' }),
    keepSettings: (changed) => replaceFile(settingsPath, textOf(changed)),
    evidenceKey: await evidenceKey(dataFolder, around.random),
    factsAt: (captureUs) => factLog.at(captureUs)?.lines ?? [],
    showFile: () => ({
      ...{ videoClockOffset, audioClockOffset, seed },
      ...{ source: store.state().source.url, pack: store.state().vision.pack },
      channel: store.state().show.channelId,
      rules: told.start(),
    }),
    onChange(view) {
      const { television } = store.state().recording.settings;
      store.apply({ type: 'recording.changed', recording: view });
      if (view.settings.television !== television) joined.tellShow();
    },
    onStill: (still) => stills.made(still),
    isSealed: () => store.state().show.isEncrypted ?? false,
  });
  const { clock } = around;
  const told = createToldRules({ recording, clock, ...joined });
  capture.onUnit((unit) => {
    told.unit(unit);
    recording.push(unit);
  });
  factLog.listen((text) => recording.fact(text));
  ledger.onCommand((name, args) => {
    if (!CHANGES.has(name)) return;
    told.flush();
    recording.command(JSON.stringify({ name, args }));
  });
  store.onAction((action) => {
    if (action.type === 'market.changed') recording.evidence.marketChanged(action.market);
    else if (action.type === 'event.happened') recording.happened(action.event);
    else if (action.type === 'show.changed') {
      recording.steer({ isLive: action.show.state === 'live', title: action.show.title });
    }
  });
  socket.onRegistered(() => stills.sendAgain(recording.evidence.stills()));
  store.apply({ type: 'recording.changed', recording: recording.view() });
  const { evidence } = recording;
  const { wallMs } = around;
  const cases = createPackCases({ dataFolder, evidence, wallMs, ...joined });
  return Object.assign(recording, { cases });
}

/** The relay is sent no picture of a sealed show, not even once it is over. */
function openStills(store: StudioStateStore, socket: StudioSocket) {
  const isSealed = () => store.state().show.isEncrypted ?? false;
  const mayBeSeen = new Set<string>();
  return {
    made(still: KeptStill): void {
      if (isSealed()) return;
      mayBeSeen.add(still.marketId);
      socket.sendStill(still);
    },
    sendAgain(stills: readonly KeptStill[]): void {
      for (const still of stills) {
        if (mayBeSeen.has(still.marketId) && !isSealed()) socket.sendStill(still);
      }
    },
  };
}

function textOf(settings: RecordingSettings): string {
  return `${JSON.stringify({ version: 1, ...settings })}\n`;
}

/** The studio's own key for evidence, 32 bytes, made at first use; a damaged one is put aside. */
async function evidenceKey(
  dataFolder: string,
  random: EngineSurroundings['random'],
): Promise<Uint8Array> {
  const path = join(dataFolder, 'evidence.json');
  const kept = await readKept(path, keyFile);
  if (kept) return fromHex(kept.key);
  const key = random(32);
  await replaceFile(path, `${JSON.stringify({ version: 1, key: toHex(key) })}\n`);
  return key;
}

/** Null when there is none; one that cannot be read is put aside, never overwritten. */
async function readKept<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    await rename(path, `${path}.damaged`);
    return null;
  }
}
