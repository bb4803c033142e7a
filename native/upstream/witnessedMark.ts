// What the relay last signed of our journal, kept in the data folder: a ledger that is shorter than
// any row that was ever acknowledged is known for it at once, also while no relay answers. The
// epoch that we may write in stands with it. A damaged file is told and forgotten: it is a second
// witness, and no show must fail for want of it.

import { createPublicKey, verify } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { JournalAck } from '../../core/wire/gen/facts_pb.js';
import { witnessSigningText } from '../../core/wire/signing.ts';

const FILE_NAME = 'witnessed.json';
/** Acknowledgements come many a second; a mark may be this much older on the disk, ms. */
const WRITE_PERIOD_MS = 500;

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));
const whole = z.number().int().nonnegative();
const fileSchema = z.strictObject({
  version: z.literal(1),
  /** Epoch in which this studio may write `mark.ledgerId`. */
  epoch: whole,
  mark: z.strictObject({
    ledgerId: hex(32),
    epoch: whole,
    seq: whole,
    hash: hex(64),
    timeMs: whole,
    signature: hex(128),
    relayKey: hex(64),
  }),
});
type File = z.infer<typeof fileSchema>;
export type WitnessedMark = File['mark'];

export type MarkKeeper = {
  /** The furthest mark that a relay signed; null when there was none. */
  readonly mark: WitnessedMark | null;
  /** The epoch to write this ledger in; 0 when nothing is known of it. */
  readonly epochOf: (ledgerId: string) => number;
  /** Which ledger was shipped last, for a registration while the ledger itself is away. */
  identity(): { ledgerId: string; epoch: number } | null;
  /** Keeps a mark that goes further; false when the signature is not the relay's. */
  take(ack: JournalAck, relayKey: string): boolean;
  /** From now on we write in the epoch of this mark, whatever was kept before. */
  begin(ack: JournalAck, relayKey: string): boolean;
  /** Resolves when what is known is on the disk. */
  close(): Promise<void>;
};

/** Opens the keeper of one channel's marks. */
export async function openMarkKeeper(options: {
  dataFolder: string;
  channelId: string;
  timers: Timers;
  logger: Logger;
}): Promise<MarkKeeper> {
  const path = join(options.dataFolder, FILE_NAME);
  const file = await readMarks(path, options.channelId, options.logger);
  return new FileKeeper(path, file, options);
}

class FileKeeper implements MarkKeeper {
  readonly #path: string;
  readonly #channelId: string;
  readonly #timers: Timers;
  readonly #logger: Logger;
  #file: File | null;
  #cancelWrite: CancelTimer | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    path: string,
    file: File | null,
    options: { channelId: string; timers: Timers; logger: Logger },
  ) {
    this.#path = path;
    this.#file = file;
    this.#channelId = options.channelId;
    this.#timers = options.timers;
    this.#logger = options.logger;
  }

  get mark(): WitnessedMark | null {
    return this.#file?.mark ?? null;
  }

  epochOf = (ledgerId: string): number =>
    this.#file?.mark.ledgerId === ledgerId ? this.#file.epoch : 0;

  identity(): { ledgerId: string; epoch: number } | null {
    return this.#file && { ledgerId: this.#file.mark.ledgerId, epoch: this.#file.epoch };
  }

  take(ack: JournalAck, relayKey: string): boolean {
    const mark = this.#checked(ack, relayKey);
    if (!mark) return false;
    const known = this.#file;
    const isSameLedger = known?.mark.ledgerId === mark.ledgerId;
    // A relay that lost its file acknowledges old rows anew; what it once signed stays signed.
    if (isSameLedger && mark.seq <= known.mark.seq) return true;
    this.#keep({ version: 1, epoch: isSameLedger ? known.epoch : mark.epoch, mark });
    return true;
  }

  begin(ack: JournalAck, relayKey: string): boolean {
    const mark = this.#checked(ack, relayKey);
    if (mark) this.#keep({ version: 1, epoch: mark.epoch, mark });
    return mark !== null;
  }

  async close(): Promise<void> {
    if (this.#cancelWrite) {
      this.#cancelWrite();
      this.#cancelWrite = null;
      this.#write();
    }
    await this.#writing;
  }

  #checked(ack: JournalAck, relayKey: string): WitnessedMark | null {
    const { ledgerId, signature } = ack;
    const [epoch, seq, timeMs] = [Number(ack.epoch), Number(ack.seq), Number(ack.timeMs)];
    const mark = { ledgerId, epoch, seq, hash: toHex(ack.hash), timeMs, signature, relayKey };
    return isSignedMark(this.#channelId, mark) ? mark : null;
  }

  #keep(file: File): void {
    this.#file = file;
    this.#cancelWrite ??= this.#timers.after(WRITE_PERIOD_MS, () => {
      this.#cancelWrite = null;
      this.#write();
    });
  }

  #write(): void {
    const text = `${JSON.stringify(this.#file)}\n`;
    this.#writing = this.#writing.then(async () => {
      try {
        await writeFile(`${this.#path}.tmp`, text, { mode: 0o600, flush: true });
        await rename(`${this.#path}.tmp`, this.#path);
      } catch (error) {
        this.#logger.warn('the witnessed mark could not be kept', { reason: String(error) });
      }
    });
  }
}

async function readMarks(path: string, channelId: string, logger: Logger): Promise<File | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = fileSchema.safeParse(parsedJson(text));
  if (parsed.success && isSignedMark(channelId, parsed.data.mark)) return parsed.data;
  logger.warn('the kept mark of the relay is damaged or of another channel; it is not used', {
    path,
  });
  return null;
}

/** True when the relay's key signed exactly this. Node's own check: marks come many a second. */
function isSignedMark(channelId: string, mark: WitnessedMark): boolean {
  const { signature, relayKey } = mark;
  if (!/^[0-9a-f]{64}$/.test(relayKey) || !/^[0-9a-f]{128}$/.test(signature)) return false;
  try {
    const x = Buffer.from(relayKey, 'hex').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const text = Buffer.from(witnessSigningText(channelId, mark), 'utf8');
    return verify(null, text, key, Buffer.from(signature, 'hex'));
  } catch {
    return false;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
