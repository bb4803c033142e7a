// Pairing on the relay's side: makes the code that a person reads, checks what a studio proves with
// it, and keeps who is paired. A code lives ten minutes, pairs one studio and bears a few wrong
// attempts. The code must reach no log; whoever starts the relay prints it.

import { createHmac, scryptSync, timingSafeEqual } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MediaClock, MediaTimeUs } from '../core/base/clock.ts';
import type { RandomBytes } from '../core/base/ids.ts';
import type { Logger } from '../core/base/logger.ts';
import {
  PAIRING_KEY,
  type PairingAnswer,
  type PairingRequest,
  pairingRelayText,
  pairingRequestSchema,
  pairingStudioText,
} from '../core/wire/pairing.ts';
import { newPairingCode } from '../core/wire/pairingWords.ts';
import { channelIdOf } from '../core/wire/signing.ts';
import { BadRelaySetting } from './badRelaySetting.ts';
import type { Owners } from './owners.ts';
import type { MarkSigner } from './relayKey.ts';
import { isSignedBy } from './signature.ts';

const CODE_US = 10 * 60 * 1_000_000;
/** A person mistypes a few times; a guesser has 2^66 codes to try. */
const ATTEMPTS_MAX = 10;
const STUDIOS_MAX = 1_000;
const FILE_NAME = 'paired.json';

const fileSchema = z.strictObject({
  version: z.literal(1),
  studios: z
    .array(z.strictObject({ channelId: z.string(), publicKey: z.string(), pairedAtMs: z.number() }))
    .max(STUDIOS_MAX),
});

type Code = {
  key: Buffer;
  endsAtUs: MediaTimeUs;
  attemptsLeft: number;
  /** Channel that it paired; null: none yet. */
  usedBy: string | null;
};

export type PairingOptions = {
  dataFolder: string;
  marks: MarkSigner;
  clock: MediaClock;
  random: RandomBytes;
  logger: Logger;
};

export type PairingResult = {
  status: number;
  body: PairingAnswer | { title: string; status: number; detail: string };
};

export type Pairing = Owners & {
  /** Studios that are paired. */
  readonly count: number;
  /** A code for one studio, ten minutes long; the one before ends. */
  newCode(): string;
  /** Answers a studio. `url`: where this relay is for everybody. */
  answer(body: Uint8Array, url: string): Promise<PairingResult>;
};

/** @throws BadRelaySetting for a file that cannot be read: forgetting would shut studios out */
export async function openPairing(options: PairingOptions): Promise<Pairing> {
  const path = join(options.dataFolder, FILE_NAME);
  return new PairedStudios(options, path, await readPaired(path));
}

type Studio = z.infer<typeof fileSchema>['studios'][number];

class PairedStudios implements Pairing {
  readonly #options: PairingOptions;
  readonly #path: string;
  #studios: Studio[];
  #code: Code | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: PairingOptions, path: string, studios: Studio[]) {
    this.#options = options;
    this.#path = path;
    this.#studios = studios;
  }

  get count(): number {
    return this.#studios.length;
  }

  async mayRegister(channelId: string): Promise<boolean> {
    return this.#studios.some((studio) => studio.channelId === channelId);
  }

  newCode(): string {
    const { random, clock } = this.#options;
    const code = newPairingCode(random);
    const { salt, length, cost } = PAIRING_KEY;
    this.#code = {
      key: scryptSync(code, salt, length, { cost }),
      endsAtUs: clock.nowUs() + CODE_US,
      attemptsLeft: ATTEMPTS_MAX,
      usedBy: null,
    };
    return code;
  }

  async answer(body: Uint8Array, url: string): Promise<PairingResult> {
    const request = readRequest(body);
    if (!request || channelIdOf(request.publicKey) !== request.channelId) {
      return refuse(400, 'Malformed', 'This is no request to pair; update the older of the two.');
    }
    const code = this.#code;
    if (!code || this.#options.clock.nowUs() > code.endsAtUs) {
      return refuse(410, 'No code', 'The code has ended after 10 minutes; ask for a new one.');
    }
    if (code.attemptsLeft <= 0) {
      return refuse(
        429,
        'Too many attempts',
        'The code was mistyped too often; ask for a new one.',
      );
    }
    const text = pairingStudioText(request);
    const isProved = timingSafeEqual(hmacOf(code.key, text), Buffer.from(request.proof, 'hex'));
    if (!isProved || !isSignedBy(text, request.signature, request.publicKey)) {
      code.attemptsLeft--;
      this.#options.logger.warn('pairing refused', { attemptsLeft: code.attemptsLeft });
      return refuse(403, 'Wrong code', 'This is not the code that the relay shows; look again.');
    }
    // The same studio may ask again: its first answer may have been lost.
    if (code.usedBy !== null && code.usedBy !== request.channelId) {
      return refuse(410, 'Used', 'This code has paired another studio; ask for a new one.');
    }
    if (this.count >= STUDIOS_MAX)
      return refuse(503, 'Full', 'No more studios can be paired here.');
    code.usedBy = request.channelId;
    await this.#keep(request);
    return this.#prove(request, code, url);
  }

  #prove(request: PairingRequest, code: Code, url: string): PairingResult {
    const { marks } = this.#options;
    const relayKey = marks.publicKey;
    const text = pairingRelayText(request, { url, relayKey });
    const proof = hmacOf(code.key, text).toString('hex');
    const signature = marks.signText(text);
    return { status: 200, body: { version: 1, url, relayKey, proof, signature } };
  }

  #keep({ channelId, publicKey }: PairingRequest): Promise<void> {
    const pairedAtMs = this.#options.marks.timeMs();
    const others = this.#studios.filter((studio) => studio.channelId !== channelId);
    const studios = [...others, { channelId, publicKey, pairedAtMs }];
    // One after the other, so that two studios at once are both kept.
    this.#writing = this.#writing
      .catch(() => {})
      .then(async () => {
        const file = `${JSON.stringify({ version: 1, studios }, null, 2)}\n`;
        await writeFile(`${this.#path}.tmp`, file, { mode: 0o600, flush: true });
        await rename(`${this.#path}.tmp`, this.#path);
      });
    this.#studios = studios;
    this.#options.logger.info('studio paired', { channel: channelId });
    return this.#writing;
  }
}

function hmacOf(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function refuse(status: number, title: string, detail: string): PairingResult {
  return { status, body: { title, status, detail } };
}

function readRequest(body: Uint8Array): PairingRequest | null {
  try {
    return pairingRequestSchema.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    return null;
  }
}

async function readPaired(path: string): Promise<Studio[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    return fileSchema.parse(JSON.parse(text)).studios;
  } catch {
    const fix = 'restore it from a backup, or remove it and pair the studios again';
    throw new BadRelaySetting('dataFolder', `${path} cannot be read; ${fix}.`);
  }
}
