// The witness's file in a thread of its own (storeThread.ts), as a WitnessStore. What was asked
// when the thread ended is refused, never assumed done; the next question starts a new thread.

import { Worker } from 'node:worker_threads';
import { SqliteFailure, type SqliteFailureKind } from '../../native/sqlite/failure.ts';
import type { WitnessStore } from './store.ts';

export type StoreThreadData = { path: string };
/** Questions and answers are between two threads of one program, by structured clone. */
export type Question = { id: number; method: keyof WitnessStore; args: unknown[] };
/** Answer 0 says whether the file could be opened. */
export type ThreadAnswer =
  | { id: number; ok: true; result: unknown }
  | { id: number; ok: false; message: string; kind: SqliteFailureKind | null };

/** Questions without an answer; more are refused, and whoever asked tries again. */
const WAITING_MAX = 4_096;

type Waiting = { resolve(result: unknown): void; reject(error: Error): void };

/**
 * Opens the witness's file in a thread.
 *
 * @param threadPath storeThread, as source or as built
 * @throws SqliteFailure, also when the file was written by a newer relay
 */
export async function openThreadedStore(path: string, threadPath: string): Promise<WitnessStore> {
  const thread = new StoreThread(path, threadPath);
  await thread.open();
  return {
    mark: (...args) => thread.ask('mark', args),
    rowsFrom: (...args) => thread.ask('rowsFrom', args),
    pages: (...args) => thread.ask('pages', args),
    append: (...args) => thread.ask('append', args),
    rowsAbout: (...args) => thread.ask('rowsAbout', args),
    putTexts: (...args) => thread.ask('putTexts', args),
    textsOf: (...args) => thread.ask('textsOf', args),
    eraseTexts: (...args) => thread.ask('eraseTexts', args),
    totals: (...args) => thread.ask('totals', args),
    close: () => thread.close(),
  };
}

type Asked = { [Method in keyof WitnessStore]: Awaited<ReturnType<WitnessStore[Method]>> };

class StoreThread {
  readonly #path: string;
  readonly #threadPath: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Promise<Worker> | null = null;
  #nextId = 1;
  #isClosed = false;

  constructor(path: string, threadPath: string) {
    this.#path = path;
    this.#threadPath = threadPath;
  }

  open(): Promise<Worker> {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  async ask<Method extends keyof WitnessStore>(
    method: Method,
    args: unknown[],
  ): Promise<Asked[Method]> {
    if (this.#isClosed) throw new SqliteFailure('other', 'The witness’s file is closed.');
    const worker = await this.open();
    return (await this.#send(worker, method, args)) as Asked[Method];
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const worker = await this.#worker?.catch(() => null);
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    await this.#send(worker, 'close', []);
    await ended;
  }

  #send(worker: Worker, method: keyof WitnessStore, args: unknown[]): Promise<unknown> {
    if (this.#waiting.size >= WAITING_MAX) {
      return Promise.reject(new SqliteFailure('busy', 'The witness’s file is behind.'));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, method, args } satisfies Question);
    });
  }

  #start(): Promise<Worker> {
    const workerData: StoreThreadData = { path: this.#path };
    const worker = new Worker(this.#threadPath, { workerData });
    return new Promise((resolve, reject) => {
      let reason = 'its thread ended';
      worker.on('message', (answer: ThreadAnswer) => {
        if (answer.id > 0) this.#answered(answer);
        else if (answer.ok) resolve(worker);
        else reject(failureOf(answer));
      });
      worker.on('error', (error) => {
        reason = error instanceof Error ? error.message : String(error);
      });
      worker.once('exit', () => {
        this.#worker = null;
        const failure = new SqliteFailure('other', `The witness’s file was closed: ${reason}.`);
        reject(failure);
        for (const { reject: refuse } of this.#waiting.values()) refuse(failure);
        this.#waiting.clear();
      });
    });
  }

  #answered(answer: ThreadAnswer): void {
    const asked = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) asked?.resolve(answer.result);
    else asked?.reject(failureOf(answer));
  }
}

function failureOf({ kind, message }: Extract<ThreadAnswer, { ok: false }>): Error {
  return kind === null ? new Error(message) : new SqliteFailure(kind, message);
}
