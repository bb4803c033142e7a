// Every operation a user interface can ask the engine for. One declaration gives the type, the
// run-time check, the roles and the kind. Commands run one at a time per room, in arrival order;
// queries change nothing. Adding an operation is a line here, a handler in native/serve and a test.

import { z } from 'zod';
import { policySchema } from '../ledger/policy.ts';
import { CHAT_TEXT_LENGTH_MAX } from '../people/bounds.ts';
import { INVITE_LIFE_MS_MAX, INVITE_USES_MAX, invitedRoleSchema } from '../people/invite.ts';
import { breakOperations } from './breakIt.ts';
import { fairnessOperations } from './fairness.ts';
import { frameOperations } from './frames.ts';
import { gameSourcesSchema } from './games.ts';
import { historyOperations } from './historyOperations.ts';
import { modelShelfSchema } from './modelCards.ts';
import { moderationOperations } from './moderationOperations.ts';
import { obsFoundSchema } from './obs.ts';
import { outwardOperations } from './outwardOperations.ts';
import {
  chatLineSchema,
  fraudSignalSchema,
  peopleViewSchema,
  roomSettingsSchema,
} from './people.ts';
import { pictureOperations } from './pictureOperations.ts';
import {
  courtProposalSchema,
  gamePlacesSchema,
  metresSchema,
  placesSchema,
  pointSchema,
  zoneSchema,
} from './places.ts';
import { recordingOperations } from './recordingOperations.ts';
import { reportOperations } from './report.ts';
import type { Role } from './roles.ts';
import { sourceOperations } from './sourceOperations.ts';
import { marketViewSchema, templateSchema } from './state.ts';

type Declaration<Args extends z.ZodType, Result extends z.ZodType> = {
  kind: 'command' | 'query';
  args: Args;
  result: Result;
  roles: readonly Role[];
};

function command<Args extends z.ZodType, Result extends z.ZodType>(
  declaration: Omit<Declaration<Args, Result>, 'kind'>,
) {
  return { kind: 'command', ...declaration } as const satisfies Declaration<Args, Result>;
}

function query<Args extends z.ZodType, Result extends z.ZodType>(
  declaration: Omit<Declaration<Args, Result>, 'kind'>,
) {
  return { kind: 'query', ...declaration } as const satisfies Declaration<Args, Result>;
}

const nothing = z.strictObject({});
/** What bettors read, and what stands beside the act in the journal. */
const reason = z.string().trim().min(1).max(300);
const subject = z.string().regex(/^[0-9a-f]{32}$/, 'is 32 digits and letters a to f');
const ofMarket = z.strictObject({ marketId: z.string() });
const ofModel = z.strictObject({ id: z.string().min(1).max(60) });
const packId = z.string().min(1).max(60);
const onlyOwner = ['owner'] as const;
const hosts = ['owner', 'coHost'] as const;
const staff = ['owner', 'coHost', 'moderator'] as const;

/** One who bets, by pseudonym: the studio knows no names here. */
export const bettorSchema = z.object({
  subject: z.string(),
  isBanned: z.boolean(),
  /** Runs the show, and so may not bet. */
  isStaff: z.boolean(),
  bets: z.number().int().nonnegative(),
  stakedMinor: z.number().int().nonnegative(),
  availableMinor: z.number().int().nonnegative(),
  /** Media clock, microseconds; 0: never. */
  lastBetAtUs: z.number().int().nonnegative(),
});
export type Bettor = z.infer<typeof bettorSchema>;

