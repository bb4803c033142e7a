// A detector as the pipeline sees it: hand it a picture, get boxes or nothing.

import type { Detection } from '../tracking/track.ts';
import type { Model } from './manifest.ts';
import { type ModelState, ModelWorker, type ModelWorkerOptions } from './modelWorker.ts';
import type { Picture, Region } from './picture.ts';

export type Seen = { detections: Detection[]; inferMs: number; glueMs: number };

export type Detector = {
  model: Model;
  state(): ModelState;
  /** False while it starts, works on another picture or is broken. */
  isIdle(): boolean;
  /**
   * Boxes of this picture, or of a part of it (pixels), normalised to the whole; null when the
   * detector broke or took too long. Never throws.
   */
  detect(picture: Picture, region?: Region | null): Promise<Seen | null>;
  onChange(run: () => void): void;
  /** Resolves when the model is let go; a picture in work is finished first. */
  close(): Promise<void>;
};

export type DetectorOptions = Omit<ModelWorkerOptions, 'consolation'>;

/** Starts a detector for a model whose file was checked. */
export function createDetector(options: DetectorOptions): Detector {
  const worker = new ModelWorker<Seen>({ ...options, consolation: 'Motion still judges.' });
  return {
    model: options.model,
    state: () => worker.state(),
    isIdle: () => worker.isIdle(),
    detect: (picture, region = null) => worker.look({ picture, region }),
    onChange: (run) => worker.onChange(run),
    close: () => worker.close(),
  };
}
