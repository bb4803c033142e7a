// The models on this machine and those that could be: lists them with their cards, downloads,
// takes in a person's own file, and removes. It never runs a model. Files that it writes lie in one
// folder with a manifest of its own; the other folders are only read.

import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Timers } from '../../../core/base/clock.ts';
import {
  type ModelCard,
  type ModelNotOurs,
  modelNotOursSchema,
} from '../../../core/contract/modelCards.ts';
import { DownloadError, download } from './download.ts';
import {
  ACCEPTED,
  acceptedLicences,
  hashOf,
  idOf,
  MANIFEST,
  type ModelEntry,
  parseEntry,
  purposeOf,
  readEntries,
} from './manifest.ts';

export type ModelStoreOptions = {
  /** The store's own folder; made when something is written. */
  folder: string;
  /** Folders with manifests, in the order in which they are looked at; `folder` is among them. */
  folders: readonly string[];
  /** The folder that came with the program: its files cannot be removed. */
  shippedFolder: string;
  fetch: typeof fetch;
  timers: Timers;
  /** Something changed that a running studio must look at again. */
  onChange?(): void;
};

/** A refusal as a sentence. */
export class ModelStoreError extends Error {
  override name = 'ModelStoreError';
}

type Listed = { id: string; folder: string; entry: ModelEntry };
type Job = { receivedBytes: number; stop: AbortController; done: Promise<void> };

export class ModelStore {
  readonly #options: ModelStoreOptions;
  readonly #jobs = new Map<string, Job>();
  /** Why a download failed last; forgotten with the next attempt. */
  readonly #troubles = new Map<string, string>();
  /** Hashes of files by path, size and time of change: reading all of them takes a while. */
  readonly #hashes = new Map<string, string>();

  constructor(options: ModelStoreOptions) {
    this.#options = options;
  }

