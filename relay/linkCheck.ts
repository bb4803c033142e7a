// Tests the shared link from the relay's side before a show goes live: the page's address over HTTP
// with a number that relays of this address answer, and the media's way by a connection of its own.
// What fails is one sentence that names what to open. A router may not let a machine reach its own
// outside address: then this says no where a telephone on mobile data would say yes, and says so.

import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Timers } from '../core/base/clock.ts';
import { type RandomBytes, toHex } from '../core/base/ids.ts';
import type { PathCheck } from '../native/webrtc/pathCheck.ts';
import { isPublicAddress } from './plainHttp.ts';

const ANSWER_MS_MAX = 5_000;
/** A result is told again for so long: any studio may ask, and each trial costs connections. */
const KEPT_MS = 2_000;
export const REACH_PATH = '/reach/';

export type LinkResult = {
  isReachable: boolean;
  /** What to open or to change; empty when all is well. */
  sentence: string;
};

export type LinkCheckOptions = {
  publicUrl: string;
  /** Where the relay listens. */
  port: number;
  udpPort: number | null;
  hasTurn: boolean;
  fetch: typeof fetch;
  timers: Timers;
  random: RandomBytes;
  checkMedia(): Promise<PathCheck>;
};

export type LinkCheck = {
  /** The body for a path below `/reach/`; null for one that is none. */
  answer(path: string): string | null;
  /** Tests the link. Whoever asks meanwhile, or soon after, hears the same. Never rejects. */
  run(): Promise<LinkResult>;
};

export function createLinkCheck(options: LinkCheckOptions): LinkCheck {
  let running: Promise<LinkResult> | null = null;
  // Every node behind one address answers alike, and a relay of another address does not.
  const answerOf = (nonce: string) =>
    createHmac('sha256', options.publicUrl).update(nonce).digest('hex');
  async function check(): Promise<LinkResult> {
    const nonce = toHex(options.random(16));
    const [web, media] = await Promise.all([
      webFault(options, nonce, answerOf(nonce)),
      mediaFault(options),
    ]);
    const sentence = web ?? media ?? '';
    return { isReachable: sentence === '', sentence };
  }
  return {
    answer(path) {
      const nonce = path.slice(REACH_PATH.length);
      return /^[0-9a-f]{32}$/.test(nonce) ? answerOf(nonce) : null;
    },
    run() {
      running ??= check().finally(() => {
        options.timers.after(KEPT_MS, () => {
          running = null;
        });
      });
      return running;
    },
  };
}

async function webFault(
  { publicUrl, port, fetch, timers }: LinkCheckOptions,
  nonce: string,
  wanted: string,
): Promise<string | null> {
  const url = new URL(`${REACH_PATH}${nonce}`, publicUrl);
  const outside = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const timeout = new AbortController();
  const cancel = timers.after(ANSWER_MS_MAX, () => timeout.abort());
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: timeout.signal });
    const text = (await answer.text()).slice(0, 200);
    if (text === wanted) return null;
    const fix = `forward TCP port ${outside} to the relay’s ${port}`;
    return `Something else answers at ${url.host}: ${fix}.`;
  } catch (error) {
    return webSentence(codeOf(error), url, outside, port);
  } finally {
    cancel();
  }
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return String((cause as NodeJS.ErrnoException).code ?? 'no answer in time');
}

function webSentence(code: string, url: URL, outside: number, port: number): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `The name ${url.hostname} is not known: point it at the relay’s machine.`;
  }
  if (/CERT|SIGNED|ALTNAME|TLS|SSL/.test(code)) {
    const fix = 'give the relay another';
    return `Browsers do not trust the certificate of ${url.host} (${code}): ${fix}.`;
  }
  const to = outside === port ? '' : `, which leads to its port ${port}`;
  const fix = `open TCP port ${outside} of the relay’s machine${to}`;
  return `Nobody answers at ${url.host} (${code}): ${fix}.`;
}

async function mediaFault(options: LinkCheckOptions): Promise<string | null> {
  const { udpPort, hasTurn } = options;
  const { isOpen, addresses } = await options.checkMedia();
  const outside = await outsideAddress(options.publicUrl);
  // A name may lead to a proxy elsewhere; then its address says nothing about the media.
  const isHidden = outside !== null && !addresses.some(isPublicAddress);
  if (isHidden && !hasTurn) {
    const told = addresses.join(' and ');
    const fix = `start the relay with --announce ${outside}`;
    return `Viewers are told ${told} for the picture, which nobody outside reaches: ${fix}.`;
  }
  if (isOpen) return null;
  const where = addresses.join(' and ') || 'the relay’s machine';
  const what =
    udpPort === null
      ? 'UDP ports 1024 to 65535, or start the relay with --udp-port to need one'
      : `UDP port ${udpPort}`;
  return `The picture does not reach ${where}: open ${what}; until then it goes by WebSocket.`;
}

/** Where the public name leads, if that is a public address. */
async function outsideAddress(publicUrl: string): Promise<string | null> {
  const name = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  try {
    const address = isIP(name) === 0 ? (await lookup(name)).address : name;
    return isPublicAddress(address) ? address : null;
  } catch {
    return null;
  }
}
