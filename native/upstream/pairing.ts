// Pairing on the studio's side: proves to a relay that its owner gave us the code, checks that the
// relay knows it too, and keeps the relay's address and key in the data folder. What a person typed
// must reach no log and no error text; the sentences here are for that person.

import { createHmac, scrypt, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import type { Timers } from '../../core/base/clock.ts';
import { type RandomBytes, toHex } from '../../core/base/ids.ts';
import {
  PAIRING_KEY,
  PAIRING_PATH,
  pairingAnswerSchema,
  pairingRelayText,
  pairingStudioText,
} from '../../core/wire/pairing.ts';
import { readPairingCode } from '../../core/wire/pairingWords.ts';
import { isSigned, signText } from '../../core/wire/signing.ts';
import type { ChannelKey } from './channelKey.ts';
import { describeFailure } from './relayAddress.ts';

const ANSWER_MS_MAX = 8_000;
const ANSWER_LENGTH_MAX = 8_192;
const FILE_NAME = 'relay.json';

const pairedRelaySchema = z.strictObject({
  version: z.literal(1),
  url: z.url({ protocol: /^https?$/ }),
  relayKey: z.string().regex(/^[0-9a-f]{64}$/),
});
export type PairedRelay = { url: string; relayKey: string };

/** The message is a sentence for the person who typed. */
export class PairingRefused extends Error {}

export type PairingOptions = {
  /** What the person typed: `relay.example.org`, `https://relay.example.org`, `192.168.1.5:47801`. */
  address: string;
  code: string;
  key: Pick<ChannelKey, 'channelId' | 'publicKey' | 'secretKey'>;
  fetch: typeof fetch;
  random: RandomBytes;
  timers: Timers;
};

/** Pairs. @throws PairingRefused */
export async function pairWithRelay(options: PairingOptions): Promise<PairedRelay> {
  const { key } = options;
  const read = readPairingCode(options.code);
  if (!read.ok) throw new PairingRefused(read.reason);
  const address = relayAddressOf(options.address);
  const codeKey = await keyOf(read.code);
  const { channelId, publicKey } = key;
  const asked = { channelId, publicKey, nonce: toHex(options.random(32)) };
  const text = pairingStudioText(asked);
  const proof = hmacOf(codeKey, text).toString('hex');
  const signature = signText(text, key.secretKey);
  const body = JSON.stringify({ version: 1, ...asked, proof, signature });
  const answer = pairingAnswerSchema.safeParse(await post(address, body, options));
  if (!answer.success) throw new PairingRefused('This address answers, but is no relay of ours.');
  const { url, relayKey } = answer.data;
  const relayText = pairingRelayText(asked, { url, relayKey });
  const isProved = timingSafeEqual(
    hmacOf(codeKey, relayText),
    Buffer.from(answer.data.proof, 'hex'),
  );
  if (!isProved || !isSigned(relayText, answer.data.signature, relayKey)) {
    throw new PairingRefused('Whoever answered does not know the code: this is not your relay.');
  }
  return { url, relayKey };
}

async function post(address: string, body: string, options: PairingOptions): Promise<unknown> {
  const timeout = new AbortController();
  const cancel = options.timers.after(ANSWER_MS_MAX, () => timeout.abort());
  let status: number;
  let text: string;
  try {
    const response = await options.fetch(new URL(PAIRING_PATH, address), {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json' },
      body,
      signal: timeout.signal,
    });
    status = response.status;
    text = (await response.text()).slice(0, ANSWER_LENGTH_MAX);
  } catch (error) {
    throw new PairingRefused(sentenceOf(error, address, timeout.signal.aborted));
  } finally {
    cancel();
  }
  const parsed = parseJson(text);
  if (status === 200) return parsed;
  const problem = z.object({ detail: z.string().max(300) }).safeParse(parsed);
  const otherwise = `The address answers with HTTP ${status}; is this a relay?`;
  throw new PairingRefused(problem.success ? problem.data.detail : otherwise);
}

function sentenceOf(error: unknown, address: string, isLate: boolean): string {
  if (isLate) return `The relay at ${new URL(address).host} did not answer in time.`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? describeFailure(cause, address) : 'The relay cannot be reached.';
}

/**
 * The relay's address out of what a person typed. Without a scheme a bare address of a private
 * network is plain HTTP, everything else is HTTPS.
 *
 * @throws PairingRefused
 */
export function relayAddressOf(typed: string): string {
  const text = typed.trim();
  const hasScheme = /^https?:\/\//i.test(text);
  const guess = hasScheme || text.includes('://') ? text : `https://${text}`;
  const url = URL.canParse(guess) ? new URL(guess) : null;
  if (!url || url.username || !/^https?:$/.test(url.protocol) || !/^[\w.[\]:-]+$/.test(url.host)) {
    throw new PairingRefused('Type the address that the relay shows, such as relay.example.org.');
  }
  const isBareAddress = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
  const isNamedHere = url.hostname === 'localhost' || isBareAddress;
  return hasScheme || !isNamedHere ? url.origin : `http://${url.host}`;
}

/** The kept relay; null without one. A file that cannot be read counts as none and is put aside. */
export function readPairedRelay(dataFolder: string): PairedRelay | null {
  const path = join(dataFolder, FILE_NAME);
  if (!existsSync(path)) return null;
  const parsed = pairedRelaySchema.safeParse(parseJson(readFileSync(path, 'utf8')));
  if (parsed.success) return { url: parsed.data.url, relayKey: parsed.data.relayKey };
  renameSync(path, `${path}.unreadable`);
  return null;
}

/** Keeps a relay for the next start of the engine; null forgets it. */
export function keepPairedRelay(dataFolder: string, relay: PairedRelay | null): void {
  const path = join(dataFolder, FILE_NAME);
  if (relay === null) {
    rmSync(path, { force: true });
    return;
  }
  const text = `${JSON.stringify({ version: 1, ...relay }, null, 2)}\n`;
  writeFileSync(`${path}.tmp`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
}

function keyOf(code: string): Promise<Buffer> {
  const { salt, length, cost } = PAIRING_KEY;
  return new Promise((resolve, reject) => {
    scrypt(code, salt, length, { cost }, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function hmacOf(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
