// The first run, on the engine's side: whether it is offered, the measurement of this machine and
// the picture that follows from it. Kept in the data folder, so that it comes once and its figures
// are found again. A measurement takes the processor from nobody who is live.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../../../core/base/logger.ts';
import {
  adviceSchema,
  type FirstRunView,
  type MeasuredStep,
  machineSchema,
  NOTHING_MEASURED,
} from '../../../core/contract/firstRun.ts';
import { RpcError } from '../../../core/contract/rpc.ts';
import type { Handlers } from '../../../core/contract/rpcCalls.ts';
import { pictureAdviceOf } from '../../../core/media/pictureAdvice.ts';
import { replaceFile } from '../replaceFile.ts';
import { type MeasureAround, type Measuring, measureMachine } from './measureMachine.ts';

const FILE = 'first-run.json';

const keptSchema = z.strictObject({
  version: z.literal(1),
  /** Gone through or left. */
  isOver: z.boolean(),
  machine: machineSchema.nullable(),
  advice: adviceSchema.nullable(),
});
type Kept = Omit<z.infer<typeof keptSchema>, 'version'>;

export type FirstRunRoom = {
  handlers: Handlers['firstRun'];
  close(): void;
};

export type FirstRunOptions = {
  configuration: { dataFolder: string; isFirstRunOffered: boolean };
  logger: Logger;
  measure: Omit<MeasureAround, 'onStep'>;
  isLive(): boolean;
  /** Runs when the show goes live, however that came to be. */
  onLive(run: () => void): void;
  onChange(view: FirstRunView): void;
};

/** Reads what is kept; a file that cannot be read is as none. */
export async function openFirstRunRoom(options: FirstRunOptions): Promise<FirstRunRoom> {
  const path = join(options.configuration.dataFolder, FILE);
  return new Room(options, path, keptIn(await readFile(path, 'utf8').catch(() => '')));
}

class Room implements FirstRunRoom {
  readonly handlers: Handlers['firstRun'];
  readonly #options: FirstRunOptions;
  readonly #path: string;
  #kept: Kept;
  #view: FirstRunView;
  #running: Measuring | null = null;
  #isClosed = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: FirstRunOptions, path: string, kept: Kept) {
    this.#options = options;
    this.#path = path;
    this.#kept = kept;
    const { machine, advice, isOver } = kept;
    this.#view = {
      isWanted: options.configuration.isFirstRunOffered && !isOver && !options.isLive(),
      measurement: {
        ...NOTHING_MEASURED,
        ...(machine && advice ? { state: 'done', machine, advice } : {}),
      },
    };
    this.handlers = {
      measure: () => this.#measure(),
      stop: () => this.#stop(),
      finish: () => this.#finish(),
    };
    options.onLive(() => {
      this.#stop();
      if (this.#view.isWanted) void this.#finish();
    });
    options.onChange(this.#view);
  }

  close(): void {
    this.#isClosed = true;
    this.#running?.stop();
  }

  #tell(change: Partial<FirstRunView>): void {
    this.#view = { ...this.#view, ...change };
    if (!this.#isClosed) this.#options.onChange(this.#view);
  }

  #tellMeasurement(change: Partial<FirstRunView['measurement']>): void {
    this.#tell({ measurement: { ...this.#view.measurement, ...change } });
  }

  #measure(): void {
    if (this.#options.isLive()) {
      throw new RpcError('wrongState', 'The show is live and needs the processor; end it first.');
    }
    if (this.#running) return;
    this.#tellMeasurement({ state: 'running', doing: [], done: [] });
    const running = measureMachine({
      ...this.#options.measure,
      onStep: (step, state) => this.#running === running && this.#step(step, state),
    });
    this.#running = running;
    running.result
      .catch((cause: unknown) => {
        this.#options.logger.error('The measurement failed', { reason: String(cause) });
        return null;
      })
      .then((machine) => this.#ended(running, machine));
  }

  #step(step: MeasuredStep, state: 'doing' | 'done'): void {
    const { doing, done } = this.#view.measurement;
    const others = doing.filter((one) => one !== step);
    if (state === 'doing') this.#tellMeasurement({ doing: [...others, step] });
    else this.#tellMeasurement({ doing: others, done: [...done, step] });
  }

  async #ended(running: Measuring, machine: Kept['machine']): Promise<void> {
    if (this.#running !== running) return;
    this.#running = null;
    if (machine === null) {
      this.#tellMeasurement({ state: 'stopped', doing: [] });
      return;
    }
    const advice = pictureAdviceOf(machine);
    const { height, framesPerSecond, encoder } = advice.choice;
    this.#options.logger.info('The machine was measured', { height, framesPerSecond, encoder });
    this.#tellMeasurement({ state: 'done', doing: [], machine, advice });
    await this.#keep({ machine, advice });
  }

  #stop(): void {
    const running = this.#running;
    this.#running = null;
    running?.stop();
    if (running) this.#tellMeasurement({ state: 'stopped', doing: [] });
  }

  async #finish(): Promise<void> {
    this.#tell({ isWanted: false });
    await this.#keep({ isOver: true });
  }

  /** One after the other. That it cannot be written costs no more than being asked again. */
  #keep(part: Partial<Kept>): Promise<void> {
    this.#kept = { ...this.#kept, ...part };
    const text = `${JSON.stringify({ version: 1, ...this.#kept }, null, 2)}\n`;
    this.#writing = this.#writing
      .then(() => replaceFile(this.#path, text))
      .catch((cause: unknown) => {
        this.#options.logger.warn('The first run is not kept', { reason: String(cause) });
      });
    return this.#writing;
  }
}

function keptIn(text: string): Kept {
  const nothing = { isOver: false, machine: null, advice: null };
  try {
    const read = keptSchema.safeParse(JSON.parse(text));
    return read.success ? read.data : nothing;
  } catch {
    return nothing;
  }
}
