// STUN and TURN servers: as a person writes them, as browsers are told of them, and which of them
// the relay itself asks. A TURN server without a password in its text gets timed credentials, made
// anew for each answer from a secret that it shares with us: coturn's `use-auth-secret`. Neither
// secret nor password may reach a log or an error text.

import { createHmac } from 'node:crypto';
import { type RandomBytes, toHex } from '../core/base/ids.ts';
import { BadRelaySetting } from './badRelaySetting.ts';

export type IceServerLink = { url: string; username?: string; credential?: string };

export type IceServers = {
  /** For one client; timed credentials are fresh. */
  links(): IceServerLink[];
  /** What the relay's own connections may ask, as the library takes it. */
  readonly own: readonly string[];
  /** Some way through where UDP to us is blocked. */
  readonly hasTurn: boolean;
};

/**
 * How long timed credentials open a new allocation, s. One that stands is not ended by it, so this
 * only has to cover the time from the answer to the first packet, and a page that comes back with
 * what it was given: an evening's show.
 */
const CREDENTIALS_S = 6 * 60 * 60;

const HOST = String.raw`(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)`;
const PERSON = String.raw`(?:([^:@\s]+):([^@\s]+)@)?`;
const REST = String.raw`(?::(\d{1,5}))?(\?transport=(?:udp|tcp))?`;
const PATTERN = new RegExp(`^(stuns?|turns?):${PERSON}(${HOST})${REST}$`);

type Read = { scheme: string; address: string; username?: string; credential?: string };

/**
 * Reads `stun:HOST:PORT`, `turn:HOST:PORT` (timed credentials) and `turn:USER:PASSWORD@HOST:PORT`;
 * `turns:` and `?transport=tcp` for networks that let nothing else through.
 *
 * @param turnSecret what the TURN server has as `static-auth-secret`
 * @throws BadRelaySetting; the text is not repeated, because it may hold a password
 */
export function readIceServers(
  texts: readonly string[],
  around: { turnSecret: string | null; wallMs(): number; random: RandomBytes },
): IceServers {
  const servers = texts.map(readOne);
  const isTimed = ({ scheme, username }: Read) =>
    scheme.startsWith('turn') && username === undefined;
  if (around.turnSecret === null && servers.some(isTimed)) {
    throw new BadRelaySetting(
      'iceServers',
      'turn:HOST:PORT needs the secret of that server in MORPHINE_TURN_SECRET (environment), ' +
        'or a password: turn:USER:PASSWORD@HOST:PORT.',
    );
  }
  return {
    links() {
      const timed = around.turnSecret === null ? {} : timedCredentials(around.turnSecret, around);
      return servers.map((server) => {
        const { scheme, address, username, credential } = server;
        const url = `${scheme}:${address}`;
        if (isTimed(server)) return { url, ...timed };
        return username !== undefined && credential !== undefined
          ? { url, username, credential }
          : { url };
      });
    },
    hasTurn: servers.some(({ scheme }) => scheme.startsWith('turn')),
    // The library speaks STUN and TURN over UDP only, and timed credentials would end with a show.
    own: servers.flatMap((server) => {
      const { scheme, address, username, credential } = server;
      if (scheme.endsWith('s') || address.endsWith('=tcp') || isTimed(server)) return [];
      return [`${scheme}:${username ? `${username}:${credential}@` : ''}${address}`];
    }),
  };
}

function readOne(text: string): Read {
  const [, scheme, username, credential, host, port, transport = ''] = PATTERN.exec(text) ?? [];
  const isPort = port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
  const isWrong = scheme?.startsWith('stun') && (username !== undefined || transport !== '');
  if (!scheme || !host || !isPort || isWrong) {
    const message = 'must be stun:HOST:PORT, turn:HOST:PORT or turn:USER:PASSWORD@HOST:PORT.';
    throw new BadRelaySetting('iceServers', message);
  }
  const address = `${host}${port === undefined ? '' : `:${port}`}${transport}`;
  return {
    scheme,
    address,
    ...(username !== undefined && credential !== undefined ? { username, credential } : {}),
  };
}

/** A REST API for access to TURN services (draft-uberti-behave-turn-rest-00, section 2.2). */
export function timedCredentials(
  secret: string,
  around: { wallMs(): number; random: RandomBytes },
): { username: string; credential: string } {
  const endsAtS = Math.floor(around.wallMs() / 1000) + CREDENTIALS_S;
  const username = `${endsAtS}:${toHex(around.random(8))}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}