export const operations = {
  show: {
    goLive: command({ args: nothing, result: nothing, roles: hosts }),
    end: command({ args: nothing, result: nothing, roles: hosts }),
    rename: command({
      args: z.strictObject({ title: z.string().trim().min(1).max(80) }),
      result: nothing,
      roles: hosts,
    }),
    /** Nobody may bet until it is resumed; locks and decisions go on. */
    suspendBetting: command({
      args: z.strictObject({ reason }),
      result: nothing,
      roles: staff,
    }),
    resumeBetting: command({ args: nothing, result: nothing, roles: staff }),
  },
  ...sourceOperations,
  ...pictureOperations,
  ...historyOperations,
  ...frameOperations,
  /** OBS on this machine or another, by its own WebSocket server. */
  obs: {
    /** What OBS's own files say, without asking it. */
    find: query({ args: nothing, result: obsFoundSchema, roles: onlyOwner }),
    /** Connects, and again after every restart. The password is kept and never shown again. */
    connect: command({
      args: z.strictObject({
        address: z
          .string()
          .max(300)
          .regex(/^(\[[\da-fA-F:.]+\]|[\w.-]+):\d{1,5}$/, 'is a name or an address with a port'),
        password: z.string().max(200),
      }),
      result: nothing,
      roles: onlyOwner,
    }),
    disconnect: command({ args: nothing, result: nothing, roles: onlyOwner }),
    /** Points its stream at this studio; what it had before is kept. */
    setUp: command({ args: nothing, result: nothing, roles: onlyOwner }),
    /** Gives back what it had before. */
    undo: command({ args: nothing, result: nothing, roles: onlyOwner }),
    start: command({ args: nothing, result: nothing, roles: hosts }),
    stop: command({ args: nothing, result: nothing, roles: hosts }),
    showScene: command({
      args: z.strictObject({ scene: z.string().min(1).max(300) }),
      result: nothing,
      roles: hosts,
    }),
    /** A link that lets OBS's own browser dock in, once, within a minute. */
    dockLink: command({
      args: nothing,
      result: z.strictObject({ url: z.string() }),
      roles: onlyOwner,
    }),
  },
  markets: {
    openSuggestion: command({
      args: z.strictObject({ suggestionId: z.string(), marketId: z.string() }),
      result: marketViewSchema,
      roles: staff,
    }),
    dismissSuggestion: command({
      args: z.strictObject({ suggestionId: z.string() }),
      result: nothing,
      roles: staff,
    }),
    open: command({
      args: z.strictObject({ templateId: z.string(), marketId: z.string() }),
      result: marketViewSchema,
      roles: staff,
    }),
    /** Opens a market from a question made for it; the template is not kept. */
    create: command({
      args: z.strictObject({ marketId: z.string(), template: templateSchema }),
      result: marketViewSchema,
      roles: hosts,
    }),
    /** Nobody may bet in this one until it is resumed. */
    suspend: command({
      args: z.strictObject({ marketId: z.string(), reason }),
      result: nothing,
      roles: staff,
    }),
    resume: command({ args: ofMarket, result: nothing, roles: staff }),
    lock: command({
      args: z.strictObject({ marketId: z.string() }),
      result: nothing,
      roles: staff,
    }),
    resolve: command({
      args: z.strictObject({
        marketId: z.string(),
        outcome: z.number().int().nonnegative(),
        reason: z.string().max(300),
        /** Capture time of the frame that shows it, for the evidence; absent: now. */
        captureUs: z.number().int().nonnegative().optional(),
      }),
      result: nothing,
      roles: staff,
    }),
    void: command({
      args: z.strictObject({ marketId: z.string(), reason: z.string().min(1).max(300) }),
      result: nothing,
      roles: staff,
    }),
    /** Decides a resolved market anew, inside the dispute window; outcome null makes it void. */
    correct: command({
      args: z.strictObject({
        marketId: z.string(),
        outcome: z.number().int().nonnegative().nullable(),
        /** Capture time that cuts the bets from now on, microseconds; null keeps the old one. */
        tCapUs: z.number().int().nonnegative().nullable(),
        reason: z.string().min(1).max(300),
      }),
      result: nothing,
      roles: staff,
    }),
    /** Open: a longer betting window inside the question. Locked: a later deadline. */
    extend: command({
      args: z.strictObject({ marketId: z.string(), seconds: z.number().int().min(1).max(86_400) }),
      result: nothing,
      roles: staff,
    }),
    /** Kept in the data folder; the same id replaces. */
    saveTemplate: command({
      args: z.strictObject({ template: templateSchema }),
      result: nothing,
      roles: hosts,
    }),
    removeTemplate: command({
      args: z.strictObject({ templateId: z.string() }),
      result: nothing,
      roles: hosts,
    }),
    exportTemplates: query({
      args: nothing,
      result: z.strictObject({ json: z.string() }),
      roles: hosts,
    }),
    /** All templates of the file or none; the same id replaces. */
    importTemplates: command({
      args: z.strictObject({ json: z.string().max(262_144) }),
      result: z.strictObject({ imported: z.number().int() }),
      roles: hosts,
    }),
    setOpening: command({
      args: z.strictObject({ templateId: z.string(), opening: z.enum(['ask', 'auto']) }),
      result: nothing,
      roles: hosts,
    }),
    history: query({
      args: z.strictObject({
        beforeOpensAtUs: z.number().int().nullable(),
        limit: z.number().int().min(1).max(100),
      }),
      result: z.array(marketViewSchema),
      roles: staff,
    }),
  },
  viewers: {
    /** Who bet or is banned: banned ones first, then whoever bet last. */
    list: query({
      args: z.strictObject({ limit: z.number().int().min(1).max(200) }),
      result: z.array(bettorSchema),
      roles: staff,
    }),
    setBan: command({
      args: z.strictObject({
        subject,
        isBanned: z.boolean(),
        reason,
      }),
      result: nothing,
      roles: staff,
    }),
    /** Marks a viewer who runs the show, or may decide one market: no bets there. */
    setStaff: command({
      args: z.strictObject({
        subject,
        marketId: z.string().optional(),
        isStaff: z.boolean(),
        reason,
      }),
      result: nothing,
      roles: hosts,
    }),
  },
  people: {
    /** The crew, open invitations, what holds against whom, and the rules of the room. */
    show: query({ args: nothing, result: peopleViewSchema, roles: staff }),
    /** Gives the link once; it is kept nowhere. */
    invite: command({
      args: z.strictObject({
        inviteId: subject,
        role: invitedRoleSchema,
        name: z.string().trim().max(40).optional(),
        uses: z.number().int().min(1).max(INVITE_USES_MAX),
        minutes: z
          .number()
          .int()
          .min(1)
          .max(INVITE_LIFE_MS_MAX / 60_000),
      }),
      result: z.strictObject({ link: z.string() }),
      roles: onlyOwner,
    }),
    /** Nobody takes it from now on; with roles, whoever took it is no longer of the crew. */
    revokeInvite: command({
      args: z.strictObject({ inviteId: subject, withRoles: z.boolean() }),
      result: nothing,
      roles: onlyOwner,
    }),
    /** Ends the connections of that person, too. */
    revokeRole: command({
      args: z.strictObject({ subject, reason }),
      result: nothing,
      roles: onlyOwner,
    }),
    warn: command({ args: z.strictObject({ subject, reason }), result: nothing, roles: staff }),
    /** No chat for so long. */
    timeOut: command({
      args: z.strictObject({
        subject,
        seconds: z
          .number()
          .int()
          .min(1)
          .max(14 * 86_400),
        reason,
      }),
      result: nothing,
      roles: staff,
    }),
    /** No chat, no bets and no connection; with the network, nobody from there. */
    ban: command({
      args: z.strictObject({
        subject,
        withNetwork: z.boolean(),
        /** Null: until it is lifted. */
        seconds: z
          .number()
          .int()
          .min(1)
          .max(366 * 86_400)
          .nullable(),
        reason,
      }),
      result: nothing,
      roles: staff,
    }),
    lift: command({
      args: z.strictObject({ sanctionId: subject, reason }),
      result: nothing,
      roles: staff,
    }),
    /** Slow chat, signed-in only, no links, betting suspended; off: all as it was before. */
    setShield: command({
      args: z.strictObject({ isOn: z.boolean() }),
      result: nothing,
      roles: staff,
    }),
    configure: command({
      args: z.strictObject({ settings: roomSettingsSchema }),
      result: nothing,
      roles: hosts,
    }),
    /** What looks odd in the bets of this show, with evidence; people judge it. */
    signals: query({ args: nothing, result: z.array(fraudSignalSchema), roles: staff }),
  },
  chat: {
    /** Newest last. */
    list: query({
      args: z.strictObject({
        beforeNumber: z.number().int().positive().nullable(),
        limit: z.number().int().min(1).max(200),
        heldOnly: z.boolean(),
      }),
      result: z.array(chatLineSchema),
      roles: staff,
    }),
    say: command({
      args: z.strictObject({
        text: z.string().trim().min(1).max(CHAT_TEXT_LENGTH_MAX),
        replyTo: z.number().int().nonnegative(),
      }),
      result: nothing,
      roles: staff,
    }),
    remove: command({
      args: z.strictObject({ numbers: z.array(z.number().int().positive()).min(1).max(200) }),
      result: nothing,
      roles: staff,
    }),
    /** A held message is said after all, or not. */
    judge: command({
      args: z.strictObject({ number: z.number().int().positive(), isSaid: z.boolean() }),
      result: nothing,
      roles: staff,
    }),
  },
  policy: {
    set: command({
      args: z.strictObject({ policy: policySchema, reason }),
      result: nothing,
      roles: onlyOwner,
    }),
  },
  models: {
    /** The shelf: every model with its card, those in use, and what is not offered and why. */
    list: query({ args: nothing, result: modelShelfSchema, roles: staff }),
    /** Writes down that the licence was read and accepted; before that nothing is downloaded. */
    accept: command({ args: ofModel, result: nothing, roles: onlyOwner }),
    /** Begins; `list` tells how far it is. */
    download: command({ args: ofModel, result: nothing, roles: onlyOwner }),
    /** What has arrived stays for the next download. */
    stop: command({ args: ofModel, result: nothing, roles: onlyOwner }),
    /** Takes in an ONNX file of this computer with its manifest entry. */
    import: command({
      args: z.strictObject({
        path: z.string().trim().min(1).max(1000),
        /** Empty for a file that is known by its hash. */
        json: z.string().max(65_536),
      }),
      result: ofModel,
      roles: onlyOwner,
    }),
    remove: command({ args: ofModel, result: nothing, roles: onlyOwner }),
    /** Looks for models and tries providers again, also what was given up. */
    retry: command({ args: nothing, result: nothing, roles: hosts }),
    installCuda: command({ args: nothing, result: nothing, roles: onlyOwner }),
  },
  game: {
    /** What can be judged, what is, and what was drawn for it. */
    show: query({ args: nothing, result: gamePlacesSchema, roles: staff }),
    /** Null: by the source. */
    choosePack: command({
      args: z.strictObject({ pack: z.string().min(1).max(60).nullable() }),
      result: nothing,
      roles: hosts,
    }),
    /** Goal lines, lines, zones and calibration of one pack; null: the pack's own again. */
    setPlaces: command({
      args: z.strictObject({ pack: z.string().min(1).max(60), places: placesSchema.nullable() }),
      result: nothing,
      roles: hosts,
    }),
    /** Adds a zone, or puts another in the place of the one that is called `instead`. */
    putZone: command({
      args: z.strictObject({
        pack: packId,
        zone: zoneSchema,
        instead: z.string().min(1).max(60).nullable(),
      }),
      result: nothing,
      roles: hosts,
    }),
    removeZone: command({
      args: z.strictObject({ pack: packId, subject: z.string().min(1).max(60) }),
      result: nothing,
      roles: hosts,
    }),
    /** Four clicks: far left, far right, near right, near left of a court of these measures. */
    calibrate: command({
      args: z.strictObject({
        pack: packId,
        corners: z.array(pointSchema).length(4, 'four corners were expected'),
        lengthMetres: metresSchema,
        widthMetres: metresSchema,
      }),
      result: nothing,
      roles: hosts,
    }),
    /** Corners for `calibrate` from the painted lines of the newest picture, to be looked at. */
    proposeCourt: query({ args: nothing, result: courtProposalSchema, roles: hosts }),
  },
  games: {
    /** Opens the door for games and webhooks on loopback; port 0 takes a free one. */
    connect: command({
      args: z.strictObject({ port: z.number().int().min(0).max(65_535) }),
      result: gameSourcesSchema,
      roles: onlyOwner,
    }),
    disconnect: command({ args: nothing, result: gameSourcesSchema, roles: onlyOwner }),
    /** Holds secrets: the files that games read and the webhook's key. */
    show: query({ args: nothing, result: gameSourcesSchema, roles: onlyOwner }),
  },
  /** The relay that carries the show to its viewers. */
  relay: {
    show: query({
      args: nothing,
      result: z.object({
        url: z.string(),
        /** By a code that its owner typed; else it is the studio's own, or the command line's. */
        isPaired: z.boolean(),
        mayPair: z.boolean(),
      }),
      roles: onlyOwner,
    }),
    /** Pairs with a relay by the six words that it shows; the engine then starts again. */
    pair: command({
      args: z.strictObject({ address: z.string().max(300), code: z.string().max(200) }),
      result: z.object({ url: z.string() }),
      roles: onlyOwner,
    }),
    /** Back to the studio's own relay; the engine then starts again. */
    forget: command({ args: nothing, result: nothing, roles: onlyOwner }),
    /** Tries the shared link from the relay's side; the sentence names what to open. */
    checkLink: query({
      args: nothing,
      result: z.object({ isReachable: z.boolean(), sentence: z.string() }),
      roles: hosts,
    }),
  },
  facts: {
    /**
     * What vision knew at a capture time (microseconds) of the last two minutes: the lines of the
     * newest picture by then and of the events of the ten seconds before. docs/facts.md reads them.
     */
    at: query({
      args: z.strictObject({ captureUs: z.number().int().nonnegative() }),
      result: z.strictObject({
        captureUs: z.number().int().nonnegative(),
        lines: z.array(z.string()),
        oldestUs: z.number().int().nonnegative(),
        newestUs: z.number().int().nonnegative(),
      }),
      roles: staff,
    }),
  },
  ...outwardOperations,
  ...fairnessOperations,
  ...recordingOperations,
  ...breakOperations,
  ...reportOperations,
  ...moderationOperations,
  preview: {
    /** WHEP by RPC: gives the session's answer; the picture itself never crosses RPC. */
    watch: command({
      args: z.strictObject({ offerSdp: z.string().max(65_536) }),
      result: z.strictObject({ sessionId: z.string(), answerSdp: z.string() }),
      roles: staff,
    }),
    leave: command({
      args: z.strictObject({ sessionId: z.string() }),
      result: nothing,
      roles: staff,
    }),
  },
} as const;

export type Operations = typeof operations;
export type RoomName = keyof Operations;

/** Error codes an operation may answer with; anything unknown becomes `internal`. */
export const errorCodeSchema = z.enum([
  'forbidden',
  'badArguments',
  'unknownOperation',
  'notFound',
  'wrongState',
  'refused',
  'unavailable',
  'cancelled',
  'internal',
]);
export type ErrorCode = z.infer<typeof errorCodeSchema>;
