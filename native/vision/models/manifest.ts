// Finds models: reads `manifest.json` of each folder in order and checks the file's SHA-256 before
// anything of it is run. What is wrong with a model is a sentence for the studio, never an exit.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { knownFile } from './knownFiles.ts';
import { LABEL_LISTS } from './labels.ts';

/** Layouts of detectors' outputs; each is a file in `layouts` and a line in `decode.ts`. */
export const detectorLayoutSchema = z.enum([
  'yolox',
  'nanodet',
  'fastestdet',
  'yolov8',
  'centernet',
]);
/** Beside detectors: heatmaps of one person's keypoints, and words on crops of what moves. */
export const layoutSchema = z.enum([...detectorLayoutSchema.options, 'heatmaps', 'crops']);

/** What a model of this layout is used for. */
export function purposeOf(layout: z.infer<typeof layoutSchema>): 'detector' | 'pose' | 'ball' {
  if (layout === 'heatmaps') return 'pose';
  return layout === 'crops' ? 'ball' : 'detector';
}

export const MANIFEST = 'manifest.json';
/** Hashes of files whose licence a person accepted, with the licence's name. */
export const ACCEPTED = 'accepted.json';

export const modelEntrySchema = z.object({
  /** What packs and the studio call it; the file's name without `.onnx` when absent. */
  id: z.string().min(1).max(60).optional(),
  /** File beside the manifest. */
  file: z.string().regex(/^[\w.-]+\.onnx$/, 'a file name ending in .onnx beside the manifest'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the file, 64 lower-case hex digits'),
  layout: layoutSchema,
  licence: z.string().max(200).default(''),
  /** Where the file can be had; its licence must then be accepted before its first use. */
  url: z
    .string()
    .regex(/^(https:\/\/|http:\/\/127\.0\.0\.1:)/, 'an address that begins with https://')
    .max(1000)
    .optional(),
  bytes: z.number().int().positive().optional(),
  /** What people read about it. */
  title: z.string().max(100).optional(),
  origin: z.string().max(500).optional(),
  licenceUrl: z.string().max(500).optional(),
  trainedOn: z.string().max(500).optional(),
  measured: z.string().max(500).optional(),
  golden: z.string().max(500).optional(),
  input: z.object({
    name: z.string().min(1).max(100),
    width: z.number().int().min(32).max(2048).multipleOf(8),
    height: z.number().int().min(32).max(2048).multipleOf(8),
    channels: z.enum(['RGB', 'BGR']),
    /** Pixels are `(value * scale - mean) / deviation`, value 0..255. */
    scale: z.number().positive(),
    mean: z.tuple([z.number(), z.number(), z.number()]).default([0, 0, 0]),
    deviation: z
      .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
      .default([1, 1, 1]),
    /** letterbox: scaled evenly, top left, rest filled with `pad`; stretch: fills the input. */
    fit: z.enum(['letterbox', 'stretch']),
    pad: z.number().min(0).max(255).default(114),
  }),
  /** What the outputs are called, in their order: a list's name, or the names themselves. */
  labels: z.union([
    z.enum(['coco80', 'coco17']),
    z.array(z.string().min(1).max(40)).min(1).max(1000),
  ]),
  /** Detections below are not reported by this model. */
  minimumConfidence: z.number().min(0).max(1).default(0.1),
  /** Boxes of one label that overlap more are one thing. */
  overlapMax: z.number().min(0).max(1).default(0.5),
  /** CenterNet layouts: pixels of the input per cell of the heatmap. */
  stride: z.number().int().min(1).max(64).default(4),
  /** Heatmaps: how much larger than the person's box the looked-at part is. */
  cropScale: z.number().min(1).max(2).default(1.1),
});
export type ModelEntry = z.infer<typeof modelEntrySchema>;

export type Model = Omit<ModelEntry, 'id' | 'labels'> & {
  id: string;
  labels: string[];
  /** Absolute path. */
  path: string;
};

/** `passedOver`: what is wrong with entries of earlier folders; empty when nothing is. */
export type FoundModel = { model: Model; passedOver: string } | { reason: string };

/**
 * Looks for a model by id in the folders, first folder first. A manifest may describe a file that
 * its owner keeps in another of the folders; the hash says that it is the same.
 *
 * @returns the model with its file's hash checked, or one sentence that says what is wrong
 */
export async function findModel(id: string, folders: readonly string[]): Promise<FoundModel> {
  const troubles: string[] = [];
  for (const folder of folders) {
    const found = await findIn(folder, id, folders);
    if (!found) continue;
    if ('model' in found) {
      const all = [...troubles, found.passedOver].filter((trouble) => trouble !== '');
      if (all.length > 0) all.push(`${found.model.path} is used instead.`);
      return { ...found, passedOver: all.join(' ') };
    }
    troubles.push(found.reason);
  }
  if (troubles.length > 0) return { reason: troubles.join(' ') };
  return { reason: `No model "${id}" in ${folders.length} model folders; motion still judges.` };
}

async function findIn(
  folder: string,
  id: string,
  folders: readonly string[],
): Promise<FoundModel | null> {
  const manifestPath = join(folder, MANIFEST);
  const entries = await readEntries(folder);
  if (entries === null) return null;
  if ('reason' in entries) return entries;
  const entry = entries.list.find((candidate) => idOf(candidate) === id);
  if (!entry) return null;
  const parsed = parseEntry(entry);
  if ('fault' in parsed) return { reason: `${manifestPath}, model "${id}", ${parsed.fault}` };
  const { file, sha256, url } = parsed.entry;
  let wrong = '';
  let path = '';
  for (const place of [folder, ...folders]) {
    const candidate = join(place, file);
    const hash = await hashOf(candidate);
    if (hash === sha256) {
      path = candidate;
      break;
    }
    if (hash !== null && wrong === '') wrong = candidate;
  }
  const wrongHash =
    wrong === '' ? '' : `Model with the wrong sha256: ${wrong} is not the file its manifest names.`;
  if (path === '' && wrong !== '') return { reason: wrongHash };
  if (path === '') {
    return { reason: `${join(folder, file)} is named in the manifest and not there.` };
  }
  if (url !== undefined && !(await acceptedLicences(folders)).has(sha256)) {
    const { licence } = parsed.entry;
    return {
      reason:
        `The licence of the model "${id}" (${licence}) was not accepted yet: accept it under ` +
        `Models in the studio, or with npm run models -- accept ${id}.`,
    };
  }
  const named = parsed.entry.labels;
  const labels = typeof named === 'string' ? [...LABEL_LISTS[named]] : named;
  return { model: { ...parsed.entry, id, labels, path }, passedOver: wrongHash };
}

/** What a folder's manifest lists; null where there is none, a sentence where it cannot be read. */
export async function readEntries(
  folder: string,
): Promise<{ list: unknown[]; notOurs: unknown } | { reason: string } | null> {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return null;
  }
  try {
    const content = JSON.parse(text) as { models?: unknown; notOurs?: unknown } | null;
    const list = content?.models;
    if (!Array.isArray(list)) return { reason: `${path}: "models" must be a list.` };
    return { list, notOurs: content?.notOurs };
  } catch {
    return { reason: `${path} is no JSON.` };
  }
}

