// Invitations to help run a show. The channel's key signs what is offered; whoever holds the link
// holds a second, secret key that stands behind the # of its address and so reaches no server.
// With that key a device signs its own: a relay that passes the invitation on can neither change
// it nor use it for somebody else.

import { z } from 'zod';
import { fromHex } from '../base/ids.ts';
import { channelIdOf, isSigned, keyPairOf, signText } from '../wire/signing.ts';

export const invitedRoleSchema = z.enum(['coHost', 'moderator']);
export type InvitedRole = z.infer<typeof invitedRoleSchema>;

/** Longest that an invitation may stay open, ms: a month. */
export const INVITE_LIFE_MS_MAX = 31 * 24 * 3_600_000;
export const INVITE_USES_MAX = 100;

const hex = (characters: number) => z.string().regex(new RegExp(`^[0-9a-f]{${characters}}$`));

const inviteSchema = z.strictObject({
  inviteId: hex(32),
  channelId: hex(32),
  role: invitedRoleSchema,
  /** Devices that may take it. */
  uses: z.number().int().min(1).max(INVITE_USES_MAX),
  /** Wall clock, ms since 1970. */
  expiresMs: z.number().int().nonnegative(),
  /** Public half of the invitation's own key. */
  inviteKey: hex(64),
});
export type Invite = z.infer<typeof inviteSchema>;

/** What the channel's key signs. */
function inviteText(invite: Invite): string {
  const { inviteId, channelId, role, uses, expiresMs, inviteKey } = invite;
  return `morphine-invite-v1|${channelId}|${inviteId}|${role}|${uses}|${expiresMs}|${inviteKey}`;
}

/** What the invitation's key signs for the device that takes it. */
function takingText(invite: Invite, taker: { subject: string; publicKey: string }): string {
  const { inviteId, channelId } = invite;
  return `morphine-invited-v1|${channelId}|${inviteId}|${taker.subject}|${taker.publicKey}`;
}

/** The invitation as text: six fields and the channel's signature, parted by dots. */
export function signInvite(invite: Invite, channelSecret: string): string {
  const { inviteId, channelId, role, uses, expiresMs, inviteKey } = inviteSchema.parse(invite);
  const signature = signText(inviteText(invite), channelSecret);
  return [inviteId, channelId, role, uses, expiresMs, inviteKey, signature].join('.');
}

/**
 * Reads an invitation and checks who signed it.
 *
 * @param channelKey public key of the channel, 64 hexadecimal characters
 * @returns null when it is malformed, of another channel, or not signed by it
 */
export function readInvite(text: string, channelKey: string): Invite | null {
  const [inviteId, channelId, role, uses = '', expiresMs = '', inviteKey, signature = '', ...more] =
    text.split('.');
  if (more.length > 0 || !/^\d{1,3}$/.test(uses) || !/^\d{1,15}$/.test(expiresMs)) return null;
  const parts = { inviteId, channelId, role, inviteKey };
  const read = inviteSchema.safeParse({
    ...parts,
    uses: Number(uses),
    expiresMs: Number(expiresMs),
  });
  if (!read.success || !/^[0-9a-f]{64}$/.test(channelKey)) return null;
  const invite = read.data;
  if (channelIdOf(channelKey) !== invite.channelId) return null;
  return isSigned(inviteText(invite), signature, channelKey) ? invite : null;
}

/** What stands behind the # of an invitation's link. */
export function inviteFragment(signedInvite: string, inviteSecret: string): string {
  return `invite=${signedInvite}.${inviteSecret}`;
}

/** The two halves of a link's fragment; null when it is none. */
export function readFragment(fragment: string): { invite: string; inviteSecret: string } | null {
  const found = /^#?invite=([0-9A-Za-z.]{1,600})\.([0-9a-f]{64})$/.exec(fragment);
  const [, invite, inviteSecret] = found ?? [];
  return invite !== undefined && inviteSecret !== undefined ? { invite, inviteSecret } : null;
}

/** Signs a device's key with the invitation's; null when the two halves are not of one link. */
export function proveInvite(
  invite: string,
  inviteSecret: string,
  taker: { subject: string; publicKey: string },
): string | null {
  const [inviteId = '', channelId = '', , , , inviteKey] = invite.split('.');
  if (keyPairOf(fromHex(inviteSecret)).publicKey !== inviteKey) return null;
  return signText(takingText({ inviteId, channelId } as Invite, taker), inviteSecret);
}

/** Whether a device holds the link of an invitation that was read. */
export function isInviteProved(
  invite: Invite,
  proof: string,
  taker: { subject: string; publicKey: string },
): boolean {
  return isSigned(takingText(invite, taker), proof, invite.inviteKey);
}
