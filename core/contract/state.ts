// The state of a studio as its user interfaces see it: a snapshot, then numbered actions through
// one shared pure reducer (reducer.ts). Readings (fps, bitrate) are latest-wins and stand apart.

import { z } from 'zod';
import { policySchema } from '../ledger/policy.ts';
import { destinationViewSchema } from './destinations.ts';
import { eventTypeSchema, gameEventSchema } from './events.ts';
import { firstRunSchema } from './firstRun.ts';
import { mixerStateSchema } from './mixer.ts';
import { obsStateSchema } from './obs.ts';
import { peopleSummarySchema } from './people.ts';
import { ENCODERS, pictureStateSchema } from './picture.ts';
import { playbackSchema } from './playback.ts';
import { recordingSettingsSchema, recordingViewSchema } from './recording.ts';
import { placesStateSchema, sceneStateSchema } from './visionState.ts';

const timeUs = z.number().int().nonnegative();
const amountMinor = z.number().int().nonnegative();

const sourceStateName = z.enum([
  'ready',
  'connecting',
  'live',
  'stalled',
  'reconnecting',
  'failed',
]);

export const sourceStateSchema = z.object({
  /** As given to --source, without credentials. */
  url: z.string(),
  /** What a person calls it: "Demo match", "clip.mp4", "Camera". */
  title: z.string(),
  state: sourceStateName,
  /** One plain sentence; empty when all is well. */
  reason: z.string(),
  width: z.number().int().nonnegative(),
  height: z.number().int().nonnegative(),
  framesPerSecond: z.number().nonnegative(),
  hasSound: z.boolean(),
  /**
   * What is to take over. The source above stays on air until this one has a picture; `failed`: it
   * was given up, for its reason. Absent: nothing is being switched.
   */
  next: z
    .object({ url: z.string(), title: z.string(), state: sourceStateName, reason: z.string() })
    .optional(),
  /** Viewers are sent a still: the source's name, because it gives none, or what is held. */
  isSlate: z.boolean().optional(),
  /** What this computer plays is the sound instead of the source's own; absent: it is not. */
  systemSound: z.object({ isLive: z.boolean(), reason: z.string() }).optional(),
  /** Of what can be paused and sought in: files and playlists. */
  playback: playbackSchema.optional(),
  /** Whose encoder made the picture: ours, a capture page's, or whoever sends it here. */
  madeBy: z.enum([...ENCODERS, 'page', 'sender']).optional(),
});
export type SourceState = z.infer<typeof sourceStateSchema>;

export const marketStateSchema = z.enum(['DRAFT', 'OPEN', 'LOCKED', 'RESOLVED', 'VOID']);
export type MarketState = z.infer<typeof marketStateSchema>;

export const marketViewSchema = z.object({
  id: z.string(),
  templateId: z.string(),
  title: z.string(),
  outcomes: z.array(
    z.object({
      label: z.string(),
      poolMinor: amountMinor,
      bettors: z.number().int().nonnegative(),
    }),
  ),
  state: marketStateSchema,
  opensAtUs: timeUs,
  lockAtUs: timeUs,
  horizonAtUs: timeUs,
  deadlineAtUs: timeUs,
  guardMs: z.number().int().nonnegative(),
  winner: z.number().int().nonnegative().nullable(),
  reason: z.string(),
  decidedCaptureUs: timeUs,
  rulesHash: z.string(),
  /** Bets undone by the media-clock rule. */
  voidedBets: z.number().int().nonnegative(),
  paidMinor: amountMinor,
  /** Where bets have prices: thousandths per outcome, and the number to bet on what was seen. */
  prices: z
    .object({
      quoteSeq: z.number().int().nonnegative(),
      permille: z.array(z.number().int().min(0).max(1000)),
    })
    .optional(),
  /** Why nobody may bet in it right now, by the hand of whoever runs the show; absent: one may. */
  suspended: z.string().max(300).optional(),
  /** How often its decision was taken anew by hand; absent: never. */
  revision: z.number().int().positive().optional(),
  /** When it was decided; from then the dispute window runs. */
  resolvedAtUs: timeUs.optional(),
});
export type MarketView = z.infer<typeof marketViewSchema>;

