// Chat on disk: a file a day, so that what is too old goes as a whole and nothing has to be picked
// out. Written behind the talk, in batches: a slow disk delays nobody's word. A removed message
// loses its text in memory at once, and its file says that it is gone.

import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BoundedQueue } from '../../../core/base/boundedQueue.ts';
import { type ChatLine, chatLineSchema } from '../../../core/contract/people.ts';

const DAY_MS = 86_400_000;
/** Lines that wait for the disk; beyond, the oldest are only spoken, not kept. */
const WAITING_MAX = 2_000;
/** Files larger than this are not read back at a start, characters. */
const READ_MAX = 32 * 1024 * 1024;
const NAME = /^(\d{4}-\d{2}-\d{2})\.jsonl$/;

const stateSchema = z.object({ number: z.number().int(), state: z.enum(['said', 'removed']) });

export type ChatLog = {
  /** Newest last, at most `limit`, with what became of each. */
  readonly found: ChatLine[];
  add(line: ChatLine): void;
  /** What became of a line. */
  mark(number: number, state: 'said' | 'removed'): void;
  /** Removes files of days before. */
  forget(daysKept: number): Promise<void>;
  readonly droppedCount: number;
  close(): Promise<void>;
};

export async function openChatLog(options: {
  dataFolder: string;
  wallMs(): number;
  chatDays: number;
  limit: number;
  onTrouble(reason: string): void;
}): Promise<ChatLog> {
  const folder = join(options.dataFolder, 'chat');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const queue = new BoundedQueue<string>({
    owner: 'chat log',
    capacity: WAITING_MAX,
    policy: 'drop-oldest',
  });
  let writing: Promise<void> | null = null;

  async function drain(): Promise<void> {
    for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
      let text = first;
      for (let more = queue.shift(); more !== undefined; more = queue.shift()) text += more;
      const file = join(folder, `${dayOf(options.wallMs())}.jsonl`);
      await appendFile(file, text, { mode: 0o600 }).catch((cause: unknown) =>
        options.onTrouble(cause instanceof Error ? cause.message : String(cause)),
      );
    }
    writing = null;
  }
  const write = (value: unknown) => {
    queue.push(`${JSON.stringify(value)}\n`);
    writing ??= drain();
  };

  async function forget(daysKept: number): Promise<void> {
    const oldest = dayOf(options.wallMs() - daysKept * DAY_MS);
    for (const day of await daysIn(folder)) {
      if (day < oldest) await rm(join(folder, `${day}.jsonl`), { force: true });
    }
  }
  // What is too old is not even read.
  await forget(options.chatDays);
  const found = await readBack(folder, options.limit);

  return {
    found,
    add: (line) => write(line),
    mark: (number, state) => write({ number, state }),
    forget,
    get droppedCount() {
      return queue.droppedCount;
    },
    async close() {
      await writing;
    },
  };
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** Oldest first. */
async function daysIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => NAME.exec(name)?.[1] ?? []).sort();
}

async function readBack(folder: string, limit: number): Promise<ChatLine[]> {
  const lines = new Map<number, ChatLine>();
  for (const day of (await daysIn(folder)).slice(-2)) {
    const text = await readFile(join(folder, `${day}.jsonl`), 'utf8');
    for (const row of text.slice(-READ_MAX).split('\n')) {
      const value = parsed(row);
      const line = chatLineSchema.safeParse(value);
      if (line.success) lines.set(line.data.number, line.data);
      const state = line.success ? null : stateSchema.safeParse(value);
      const known = state?.success ? lines.get(state.data.number) : undefined;
      if (known && state?.success) known.state = state.data.state;
    }
  }
  const found = [...lines.values()].sort((one, other) => one.number - other.number);
  for (const line of found) if (line.state === 'removed') line.text = '';
  return found.slice(-limit);
}

function parsed(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    // The last row of a file may be torn by a power cut.
    return null;
  }
}
