// The models that a pack asks for: found, started, and told about. A model that is not there or
// does not work is a sentence, and everything else goes on without it.

import type { Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import type { RunningModel } from '../../../core/contract/modelCards.ts';
import { createDetector, type Detector } from './detector.ts';
import { findModel, type Model } from './manifest.ts';
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
  timers: Timers;
  logger: Logger;
  onChange(): void;
  onPose(look: PoseLook): void;
};

export type WantedModels = {
  detector: string | null;
  pose: { model: string; label: string } | null;
};

export class ModelsInUse {
  detector: Detector | null = null;
  poser: Poser | null = null;
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
    const { markFile = null } = this.#options;
    const parts = (model: Model) => ({
      ...{ model, providers, refused, workerUrl, markFile, timers },
      logger: logger.with({ model: model.id }),
    });
    const detector = await this.#find(wanted.detector, false);
    const pose = await this.#find(wanted.pose?.model ?? null, true);
    if (detector) {
      this.detector = createDetector(parts(detector));
      this.detector.onChange(onChange);
    }
    if (pose && wanted.pose) {
      this.poser = createPoser({ ...parts(pose), label: wanted.pose.label });
      this.poser.onChange(onChange);
      this.poser.onSeen(this.#options.onPose);
    }
  }

  /** Sentences on what is missing or broken. */
  reasons(): string[] {
    const states = [this.detector?.state(), this.poser?.state()];
    return [...this.#missing, ...states.map((state) => state?.reason ?? '')];
  }

  running(): RunningModel[] {
    const told = (id: string, use: RunningModel['use'], state: ModelState): RunningModel => ({
      ...{ id, use, ...state },
      refusals: [...state.refusals],
    });
    const { detector, poser } = this;
    return [
      ...(detector ? [told(detector.model.id, 'detector', detector.state())] : []),
      ...(poser ? [told(poser.model.id, 'pose', poser.state())] : []),
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
    const { detector, poser } = this;
    this.detector = null;
    this.poser = null;
    await Promise.all([detector?.close(), poser?.close()]);
  }

  async #find(id: string | null, isPose: boolean): Promise<Model | null> {
    if (id === null) return null;
    const found = await findModel(id, this.#options.modelFolders);
    if ('reason' in found) {
      this.#missing.push(found.reason);
      return null;
    }
    if (found.passedOver !== '') this.#missing.push(found.passedOver);
    if ((found.model.layout === 'heatmaps') === isPose) return found.model;
    const expected = isPose ? 'heatmaps, for poses' : 'one of a detector';
    this.#missing.push(
      `Model "${id}", layout: expected ${expected}, its manifest says ${found.model.layout}.`,
    );
    return null;
  }
}