export const suggestionSchema = z.object({
  id: z.string(),
  templateId: z.string(),
  title: z.string(),
  /** Why now: the event's sentence. */
  why: z.string(),
  eventId: z.string(),
  expiresAtUs: timeUs,
});
export type Suggestion = z.infer<typeof suggestionSchema>;

/** An event that does something to a market. `subject` narrows it (a side, a line); null: any. */
const bindingSchema = z.object({
  type: eventTypeSchema,
  subject: z.string().max(60).nullable(),
  minimumConfidence: z.number().min(0).max(1),
});

export const templateSchema = z.object({
  id: z.string().min(1).max(40),
  title: z.string().min(1).max(80),
  outcomes: z.array(z.string().min(1).max(25)).min(2).max(10),
  /** Event that suggests the market, or null when only the owner opens it. */
  suggestOn: eventTypeSchema.nullable(),
  /** What is less sure suggests nothing; absent: everything does. */
  suggestMinimumConfidence: z.number().min(0).max(1).optional(),
  /** With opening `auto`: what is less sure is only suggested; absent: as for a suggestion. */
  openMinimumConfidence: z.number().min(0).max(1).optional(),
  /** Event that ends the betting before its time; absent: only the clock and people do. */
  lockOn: bindingSchema.nullable().optional(),
  /** Event that decides it; null: only people do. */
  decideOn: bindingSchema
    .extend({
      /** Outcome index when the event happens. */
      outcome: z.number().int().nonnegative(),
    })
    .nullable(),
  /** Outcome index when it has not happened by the horizon. Says nothing without `decideOn`. */
  otherwise: z.number().int().nonnegative(),
  betWindowSeconds: z.number().min(3).max(1800),
  /** From opening to the end of the question. At least betWindowSeconds + guard. */
  horizonSeconds: z.number().min(4).max(86_400),
  /** From opening; an unresolved market is void and refunded then. */
  deadlineSeconds: z.number().min(5).max(86_400),
  guardMs: z.number().int().min(0).max(10_000),
  /** Most of the pool that guests may hold, where winners share it; absent: any part. */
  guestShareBasisPoints: z.number().int().min(0).max(9_999).optional(),
  /** ask: a suggestion waits for the owner; auto: it opens itself. */
  opening: z.enum(['ask', 'auto']),
  /** Absent: winners share the pool. lmsr: bets have prices, from a budget of the house. */
  pricing: z
    .union([
      z.literal('parimutuel'),
      z.strictObject({
        lmsr: z.strictObject({ budgetMinor: z.number().int().min(1).max(1_000_000_000) }),
      }),
    ])
    .optional(),
});
export type Template = z.infer<typeof templateSchema>;

/** The picture's way to another engine (any that speaks WHIP and WHEP). Holds no secret. */
export const handoverSchema = z.object({
  /**
   * `waiting`: set, and the show is not live. `moved`: viewers take the picture there. `failed`:
   * they take it here again; it is tried anew.
   */
  state: z.enum(['off', 'waiting', 'probing', 'moved', 'failed']),
  /** One plain sentence; empty when all is well. */
  reason: z.string(),
  whipUrl: z.string(),
  whepUrl: z.string(),
});
export type HandoverView = z.infer<typeof handoverSchema>;

