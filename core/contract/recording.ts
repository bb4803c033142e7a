// What user interfaces see of recordings, clips and evidence. Holds no picture: those are fetched
// by their own addresses, with the right to see them checked there.

import { z } from 'zod';

export const recordingViewSchema = z.object({
  /** `failed`: it ended by itself, and `reason` says why; what was recorded stays. */
  state: z.enum(['off', 'recording', 'failed']),
  /** One plain sentence; empty when all is well. */
  reason: z.string(),
  /** Of the newest one: day, time and title; empty before the first. */
  name: z.string(),
  bytes: z.number().int().nonnegative(),
  seconds: z.number().int().nonnegative(),
  /** Fragments that the disk was too slow for. */
  dropped: z.number().int().nonnegative(),
});
export type RecordingView = z.infer<typeof recordingViewSchema>;

export const NO_RECORDING: RecordingView = {
  ...{ state: 'off', reason: '', name: '', bytes: 0, seconds: 0, dropped: 0 },
};

/** What the owner chose. */
export const recordingSettingsSchema = z.strictObject({
  /** A recording begins with every show and ends with it. */
  whileLive: z.boolean(),
  /** Evidence of older markets is deleted; its hash stays in the journal. 0: kept for good. */
  evidenceDays: z.number().int().min(0).max(3_650),
  /** Older clips are deleted; 0: kept for good. */
  clipDays: z.number().int().min(0).max(3_650).default(0),
  /** Older recordings are deleted; 0: kept for good. */
  recordingDays: z.number().int().min(0).max(3_650).default(0),
  /** The relay shows the picture to televisions, too: to anybody, without a bet, seconds later. */
  television: z.boolean().default(false),
  /** Small pictures of moments, in memory here, of a sealed show, too. */
  sealedStills: z.boolean().default(false),
});
export type RecordingSettings = z.infer<typeof recordingSettingsSchema>;

export const FIRST_RECORDING_SETTINGS: RecordingSettings = {
  ...{ whileLive: false, television: false, sealedStills: false },
  ...{ evidenceDays: 90, clipDays: 0, recordingDays: 0 },
};

/** A cut of the last minutes that somebody, or a highlight, asked for. */
export const clipViewSchema = z.object({
  /** Its file in the folder of clips. */
  name: z.string(),
  title: z.string(),
  reason: z.string(),
  captureUs: z.number().int().nonnegative(),
  /** Capture time of its first frame; absent of clips of before. */
  fromUs: z.number().int().nonnegative().optional(),
  seconds: z.number().nonnegative(),
  bytes: z.number().int().nonnegative(),
  /** Of its picture, a JPEG; 0: none could be made. */
  stillBytes: z.number().int().nonnegative().default(0),
});
export type ClipView = z.infer<typeof clipViewSchema>;

/** What decided a market: its frame, the clip around it, and what was known then. */
export const evidenceViewSchema = z.object({
  marketId: z.string(),
  /** Capture time of the deciding frame, microseconds. */
  captureUs: z.number().int().nonnegative(),
  /** Its number in the clip, from 0. */
  frame: z.number().int().nonnegative(),
  /** Capture time of the clip's first frame. */
  fromUs: z.number().int().nonnegative(),
  /** Who said when: an event of the picture, or a person. */
  said: z.enum(['event', 'person', 'clock']),
  /** SHA-256 of the sealed file, as the journal has it. */
  hash: z.string(),
  clipBytes: z.number().int().nonnegative(),
  /** 0: no picture could be made of it. */
  stillBytes: z.number().int().nonnegative(),
  /** What vision knew at that frame: lines of docs/facts.md. */
  facts: z.array(z.string()),
});
export type EvidenceView = z.infer<typeof evidenceViewSchema>;

/** Bytes of a picture or clip that one call fetches. */
export const READ_BYTES = 48 * 1024;
