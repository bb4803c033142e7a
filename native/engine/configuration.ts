// What the supervisor tells the engine at its start, checked. Part of it is the memory of an
// engine that died: the show goes on with the same source, state and match time.

import { z } from 'zod';
import { ffmpegChoiceSchema } from '../ffmpeg/choice.ts';

const timeUs = z.number().int().nonnegative();
const clockOffset = z.number().int().min(0).max(0xffff_ffff);

export const engineConfigurationSchema = z.object({
  epochUs: z.number().int(),
  logLevel: z.string(),
  dataFolder: z.string().min(1),
  ffmpeg: ffmpegChoiceSchema,
  videoClockOffset: clockOffset,
  audioClockOffset: clockOffset,
  host: z.string().min(1),
  port: z.number().int().min(0).max(65_535),
  portIsNamed: z.boolean(),
  /** Where encoders send to by RTMP. */
  rtmpHost: z.string().min(1).default('127.0.0.1'),
  rtmpPort: z.number().int().min(0).max(65_535).default(0),
  rtmpPortIsNamed: z.boolean().default(false),
  /** Where they send to by SRT; the next ones where it is taken. 0: any. */
  srtPort: z.number().int().min(0).max(65_535).default(0),
  /** Both or neither: with them the port speaks RTMPS. */
  rtmpCertificateFile: z.string().nullable().default(null),
  rtmpCertificateKeyFile: z.string().nullable().default(null),
  relayUrl: z.string().min(1),
  /** Of the relay that the owner paired; null: any relay at that address is taken. */
  relayKey: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null),
  /** False when the command line names the relay. */
  mayPair: z.boolean().default(false),
  /** The supervisor runs the relay too: it answers, or comes back within seconds. */
  isRelayOurs: z.boolean(),
  title: z.string(),
  seed: z.number().int().nonnegative(),
  source: z.string(),
  /** Folder that a relative `file:` refers to. */
  callerFolder: z.string(),
  /** The start named neither a picture nor a show: whoever is new is shown the way. */
  isFirstRunOffered: z.boolean().default(false),
  isLive: z.boolean(),
  /** When the running show went live; 0 when this engine starts the show. */
  liveSinceUs: timeUs,
  /** Media time of the demo match's first frame; 0 to begin now. */
  matchAnchorUs: timeUs,
  /** Capture time of the last frame the previous engine sent; 0 when there was none. */
  lastFrameUs: timeUs,
  /** Pictures of one show: the best one, and up to two smaller copies. */
  layers: z.number().int().min(1).max(3).default(1),
  /** Of the best one, where the path to the relay allows it; null: what the choice wants. */
  bitsPerSecondMax: z.number().int().min(500_000).max(10_000_000).nullable().default(null),
  iceServers: z.array(z.string()),
  pageFolder: z.string(),
  demoWorkerPath: z.string(),
  /** Folders with a model manifest, first one first. */
  modelFolders: z.array(z.string()).default([]),
  shippedModelFolder: z.string().default(''),
});
export type EngineConfiguration = z.infer<typeof engineConfigurationSchema>;
