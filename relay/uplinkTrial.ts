// Takes in bodies of nothing, so that a studio learns what of its uplink arrives here. Only whoever
// may publish a channel is answered, one body at a time, within seconds; nothing of it is kept.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MediaClock, Timers } from '../core/base/clock.ts';
import { isId } from '../core/wire/signing.ts';
import { UPLINK_BODY_BYTES_MAX, UPLINK_PATH, type UplinkAnswer } from '../core/wire/uplinkTrial.ts';
import { sendProblem } from './problems.ts';

/** A body that takes longer is cut off, ms. */
const BODY_MS_MAX = 5_000;

export type UplinkTrial = {
  /** False for a request that is none of this. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
};

export type UplinkTrialOptions = {
  clock: MediaClock;
  timers: Timers;
  isAllowed(channelId: string, token: string): boolean;
};

export function createUplinkTrial(options: UplinkTrialOptions): UplinkTrial {
  const busy = new Set<string>();
  return {
    async answer(request, response, path) {
      if (!path.startsWith(UPLINK_PATH) || request.method !== 'POST') return false;
      response.setHeader('Cache-Control', 'no-store');
      const channelId = path.slice(UPLINK_PATH.length);
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      // What is left of a body that is not taken is not read.
      response.setHeader('Connection', 'close');
      if (
        request.headers.origin !== undefined ||
        !isId(channelId) ||
        !options.isAllowed(channelId, token)
      ) {
        sendProblem(response, 401, 'Only the studio of a channel measures its uplink here.');
      } else if (busy.has(channelId)) {
        sendProblem(response, 409, 'This channel’s uplink is being measured already.');
      } else if (Number(request.headers['content-length'] ?? Infinity) > UPLINK_BODY_BYTES_MAX) {
        sendProblem(response, 413, 'A body to measure with is no larger than 4 MiB.');
      } else {
        busy.add(channelId);
        try {
          const body: UplinkAnswer = await takeIn(request, options);
          response.setHeader('Connection', 'keep-alive');
          response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
        } finally {
          busy.delete(channelId);
        }
      }
      return true;
    },
  };
}

/** Rejects when it broke off or took too long. */
function takeIn(
  request: IncomingMessage,
  { clock, timers }: UplinkTrialOptions,
): Promise<UplinkAnswer> {
  return new Promise((resolve, reject) => {
    let firstUs: number | null = null;
    let lastUs = 0;
    let afterFirst = 0;
    const cancel = timers.after(BODY_MS_MAX, () => request.destroy());
    request.on('data', (part: Uint8Array) => {
      lastUs = clock.nowUs();
      if (firstUs === null) firstUs = lastUs;
      else afterFirst += part.length;
    });
    request.once('end', () =>
      resolve({ afterFirst, tookMs: (lastUs - (firstUs ?? lastUs)) / 1000 }),
    );
    request.once('close', () => {
      cancel();
      reject(new Error('The body broke off.'));
    });
  });
}
