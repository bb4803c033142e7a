// ICE servers as a person writes them, and as browsers are told of them.

import { BadRelaySetting } from './badRelaySetting.ts';

export type IceServerLink = { url: string; username?: string; credential?: string };

const PATTERN = /^(stun|turn|turns):(?:([^:@]+):([^@]+)@)?([^@/\s]+)$/;

/**
 * Reads `stun:HOST:PORT` and `turn:USER:PASSWORD@HOST:PORT`.
 *
 * @throws BadRelaySetting; the text is not repeated, because it may hold a password
 */
export function readIceServers(texts: readonly string[]): IceServerLink[] {
  return texts.map((text) => {
    const [, scheme, username, credential, rest] = PATTERN.exec(text) ?? [];
    if (!scheme || !rest) {
      const message = 'must be stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT.';
      throw new BadRelaySetting('iceServers', message);
    }
    const url = `${scheme}:${rest}`;
    return username && credential ? { url, username, credential } : { url };
  });
}
