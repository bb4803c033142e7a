// What the studio keeps about people: the crew, open invitations, who was warned or banned, log-ins
// and the rules of the room. One file of the data folder, replaced as a whole, mode 0600. No
// address stands in it: a banned network is a hash under a key that is thrown away when no ban
// rests on it. A file that cannot be read is put aside, never overwritten, and said.

import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type RandomBytes, toHex } from '../../../core/base/ids.ts';
import { FIRST_ROOM_SETTINGS, roomSettingsSchema } from '../../../core/contract/people.ts';
import { invitedRoleSchema } from '../../../core/people/invite.ts';

const hex = (characters: number) => z.string().regex(new RegExp(`^[0-9a-f]{${characters}}$`));
const timeMs = z.number().int().nonnegative();

const keptSchema = z.strictObject({
  version: z.literal(1),
  networkKey: hex(64),
  networkKeySinceMs: timeMs,
  isShielded: z.boolean(),
  settings: roomSettingsSchema,
  members: z.array(
    z.strictObject({
      subject: hex(32),
      publicKey: hex(64),
      role: invitedRoleSchema,
      name: z.string().max(40).default(''),
      inviteId: hex(32),
      sinceMs: timeMs,
    }),
  ),
  invites: z.array(
    z.strictObject({
      inviteId: hex(32),
      role: invitedRoleSchema,
      name: z.string().max(40).default(''),
      uses: z.number().int(),
      used: z.number().int(),
      expiresMs: timeMs,
      isRevoked: z.boolean(),
    }),
  ),
  sanctions: z.array(
    z.strictObject({
      sanctionId: hex(32),
      kind: z.enum(['warn', 'timeOut', 'ban']),
      subject: hex(32),
      /** Empty: only the person. */
      network: z.string().max(32),
      /** Of the log-in that the person had; empty: none. */
      identity: z.string().max(64),
      fromMs: timeMs,
      untilMs: timeMs,
      reason: z.string().max(300),
      actor: z.string().max(80),
      /** The ledger refuses this person's bets, too. */
      isBooked: z.boolean(),
    }),
  ),
  /** What the owner called people of the crew, also of those who are of it no more. */
  crewNames: z.array(z.strictObject({ subject: hex(32), name: z.string().max(40) })).default([]),
  /** What the crew wrote down about people, for itself. */
  notes: z
    .array(
      z.strictObject({
        noteId: hex(32),
        subject: hex(32),
        text: z.string().max(500),
        atMs: timeMs,
        author: z.string().max(80),
      }),
    )
    .default([]),
  signIns: z.array(
    z.strictObject({
      subject: hex(32),
      identity: hex(64),
      name: z.string().max(40),
      atMs: timeMs,
    }),
  ),
});
export type KeptPeople = z.infer<typeof keptSchema>;
export type KeptSanction = KeptPeople['sanctions'][number];
export type KeptMember = KeptPeople['members'][number];

export type PeopleFile = {
  readonly people: KeptPeople;
  /** A sentence about a file that could not be read; empty: none. */
  readonly complaint: string;
  /** Writes what `people` says now. Calls that come while it writes are written together. */
  keep(): Promise<void>;
};

const FILE_NAME = 'people.json';

/** Reads the file, or begins one. */
export async function openPeopleFile(options: {
  dataFolder: string;
  random: RandomBytes;
  wallMs(): number;
  /** Writes a file whole or not at all. */
  replaceFile(path: string, text: string): Promise<void>;
}): Promise<PeopleFile> {
  const path = join(options.dataFolder, FILE_NAME);
  const { found, complaint } = await readKept(path);
  const people = found ?? firstPeople(options.random, options.wallMs());
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  return {
    people,
    complaint,
    keep() {
      next ??= writing.then(() => {
        next = null;
        writing = options.replaceFile(path, `${JSON.stringify(people)}\n`);
        const written = writing;
        // A failed write is told to whoever asked; the next one is tried all the same.
        writing = written.catch(() => {});
        return written;
      });
      return next;
    },
  };
}

function firstPeople(random: RandomBytes, nowMs: number): KeptPeople {
  return {
    version: 1,
    networkKey: toHex(random(32)),
    networkKeySinceMs: nowMs,
    isShielded: false,
    settings: FIRST_ROOM_SETTINGS,
    members: [],
    invites: [],
    sanctions: [],
    crewNames: [],
    notes: [],
    signIns: [],
  };
}

async function readKept(path: string): Promise<{ found: KeptPeople | null; complaint: string }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { found: null, complaint: '' };
    throw cause;
  }
  try {
    return { found: keptSchema.parse(JSON.parse(text)), complaint: '' };
  } catch {
    const aside = `${path}.damaged`;
    await rename(path, aside);
    const complaint = `${path} could not be read and was put aside as ${aside}; nobody is banned.`;
    return { found: null, complaint };
  }
}
