// Records the show as it is sent, by copy: pictures and sound into a fragmented MP4 that opens
// after a kill at any moment, beside it what was known (facts) and what was done (commands). It
// never holds up the show: a disk that is full or too slow ends the recording, and says so.

import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { NO_RECORDING, type RecordingView } from '../../core/contract/recording.ts';
import type { Unit } from '../../core/media/feed.ts';
import { createFragmenter, type Fragmenter, type Piece } from '../../core/media/fragmenter.ts';
import { createDiskFile, type DiskFile, type OpenFileAt, openNewFile } from './diskFile.ts';
import { recordingName } from './fileNames.ts';

/** Kept free for the ledger and the rest of the machine. */
export const FREE_BYTES_MIN = 512 * 1024 * 1024;
const CHECK_EVERY_MS = 2_000;
/** Text that is gathered before it is written. */
const TEXT_BYTES = 16 * 1024;

export const FACTS_FILE = 'facts.txt';
export const COMMANDS_FILE = 'commands.txt';
export const SHOW_FILE = 'show.json';

/** What a recorded show was, for running it again. */
export type ShowFile = Record<string, unknown>;

export type Recorder = {
  push(unit: Unit): void;
  /** Lines of the fact log. */
  fact(text: string): void;
  /** One line of what was asked of the ledger, or told to the rules (that may wait a little). */
  command(line: string, isUrgent?: boolean): void;
  /** Begins at the next key frame; does nothing while one runs. */
  start(title: string, show: ShowFile): Promise<void>;
  /** Ends it with a reason, empty when a person did; resolves when the files are whole. */
  stop(reason?: string): Promise<void>;
  view(): RecordingView;
};

export type RecorderOptions = {
  folder: string;
  timers: Timers;
  logger: Logger;
  /** Wall clock, ms since 1970: names carry the day. */
  wallMs(): number;
  onChange(view: RecordingView): void;
  openFile?: OpenFileAt;
  freeBytes?(folder: string): Promise<number>;
};

type Running = {
  name: string;
  folder: string;
  fragmenter: Fragmenter;
  picture: DiskFile | null;
  parts: number;
  facts: TextFile;
  commands: TextFile;
  others: DiskFile[];
  fromUs: MediaTimeUs | null;
  toUs: MediaTimeUs;
};

/** One show's recorder; it holds no recording until `start`. */
export function createRecorder(options: RecorderOptions): Recorder {
  return new ShowRecorder(options);
}

class ShowRecorder implements Recorder {
  readonly #options: RecorderOptions;
  #running: Running | null = null;
  #isStarting = false;
  #view = NO_RECORDING;
  #cancelCheck = () => {};

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  push(unit: Unit): void {
    this.#running?.fragmenter.push(unit);
  }

  fact(text: string): void {
    this.#running?.facts.add(text);
  }

  command(line: string, isUrgent = true): void {
    // What was asked of the ledger is few and dear: written at once.
    this.#running?.commands.add(`${line}\n`, isUrgent);
  }

