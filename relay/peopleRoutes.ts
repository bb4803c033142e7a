// The relay's pages and verbs about people: a channel's privacy page, and log-ins where an issuer
// is set. Everything else is somebody else's.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isId } from '../core/wire/signing.ts';
import type { LogIn } from './logIn.ts';
import { languageOf, privacyPage } from './privacyPage.ts';
import type { RelayRoom } from './room.ts';

export type PeopleRoutes = {
  /** False when the path is none of these: nothing was sent then. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
};

/** @param learn makes a channel known that is known from before a restart only */
export function createPeopleRoutes(
  room: Pick<RelayRoom, 'channels'>,
  logIn: LogIn | null,
  learn: (channelId: string) => Promise<void>,
): PeopleRoutes {
  return {
    async answer(request, response, path) {
      const [, first = '', second = '', ...more] = path.split('/');
      if (more.length > 0) return false;
      const isGet = request.method === 'GET' || request.method === 'HEAD';
      if (first === 'privacy' && isId(second) && isGet) {
        await learn(second);
        const channel = room.channels.find(second);
        if (!channel) return false;
        const { streamer } = channel.people;
        const language = languageOf(request.headers['accept-language']);
        const facts = { channelId: second, streamer, hasLogIn: logIn !== null };
        response.writeHead(200, {
          'Content-Type': 'text/html; charset=utf-8',
          'Cache-Control': 'no-cache',
          Vary: 'Accept-Language',
        });
        response.end(request.method === 'HEAD' ? undefined : privacyPage(facts, language));
        return true;
      }
      if (first !== 'login' || logIn === null) return false;
      if (second === 'callback' && request.method === 'GET') {
        await logIn.finish(request, response);
        return true;
      }
      if (!isId(second) || request.method !== 'POST') return false;
      await logIn.start(request, response, second);
      return true;
    },
  };
}