  /** Every model of every manifest, first folder first; an id counts once. */
  async list(): Promise<{ models: ModelCard[]; notOurs: ModelNotOurs[]; troubles: string[] }> {
    const { listed, notOurs, troubles } = await this.#entries();
    const accepted = await acceptedLicences(this.#options.folders);
    const models: ModelCard[] = [];
    for (const one of listed) models.push(await this.#card(one, accepted));
    return { models, notOurs, troubles };
  }

  /** Writes down that the licence of this model was read and accepted. */
  async accept(id: string): Promise<void> {
    const { entry } = await this.#find(id);
    const path = join(this.#options.folder, ACCEPTED);
    const before = await readFile(path, 'utf8').catch(() => '{}');
    const known = z.record(z.string(), z.string()).safeParse(parseJson(before));
    const next = { ...(known.success ? known.data : {}), [entry.sha256]: entry.licence };
    await this.#write(ACCEPTED, next);
    this.#options.onChange?.();
  }

  /**
   * Downloads a model whose licence was accepted; resolves when it is here.
   *
   * @throws ModelStoreError or DownloadError with a sentence
   */
  async download(id: string, onProgress: (bytes: number) => void = () => {}): Promise<void> {
    const { entry } = await this.#find(id);
    const { url, sha256, licence, file, bytes = 0 } = entry;
    if (url === undefined) {
      throw new ModelStoreError(`"${id}" has no address to download from: ${entry.origin ?? ''}`);
    }
    const accepted = await acceptedLicences(this.#options.folders);
    if (!accepted.has(sha256)) {
      throw new ModelStoreError(`Accept the licence of "${id}" first: ${licence}.`);
    }
    const running = this.#jobs.get(id);
    if (running) return running.done;
    await mkdir(this.#options.folder, { recursive: true });
    const stop = new AbortController();
    const job: Job = { receivedBytes: 0, stop, done: Promise.resolve() };
    this.#troubles.delete(id);
    this.#jobs.set(id, job);
    job.done = download({
      ...{ url, sha256, bytes, signal: stop.signal, path: join(this.#options.folder, file) },
      ...{ fetch: this.#options.fetch, timers: this.#options.timers },
      onProgress: (received) => {
        job.receivedBytes = received;
        onProgress(received);
      },
    })
      .catch((cause: unknown) => {
        this.#troubles.set(id, cause instanceof Error ? cause.message : String(cause));
        throw cause instanceof Error ? cause : new DownloadError(String(cause));
      })
      .finally(() => {
        this.#jobs.delete(id);
        this.#options.onChange?.();
      });
    return job.done;
  }

  /** Stops a download; what has arrived stays for the next one. */
  stop(id: string): void {
    this.#jobs.get(id)?.stop.abort();
  }

  /**
   * Takes in a person's own file with its manifest entry; its hash is filled in. A file that is
   * known by its hash needs no more than an empty entry.
   *
   * @returns the id under which packs find it
   * @throws ModelStoreError that names the field and what was expected
   */
  async import(path: string, entry: unknown): Promise<string> {
    const sha256 = await hashOf(path);
    if (sha256 === null) throw new ModelStoreError(`file: ${path} cannot be read.`);
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      throw new ModelStoreError('manifest: expected an object that describes one model.');
    }
    const named = { file: basename(path), ...entry, sha256 };
    const parsed = parseEntry(named);
    if ('fault' in parsed) {
      throw new ModelStoreError(`manifest, ${parsed.fault}`);
    }
    const id = idOf(named) ?? basename(path);
    const { listed } = await this.#entries();
    const other = listed.find((one) => one.id === id && one.folder !== this.#options.folder);
    if (other && other.entry.sha256 !== sha256) {
      throw new ModelStoreError(`id: "${id}" is another model already; choose another id.`);
    }
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true });
    const target = join(folder, parsed.entry.file);
    const taken = await hashOf(target);
    if (taken !== null && taken !== sha256) {
      throw new ModelStoreError(`file: ${target} is another file already; rename yours.`);
    }
    await copyFile(path, `${target}.part`);
    await rename(`${target}.part`, target);
    const own = await this.#ownEntries();
    const rest = own.filter((one) => idOf(one) !== id);
    await this.#write(MANIFEST, { version: 1, models: [...rest, { ...named, id }] });
    this.#options.onChange?.();
    return id;
  }

  /** Removes a model's file, and its entry where it was taken in. */
  async remove(id: string): Promise<void> {
    const { entry } = await this.#find(id);
    const { folder } = this.#options;
    const path = join(folder, entry.file);
    const own = await this.#ownEntries();
    const rest = own.filter((one) => idOf(one) !== id);
    const isHere = await stat(path).then(
      () => true,
      () => false,
    );
    if (!isHere && rest.length === own.length) {
      throw new ModelStoreError(`"${id}" is not in ${folder}; only what lies there is removed.`);
    }
    this.stop(id);
    await rm(path, { force: true });
    await rm(`${path}.part`, { force: true });
    if (rest.length < own.length) await this.#write(MANIFEST, { version: 1, models: rest });
    this.#options.onChange?.();
  }

  /** Stops what is under way. */
  close(): void {
    for (const { stop } of this.#jobs.values()) stop.abort();
  }

  async #find(id: string): Promise<Listed> {
    const { listed } = await this.#entries();
    const found = listed.find((one) => one.id === id);
    if (found) return found;
    const names = listed.map((one) => one.id).join(', ');
    throw new ModelStoreError(`There is no model "${id}"; there are: ${names}.`);
  }

  async #entries() {
    const listed: Listed[] = [];
    const notOurs: ModelNotOurs[] = [];
    const troubles: string[] = [];
    for (const folder of this.#options.folders) {
      const entries = await readEntries(folder);
      if (entries === null) continue;
      if ('reason' in entries) {
        troubles.push(entries.reason);
        continue;
      }
      for (const raw of entries.list) {
        const id = idOf(raw);
        const parsed = parseEntry(raw);
        // Folders of others hold entries that we cannot read; the sentence comes with their use.
        if (id === null || 'fault' in parsed || listed.some((one) => one.id === id)) continue;
        listed.push({ id, folder, entry: parsed.entry });
      }
      const named = z.array(modelNotOursSchema).safeParse(entries.notOurs);
      if (named.success) notOurs.push(...named.data);
    }
    return { listed, notOurs, troubles };
  }

  async #card({ id, entry, folder }: Listed, accepted: ReadonlySet<string>): Promise<ModelCard> {
    const { folder: own, folders, shippedFolder } = this.#options;
    const place = await this.#place(entry, folder, folders);
    const job = this.#jobs.get(id);
    const isOwnEntry = folder === own;
    let state: ModelCard['state'] = 'absent';
    if (job) state = 'downloading';
    else if (place?.isRight) state = place.folder === shippedFolder ? 'shipped' : 'here';
    else if (place) state = 'broken';
    const wrong = 'Its file is not the one that its entry names: the sha256 differs.';
    const noUrl = state === 'absent' && entry.url === undefined;
    const reason = state === 'broken' ? wrong : (this.#troubles.get(id) ?? '');
    return {
      ...{ id, state, layout: entry.layout, sha256: entry.sha256, licence: entry.licence },
      title: entry.title ?? id,
      use: purposeOf(entry.layout),
      reason: reason || (noUrl ? 'Nobody offers this file for download; import yours.' : ''),
      receivedBytes: job?.receivedBytes ?? 0,
      bytes: entry.bytes ?? 0,
      licenceUrl: entry.licenceUrl ?? '',
      isAccepted: entry.url === undefined || accepted.has(entry.sha256),
      source: entry.origin ?? (isOwnEntry ? 'Brought by you' : ''),
      url: entry.url ?? '',
      trainedOn: entry.trainedOn ?? '',
      measured: entry.measured ?? '',
      golden: entry.golden ?? '',
      isRemovable: isOwnEntry || place?.folder === own,
    };
  }

  /** Where the entry's file lies: the right one if there is one, else a wrong one. */
  async #place(entry: ModelEntry, folder: string, folders: readonly string[]) {
    let wrong: { folder: string; isRight: false } | null = null;
    for (const one of [folder, ...folders]) {
      const hash = await this.#hash(join(one, entry.file));
      if (hash === entry.sha256) return { folder: one, isRight: true } as const;
      if (hash !== null) wrong ??= { folder: one, isRight: false };
    }
    return wrong;
  }

  async #hash(path: string): Promise<string | null> {
    const facts = await stat(path).catch(() => null);
    if (!facts) return null;
    const key = `${path}|${facts.size}|${facts.mtimeMs}`;
    const known = this.#hashes.get(key);
    if (known !== undefined) return known;
    const hash = await hashOf(path);
    if (hash !== null) this.#hashes.set(key, hash);
    return hash;
  }

  async #ownEntries(): Promise<unknown[]> {
    const entries = await readEntries(this.#options.folder);
    if (entries === null) return [];
    if ('reason' in entries) throw new ModelStoreError(entries.reason);
    return entries.list;
  }

  /** Whole or not at all: a torn manifest would hide every model. */
  async #write(name: string, content: unknown): Promise<void> {
    const path = join(this.#options.folder, name);
    await mkdir(this.#options.folder, { recursive: true });
    await writeFile(`${path}.part`, `${JSON.stringify(content, null, 2)}\n`);
    await rename(`${path}.part`, path);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
