// Guests of a relay and their log-ins, as they are set up: the tokens' secret, the issuer, and the
// routes. Without a secret of its own the relay makes one from its key, which other nodes do
// not have: a token of theirs is then refused, and the page signs anew.

import type { RandomBytes } from '../core/base/ids.ts';
import { GuestTokens } from './guestTokens.ts';
import { LogIn } from './logIn.ts';
import { createOpenId, type OpenIdSettings } from './openId.ts';
import { followPeople } from './peopleNews.ts';
import { createPeopleRoutes, type PeopleRoutes } from './peopleRoutes.ts';
import type { MarkSigner } from './relayKey.ts';
import type { RelayRoom } from './room.ts';

export type GuestSettings = {
  /** Who signs viewers in; absent or null: nobody. */
  openId?: OpenIdSettings | null;
  /** Shared by all nodes of a relay; absent or null: each has its own. */
  tokenSecret?: string | null;
};

export type Guests = { guestTokens: GuestTokens; canSignIn: boolean; tokenSecret: string };

export function openGuests(
  settings: GuestSettings & { random: RandomBytes; wallMs(): number },
  marks: MarkSigner,
): Guests {
  // Ed25519 signs the same text the same way each time, and nobody else can.
  const tokenSecret = settings.tokenSecret ?? marks.signText('morphine-token-secret-v1');
  const { random, wallMs } = settings;
  const guestTokens = new GuestTokens({ secret: tokenSecret, random, wallMs });
  return { guestTokens, tokenSecret, canSignIn: (settings.openId ?? null) !== null };
}

/** Begins to follow what studios say about people, and answers its pages. */
export function servePeople(
  settings: GuestSettings & { wallMs(): number },
  room: RelayRoom,
  learn: (channelId: string) => Promise<void>,
): PeopleRoutes {
  followPeople(room);
  const { guestTokens: tokens, tokenSecret: secret } = room;
  const { openId = null, wallMs } = settings;
  const logIn = openId
    ? new LogIn({ room, openId: createOpenId(openId), tokens, secret, wallMs })
    : null;
  return createPeopleRoutes(room, logIn, learn);
}

/** What the environment says; secrets are in no argument list. */
export function guestSettingsOf(env: NodeJS.ProcessEnv): GuestSettings {
  const issuer = env.MORPHINE_OPENID_ISSUER || null;
  const clientId = env.MORPHINE_OPENID_CLIENT_ID || '';
  const clientSecret = env.MORPHINE_OPENID_SECRET || null;
  return {
    openId: issuer === null ? null : { issuer, clientId, clientSecret },
    tokenSecret: env.MORPHINE_TOKEN_SECRET || null,
  };
}
