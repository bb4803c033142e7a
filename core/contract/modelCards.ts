// A model as people see it: what it is, whose it is, what was measured, and whether it is here. The
// studio's screen and the command line show the same card.

import { z } from 'zod';

export const modelCardSchema = z.object({
  id: z.string(),
  title: z.string(),
  use: z.enum(['detector', 'pose', 'ball']),
  layout: z.string(),
  /** `absent`: not on this machine; `broken`: the file is not the one that its entry names. */
  state: z.enum(['shipped', 'here', 'absent', 'downloading', 'broken']),
  /** What is wrong, or why it cannot be downloaded; empty when nothing is. */
  reason: z.string(),
  /** Bytes that have arrived while it is downloading. */
  receivedBytes: z.number().int().nonnegative(),
  /** 0 where its entry does not say. */
  bytes: z.number().int().nonnegative(),
  sha256: z.string(),
  licence: z.string(),
  licenceUrl: z.string(),
  /** The licence was accepted, or the model is our own or was brought by the person. */
  isAccepted: z.boolean(),
  /** Where it comes from, in words. */
  source: z.string(),
  /** Where it can be downloaded; empty where it cannot. */
  url: z.string(),
  trainedOn: z.string(),
  /** Speed and on what it was measured. */
  measured: z.string(),
  /** How it did against its golden answers. */
  golden: z.string(),
  /** Its file lies in the studio's own folder and may be removed. */
  isRemovable: z.boolean(),
});
export type ModelCard = z.infer<typeof modelCardSchema>;

/** A well-known model that is not offered, with the reason. */
export const modelNotOursSchema = z.object({ name: z.string(), reason: z.string() });
export type ModelNotOurs = z.infer<typeof modelNotOursSchema>;

/** One model in use: where it runs, how fast it was at the start, and why not elsewhere. */
export const runningModelSchema = z.object({
  id: z.string(),
  use: z.enum(['detector', 'pose', 'ball']),
  state: z.enum(['starting', 'running', 'failed', 'givenUp']),
  reason: z.string(),
  provider: z.string(),
  medianMs: z.number().nullable(),
  /** Providers that were not taken; `medianMs` is null where one never ran. */
  refusals: z.array(
    z.object({ provider: z.string(), reason: z.string(), medianMs: z.number().nullable() }),
  ),
});
export type RunningModel = z.infer<typeof runningModelSchema>;

export const modelShelfSchema = z.object({
  models: z.array(modelCardSchema),
  notOurs: z.array(modelNotOursSchema),
  running: z.array(runningModelSchema),
  decoder: z.object({ name: z.string(), reason: z.string() }),
  /** Getting CUDA files: what is under way, or why it cannot be had. */
  cuda: z.object({ state: z.enum(['no', 'possible', 'installing', 'done']), reason: z.string() }),
});
export type ModelShelf = z.infer<typeof modelShelfSchema>;
