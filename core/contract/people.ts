// What a user interface asks and hears about people: the crew, who was warned or banned, the rules
// of the room and its chat. Subjects are pseudonyms; no address stands here, and no network either.

import { z } from 'zod';
import { CHAT_COLOURS, CHAT_TEXT_LENGTH_MAX } from '../people/bounds.ts';
import { invitedRoleSchema } from '../people/invite.ts';
import { roleSchema } from './roles.ts';

const timeMs = z.number().int().nonnegative();
const id = z.string().regex(/^[0-9a-f]{32}$/, 'is 32 digits and letters a to f');

/** Words on a list; each is looked for whole and in disguise. */
const wordList = z.array(z.string().trim().min(2).max(40)).max(200);

export const roomSettingsSchema = z.strictObject({
  /** Who runs the show, as its privacy page names them. */
  streamer: z.string().trim().max(80),
  /** Where to write to them. */
  contact: z.string().trim().max(200),
  /** How to appeal, in their words. */
  appeal: z.string().trim().max(500),
  minimumAge: z.number().int().min(0).max(99),
  isChatOpen: z.boolean(),
  /** Least time between two messages of one viewer, seconds; 0: only the usual limits. */
  slowSeconds: z.number().int().min(0).max(600),
  areLinksAllowed: z.boolean(),
  /** Guests watch; chat and bets are for those who are signed in. */
  isSignedInOnly: z.boolean(),
  /** The built-in list: off, its hits wait for a moderator, or they are refused. */
  filter: z.enum(['off', 'hold', 'refuse']),
  refusedWords: wordList,
  heldWords: wordList,
  /** Chat is kept so long, days. */
  chatDays: z.number().int().min(1).max(90),
});
export type RoomSettings = z.infer<typeof roomSettingsSchema>;

export const FIRST_ROOM_SETTINGS: RoomSettings = {
  streamer: '',
  contact: '',
  appeal: '',
  minimumAge: 18,
  isChatOpen: true,
  slowSeconds: 0,
  areLinksAllowed: false,
  isSignedInOnly: false,
  filter: 'hold',
  refusedWords: [],
  heldWords: [],
  chatDays: 7,
};

export const sanctionSchema = z.object({
  sanctionId: id,
  kind: z.enum(['warn', 'timeOut', 'ban']),
  subject: id,
  /** Holds for everybody of that network, too. */
  isNetwork: z.boolean(),
  fromMs: timeMs,
  /** 0: until it is lifted. */
  untilMs: timeMs,
  reason: z.string(),
  actor: z.string(),
});
export type Sanction = z.infer<typeof sanctionSchema>;

export const memberSchema = z.object({
  subject: id,
  role: invitedRoleSchema,
  /** What the owner called them at the invitation; empty: nothing. */
  name: z.string(),
  sinceMs: timeMs,
  inviteId: id,
  isHere: z.boolean(),
});
export type Member = z.infer<typeof memberSchema>;

export const inviteViewSchema = z.object({
  inviteId: id,
  role: invitedRoleSchema,
  name: z.string(),
  uses: z.number().int(),
  used: z.number().int(),
  expiresMs: timeMs,
});
export type InviteView = z.infer<typeof inviteViewSchema>;

export const peopleViewSchema = z.object({
  settings: roomSettingsSchema,
  isShielded: z.boolean(),
  members: z.array(memberSchema),
  /** Those that can still be taken. */
  invites: z.array(inviteViewSchema),
  /** Those that hold, newest first. */
  sanctions: z.array(sanctionSchema),
});
export type PeopleView = z.infer<typeof peopleViewSchema>;

/** What a moderator's page has to know at once; the rest it asks for. */
export const peopleSummarySchema = z.object({
  isShielded: z.boolean(),
  /** Members of the crew who are connected from elsewhere. */
  crewHere: z.number().int().nonnegative(),
  /** Messages that wait for a moderator. */
  heldCount: z.number().int().nonnegative(),
  /** Rises with every message, and when one was removed or judged. */
  chatChanges: z.number().int().nonnegative(),
  /** Between two messages of one person; 0: no slow mode. */
  slowSeconds: z.number().int().nonnegative(),
});
export type PeopleSummary = z.infer<typeof peopleSummarySchema>;

export const NOBODY_YET: PeopleSummary = {
  isShielded: false,
  crewHere: 0,
  heldCount: 0,
  chatChanges: 0,
  slowSeconds: 0,
};

export const chatLineSchema = z.object({
  number: z.number().int().positive(),
  atMs: timeMs,
  /** Empty for the crew on the studio's own machine. */
  subject: z.string(),
  author: z.string(),
  name: z.string(),
  role: roleSchema,
  colour: z.number().int().min(1).max(CHAT_COLOURS),
  text: z.string().max(CHAT_TEXT_LENGTH_MAX),
  replyTo: z.number().int().nonnegative(),
  mentions: z.array(z.string()),
  state: z.enum(['said', 'held', 'removed']),
  /** Why it is held; empty otherwise. */
  why: z.string(),
});
export type ChatLine = z.infer<typeof chatLineSchema>;

export const fraudSignalSchema = z.object({
  kind: z.enum(['sameNetwork', 'oppositePair', 'beforeEvents', 'tooFast']),
  subjects: z.array(id),
  /** 0 to 1: how unlikely it is by chance. Says nothing about a person, and nothing acts on it. */
  strength: z.number().min(0).max(1),
  sentence: z.string(),
  /** What can be checked, newest last. */
  evidence: z.array(z.string()),
});
export type FraudSignal = z.infer<typeof fraudSignalSchema>;