/** Checks one entry; `fault` names the field and what was expected. */
export function parseEntry(entry: unknown): { entry: ModelEntry } | { fault: string } {
  const parsed = modelEntrySchema.safeParse(knownFile(entry) ?? entry);
  if (parsed.success) return { entry: parsed.data };
  const issue = parsed.error.issues[0];
  return { fault: `${issue?.path.join('.') || 'entry'}: ${issue?.message ?? 'wrong'}.` };
}

/** Hashes of the files whose licences were accepted, of all folders. */
export async function acceptedLicences(folders: readonly string[]): Promise<Set<string>> {
  const accepted = new Set<string>();
  for (const folder of folders) {
    try {
      const content: unknown = JSON.parse(await readFile(join(folder, ACCEPTED), 'utf8'));
      for (const hash of Object.keys(content as object)) accepted.add(hash);
    } catch {
      // A folder in which nothing was accepted has no such file.
    }
  }
  return accepted;
}

export function idOf(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null) return null;
  if ('id' in entry && typeof entry.id === 'string') return entry.id;
  if ('file' in entry && typeof entry.file === 'string') return entry.file.replace(/\.onnx$/, '');
  return null;
}

/** SHA-256 of a file as hex; null where it cannot be read. */
export async function hashOf(path: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return null;
  }
}