  async start(title: string, show: ShowFile): Promise<void> {
    if (this.#running || this.#isStarting) return;
    this.#isStarting = true;
    try {
      await this.#start(title, show);
    } finally {
      this.#isStarting = false;
    }
  }

  async #start(title: string, show: ShowFile): Promise<void> {
    const { folder: root, timers, wallMs, openFile = openNewFile } = this.#options;
    const startedAtMs = wallMs();
    const name = recordingName(title, startedAtMs);
    const folder = join(root, name);
    const trouble = await this.#prepare(folder);
    if (trouble !== '') {
      this.#change({ ...NO_RECORDING, state: 'failed', reason: trouble });
      return;
    }
    const file = (path: string) =>
      createDiskFile({ openFile, path: join(folder, path), onTrouble: (why) => this.#fail(why) });
    const text = (path: string) => new TextFile(file(path));
    const running: Running = {
      ...{ name, folder, picture: null, parts: 0, fromUs: null, toUs: 0 },
      fragmenter: createFragmenter({ onPiece: (piece) => this.#write(running, piece) }),
      facts: text(FACTS_FILE),
      commands: text(COMMANDS_FILE),
      others: [],
    };
    const about = file(SHOW_FILE);
    about.push(Buffer.from(`${JSON.stringify({ version: 1, title, startedAtMs, ...show })}\n`));
    running.others.push(about);
    this.#running = running;
    this.#change({ ...NO_RECORDING, state: 'recording', name });
    this.#cancelCheck = timers.every(CHECK_EVERY_MS, () => void this.#check());
  }

  /** Empty when the folder is there and has room. */
  async #prepare(folder: string): Promise<string> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return (await this.#isFull()) ? 'The disk is nearly full.' : '';
    } catch {
      return 'The folder for recordings may not be written.';
    }
  }

  async #isFull(): Promise<boolean> {
    const { freeBytes = freeBytesOf, folder } = this.#options;
    return (await freeBytes(folder)) < FREE_BYTES_MIN;
  }

  #write(running: Running, piece: Piece): void {
    if (piece.header) {
      const { openFile = openNewFile } = this.#options;
      if (running.picture) running.others.push(running.picture);
      running.parts++;
      const part = running.parts === 1 ? '' : ` (${running.parts})`;
      running.picture = createDiskFile({
        path: join(running.folder, `${running.name}${part}.mp4`),
        openFile,
        onTrouble: (why) => this.#fail(why),
      });
      running.picture.push(piece.header);
    }
    running.picture?.push(piece.bytes);
    running.fromUs ??= piece.fromUs;
    running.toUs = piece.toUs;
  }

  async #check(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    running.facts.write();
    running.commands.write();
    this.#change({ ...this.#view, ...figuresOf(running) });
    const isFull = await this.#isFull().catch(() => false);
    if (isFull && this.#running === running) this.#fail('The disk is nearly full.');
  }

  #fail(reason: string): void {
    this.#options.logger.warn('the recording ended', { reason });
    void this.stop(reason);
  }

  async stop(reason = ''): Promise<void> {
    const running = this.#running;
    if (!running) {
      if (this.#view.state === 'failed' && reason === '') this.#change(NO_RECORDING);
      return;
    }
    running.fragmenter.flush();
    this.#running = null;
    this.#cancelCheck();
    running.facts.write();
    running.commands.write();
    const files = [running.picture, running.facts.file, running.commands.file, ...running.others];
    const state = reason === '' ? 'off' : 'failed';
    this.#change({ ...this.#view, ...figuresOf(running), state, reason });
    await Promise.all(files.map((file) => file?.close()));
    this.#change({ ...this.#view, ...figuresOf(running) });
  }

  view(): RecordingView {
    return this.#view;
  }

  #change(view: RecordingView): void {
    this.#view = view;
    this.#options.onChange(view);
  }
}

function figuresOf(running: Running) {
  const files = [running.picture, running.facts.file, running.commands.file, ...running.others];
  return {
    bytes: files.reduce((sum, file) => sum + (file?.bytesWritten() ?? 0), 0),
    dropped: files.reduce((sum, file) => sum + (file?.droppedCount() ?? 0), 0),
    seconds: running.fromUs === null ? 0 : Math.round((running.toUs - running.fromUs) / 1_000_000),
  };
}

/** Text that is written in pieces of a size that a disk likes. */
class TextFile {
  readonly file: DiskFile;
  #parts: string[] = [];
  #length = 0;

  constructor(file: DiskFile) {
    this.file = file;
  }

  add(text: string, isUrgent = false): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (isUrgent || this.#length >= TEXT_BYTES) this.write();
  }

  write(): void {
    if (this.#length === 0) return;
    this.file.push(Buffer.from(this.#parts.join('')));
    this.#parts = [];
    this.#length = 0;
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