export const studioStateSchema = z.object({
  show: z.object({
    state: z.enum(['ready', 'live']),
    title: z.string(),
    liveSinceUs: timeUs,
    channelId: z.string(),
    viewerUrl: z.string(),
    /** Reason in words; empty when betting is possible. */
    bettingSuspended: z.string(),
    /** Reason of whoever runs the show, until they resume; empty: nobody suspended it. */
    suspendedByHand: z.string(),
    /** Pictures and sounds are sealed end to end; `viewerUrl` then carries the key. */
    isEncrypted: z.boolean().optional(),
  }),
  source: sourceStateSchema,
  /** What can be switched to. */
  sources: z.array(z.object({ url: z.string(), title: z.string() })),
  relay: z.object({
    state: z.enum(['connecting', 'connected', 'unreachable']),
    url: z.string(),
    reason: z.string(),
    viewers: z.number().int().nonnegative(),
    /** The studio runs it, too; absent: it does not. */
    isOurs: z.boolean().optional(),
  }),
  /** What our own encoders make, and by which ffmpeg. */
  picture: pictureStateSchema,
  /** The sounds that are there to be mixed; absent: an engine that mixes none. */
  mixer: mixerStateSchema.optional(),
  /** Absent where nobody offers one. */
  firstRun: firstRunSchema.optional(),
  handover: handoverSchema,
  obs: obsStateSchema,
  destinations: z.array(destinationViewSchema),
  people: peopleSummarySchema,
  recording: recordingViewSchema.extend({ settings: recordingSettingsSchema }),
  vision: z.object({
    state: z.enum(['starting', 'running', 'restarting', 'off']),
    reason: z.string(),
    model: z.string(),
    provider: z.string(),
    pack: z.string(),
    /** What the picture as a whole does, and whether what was drawn on it still lies there. */
    scene: sceneStateSchema,
    places: placesStateSchema,
  }),
  ledger: z.object({
    state: z.enum(['starting', 'running', 'restarting', 'refused']),
    reason: z.string(),
    seq: z.number().int().nonnegative(),
    hash: z.string(),
    /** Rows that no relay has acknowledged. */
    notCopied: z.number().int().nonnegative(),
    /** How many of them are bets. */
    betsNotCopied: z.number().int().nonnegative(),
    /** Commits that the disk made durable in a second when the ledger started; 0: not known. */
    commitsPerSecond: z.number().int().nonnegative(),
  }),
  templates: z.array(templateSchema),
  /** What is granted and allowed; null before the ledger told it. */
  policy: policySchema.nullable(),
  suggestions: z.array(suggestionSchema),
  /** Open, locked and recently ended ones, newest first; bounded by MARKETS_SHOWN. */
  markets: z.array(marketViewSchema),
  /** Newest last; bounded by EVENTS_SHOWN. */
  events: z.array(gameEventSchema),
  notices: z.array(
    z.object({
      id: z.string(),
      severity: z.enum(['info', 'warn', 'stop']),
      text: z.string(),
    }),
  ),
});
export type StudioState = z.infer<typeof studioStateSchema>;

/** Markets kept in the snapshot; older ones are fetched by query. */
export const MARKETS_SHOWN = 30;
/** Events kept in the snapshot: about five busy minutes. */
export const EVENTS_SHOWN = 100;

/** Latest-wins figures for meters. Null: not measured yet. */
export const readingsSchema = z.object({
  /** Media clock at the engine when this was sent; the UI's countdowns run on it. */
  mediaUs: timeUs,
  framesPerSecond: z.number().nullable(),
  kilobitsPerSecond: z.number().nullable(),
  framesDropped: z.number().int(),
  /** Frame made -> presented at viewers, median of their reports, ms. */
  viewerDelayMs: z.number().nullable(),
  /** Frame made -> vision's result known, p95 of the last 10 s, ms. */
  visionMs: z.number().nullable(),
  /** Bet arrived at the engine -> durable, p95 of the last minute, ms. */
  betMs: z.number().nullable(),
  cpuPercent: z.number().nullable(),
  memoryMegabytes: z.number().nullable(),
  viewers: z.number().int(),
  /** To the relay and back, ms; null: no relay answered. Absent here and below: not collected. */
  roundTripMs: z.number().nullable().optional(),
  /** The busiest graphics processor of the machine, by all programs; null: nobody tells it. */
  gpuPercent: z.number().nullable().optional(),
  /** Since the engine started. */
  betsConfirmed: z.number().int().nonnegative().optional(),
  /** What began so short a time ago that its figures say nothing yet. */
  settling: z.array(z.enum(['picture', 'vision'])).optional(),
});
export type Readings = z.infer<typeof readingsSchema>;
