// The door to openid-client: signs viewers in with somebody else's accounts (OpenID Connect Core
// 1.0, code flow with PKCE, state and nonce). The relay learns who it is and a name, keeps neither,
// and asks for no more. Issuers are reached by TLS; plain HTTP only on loopback.

import * as client from 'openid-client';
import { BadRelaySetting } from './badRelaySetting.ts';

export type OpenIdSettings = {
  issuer: string;
  clientId: string;
  /** Null for a public client. From the environment; it reaches no log. */
  clientSecret: string | null;
};

/** What a browser has to bring back; sealed by the caller. */
export type LogInSecrets = { verifier: string; state: string; nonce: string };
export type SignedInAs = { issuer: string; account: string; name: string };

export type OpenId = {
  /** Where the browser goes. Rejects when the issuer does not answer. */
  begin(callbackUrl: string): Promise<{ url: string; secrets: LogInSecrets }>;
  /** Checks what came back. Rejects for whatever does not fit. */
  finish(cameBackTo: URL, secrets: LogInSecrets): Promise<SignedInAs>;
};

/** @throws BadRelaySetting for an issuer that is neither https nor on loopback */
export function checkIssuer(settings: OpenIdSettings | null): void {
  if (settings === null) return;
  const { issuer } = settings;
  if (!URL.canParse(issuer)) throw badIssuer(issuer);
  const server = new URL(issuer);
  if (server.protocol !== 'https:' && !(isLoopbackUrl(server) && server.protocol === 'http:')) {
    throw badIssuer(issuer);
  }
}

function isLoopbackUrl({ hostname }: URL): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

/** The issuer is asked for its addresses at the first log-in. */
export function createOpenId({ issuer, clientId, clientSecret }: OpenIdSettings): OpenId {
  const server = new URL(issuer);
  const isLoopback = isLoopbackUrl(server);
  let found: Promise<client.Configuration> | null = null;
  const configuration = () => {
    found ??= client
      .discovery(
        server,
        clientId,
        undefined,
        clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret),
        isLoopback ? { execute: [client.allowInsecureRequests] } : {},
      )
      .catch((cause: unknown) => {
        // The issuer may be back at the next try.
        found = null;
        throw cause;
      });
    return found;
  };
  return {
    async begin(callbackUrl) {
      const verifier = client.randomPKCECodeVerifier();
      const secrets = { verifier, state: client.randomState(), nonce: client.randomNonce() };
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: callbackUrl,
        scope: 'openid profile',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: secrets.state,
        nonce: secrets.nonce,
      });
      return { url: url.href, secrets };
    },
    async finish(cameBackTo, { verifier, state, nonce }) {
      const ready = await configuration();
      const tokens = await client.authorizationCodeGrant(ready, cameBackTo, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new Error('The issuer gave no identity.');
      const told = await nameOf(ready, tokens.access_token, claims);
      return { issuer: claims.iss, account: claims.sub, name: told };
    },
  };
}

/** Issuers tell names in the token or at their user-info address; without one it is empty. */
async function nameOf(
  configuration: client.Configuration,
  accessToken: string,
  claims: client.IDToken,
): Promise<string> {
  const known = shownName(claims);
  if (known !== '' || !configuration.serverMetadata().userinfo_endpoint) return known;
  try {
    return shownName(await client.fetchUserInfo(configuration, accessToken, claims.sub));
  } catch {
    return '';
  }
}

function shownName(claims: Record<string, unknown>): string {
  for (const key of ['preferred_username', 'nickname', 'name']) {
    const value = claims[key];
    if (typeof value === 'string' && value !== '') return value.slice(0, 100);
  }
  return '';
}

function badIssuer(issuer: string): BadRelaySetting {
  const message = `${issuer} must be an https address (http only on this machine).`;
  return new BadRelaySetting('openIdIssuer', message);
}
