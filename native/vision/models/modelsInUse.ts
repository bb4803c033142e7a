// The models that a pack asks for: found, started, and told about. A model that is not there or
// does not work is a sentence, and everything else goes on without it.

import type { Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import type { RunningModel } from '../../../core/contract/modelCards.ts';
import { type BallSeer, createBallSeer } from './ballSeer.ts';
import { createDetector, type Detector } from './detector.ts';
import { findModel, type Model, purposeOf } from './manifest.ts';
import type { ModelState } from './modelWorker.ts';
import { createPoser, type PoseLook, type Poser } from './poser.ts';
import type { Provider } from './runtime.ts';

export type ModelsInUseOptions = {
  /** Folders with a manifest, first one first. */
  modelFolders: readonly string[];
  /** The workers' file. */
  workerUrl: URL;
  /** GPU providers that may be tried; CPU always is. */
  providers: readonly Provider[];
  /** Providers that are not tried, with the reason. */
  refused?: Readonly<Partial<Record<Provider, string>>> | undefined;
  /** Where a trial of a provider leaves its mark; null keeps none. */
  markFile?: string | null | undefined;
  /** The memory in which pictures with an address lie. */
  pictures?: WebAssembly.Memory;
  timers: Timers;
  logger: Logger;
  onChange(): void;
  onPose(look: PoseLook): void;
};

export type WantedModels = {
  detector: string | null;
  pose: { model: string; label: string } | null;
  /** Which classifier of crops looks for balls that move. */
  ball: string | null;
};

const EXPECTED: Record<RunningModel['use'], string> = {
  detector: 'one of a detector',
  pose: 'heatmaps, for poses',
  ball: 'crops, for balls that move',
};

export class ModelsInUse {
  detector: Detector | null = null;
  poser: Poser | null = null;
  ballSeer: BallSeer | null = null;
  readonly #options: ModelsInUseOptions;
  #missing: string[] = [];

  constructor(options: ModelsInUseOptions) {
    this.#options = options;
  }

  /** Lets go of what runs and starts what is wanted; a missing model is a reason. */
  async choose(wanted: WantedModels): Promise<void> {
    void this.close();
    this.#missing = [];
    const { workerUrl, providers, refused, timers, logger, onChange } = this.#options;
    const { markFile = null, pictures = null } = this.#options;
    const parts = (model: Model) => ({
      ...{ model, providers, refused, workerUrl, markFile, pictures, timers },
      logger: logger.with({ model: model.id }),
    });
    const detector = await this.#find(wanted.detector, 'detector');
    const pose = await this.#find(wanted.pose?.model ?? null, 'pose');
    const ball = await this.#find(wanted.ball, 'ball');
    if (detector) {
      this.detector = createDetector(parts(detector));
      this.detector.onChange(onChange);
    }
    if (pose && wanted.pose) {
      this.poser = createPoser({ ...parts(pose), label: wanted.pose.label });
      this.poser.onChange(onChange);
      this.poser.onSeen(this.#options.onPose);
    }
    if (ball) {
      this.ballSeer = createBallSeer(parts(ball));
      this.ballSeer.onChange(onChange);
    }
  }

  /** Sentences on what is missing or broken. */
  reasons(): string[] {
    const states = [this.detector?.state(), this.poser?.state(), this.ballSeer?.state()];
    return [...this.#missing, ...states.map((state) => state?.reason ?? '')];
  }

  running(): RunningModel[] {
    const told = (id: string, use: RunningModel['use'], state: ModelState): RunningModel => ({
      ...{ id, use, ...state },
      refusals: [...state.refusals],
    });
    const { detector, poser, ballSeer } = this;
    return [
      ...(detector ? [told(detector.model.id, 'detector', detector.state())] : []),
      ...(poser ? [told(poser.model.id, 'pose', poser.state())] : []),
      ...(ballSeer ? [told(ballSeer.model.id, 'ball', ballSeer.state())] : []),
    ];
  }

  /** Resolves when a detector that was just made works or has failed. */
  async settled(): Promise<void> {
    const { detector } = this;
    if (detector?.state().state !== 'starting') return;
    await new Promise<void>((resolve) => {
      detector.onChange(() => {
        if (detector.state().state !== 'starting') resolve();
      });
    });
  }

  async close(): Promise<void> {
    const { detector, poser, ballSeer } = this;
    this.detector = null;
    this.poser = null;
    this.ballSeer = null;
    await Promise.all([detector?.close(), poser?.close(), ballSeer?.close()]);
  }

  async #find(id: string | null, use: RunningModel['use']): Promise<Model | null> {
    if (id === null) return null;
    const found = await findModel(id, this.#options.modelFolders);
    if ('reason' in found) {
      this.#missing.push(found.reason);
      return null;
    }
    if (found.passedOver !== '') this.#missing.push(found.passedOver);
    if (purposeOf(found.model.layout) === use) return found.model;
    const expected = EXPECTED[use];
    this.#missing.push(
      `Model "${id}", layout: expected ${expected}, its manifest says ${found.model.layout}.`,
    );
    return null;
  }
}
