// What a program shows: up to eight layers, from the back to the front, each with a place in the
// picture. Pure; every change gives a new scene, and no change can put a layer out of reach.

import { z } from 'zod';
import type { CaptureProgram } from '../../core/media/capturePort.ts';

export const LAYERS_MAX = 8;
/** A layer can always be seen and taken hold of: parts of the picture's sides. */
export const SIDE_MIN = 0.05;
export const WORDS_CHARACTERS_MAX = 200;

const share = z.number().min(0).max(1);
const side = z.number().min(SIDE_MIN).max(1);
const placed = { id: z.number().int().positive(), x: share, y: share, width: side, height: side };

const layerSchema = z.discriminatedUnion('kind', [
  /** An empty device is whatever camera there is. */
  z.object({ ...placed, kind: z.literal('camera'), deviceId: z.string().max(200) }),
  z.object({ ...placed, kind: z.literal('screen') }),
  z.object({ ...placed, kind: z.literal('window') }),
  z.object({ ...placed, kind: z.literal('image'), name: z.string().max(200) }),
  z.object({ ...placed, kind: z.literal('text'), words: z.string().max(WORDS_CHARACTERS_MAX) }),
  z.object({ ...placed, kind: z.literal('market') }),
]);
export type Layer = z.infer<typeof layerSchema>;
export type LayerKind = Layer['kind'];
export const LAYER_KINDS = ['camera', 'screen', 'window', 'image', 'text', 'market'] as const;
/** Parts of the picture: 0..1 from its left upper corner. */
export type Place = Pick<Layer, 'x' | 'y' | 'width' | 'height'>;

const sceneSchema = z.object({ layers: z.array(layerSchema).max(LAYERS_MAX) });
export type Scene = z.infer<typeof sceneSchema>;

const WHOLE: Place = { x: 0, y: 0, width: 1, height: 1 };
/** Where a further layer of a kind begins: where streams have it. */
const FIRST_PLACES: Record<LayerKind, Place> = {
  camera: { x: 0.72, y: 0.7, width: 0.26, height: 0.26 },
  screen: WHOLE,
  window: { x: 0.1, y: 0.1, width: 0.8, height: 0.8 },
  image: { x: 0.02, y: 0.03, width: 0.15, height: 0.15 },
  text: { x: 0.05, y: 0.85, width: 0.5, height: 0.08 },
  market: { x: 0.66, y: 0.04, width: 0.32, height: 0.3 },
};

/** The scene of a program that nobody changed: its own picture, whole. */
export function firstScene(program: CaptureProgram): Scene {
  const own = { id: 1, ...WHOLE };
  return {
    layers: [
      program === 'camera' ? { ...own, kind: program, deviceId: '' } : { ...own, kind: program },
    ],
  };
}

/** Reads a kept scene. Null when it is none of ours: layers are unique and lie in the picture. */
export function parseScene(text: string): Scene | null {
  try {
    const scene = sceneSchema.parse(JSON.parse(text));
    const ids = new Set(scene.layers.map(({ id }) => id));
    const isWhole = ids.size === scene.layers.length && scene.layers.every(isInside);
    return isWhole ? scene : null;
  } catch {
    return null;
  }
}

const isInside = ({ x, y, width, height }: Place) =>
  x + width <= 1.000_001 && y + height <= 1.000_001;

/** A new layer in front of all. Null when the scene is full. */
export function addLayer(scene: Scene, kind: LayerKind, detail = ''): Scene | null {
  if (scene.layers.length >= LAYERS_MAX) return null;
  const id = 1 + Math.max(0, ...scene.layers.map((layer) => layer.id));
  const at = scene.layers.length === 0 && kind !== 'text' ? WHOLE : FIRST_PLACES[kind];
  return { layers: [...scene.layers, layerOf({ id, ...at }, kind, detail)] };
}

function layerOf(placed: Place & { id: number }, kind: LayerKind, detail: string): Layer {
  switch (kind) {
    case 'camera':
      return { ...placed, kind, deviceId: detail };
    case 'image':
      return { ...placed, kind, name: detail };
    case 'text':
      return { ...placed, kind, words: detail };
    default:
      return { ...placed, kind };
  }
}

/** The scene without a layer. */
export function removeLayer(scene: Scene, id: number): Scene {
  return { layers: scene.layers.filter((layer) => layer.id !== id) };
}

/** Puts a layer one step nearer (1) or farther (-1). */
export function raiseLayer(scene: Scene, id: number, step: 1 | -1): Scene {
  const from = scene.layers.findIndex((layer) => layer.id === id);
  const to = from + step;
  const layers = [...scene.layers];
  const [one, other] = [layers[from], layers[to]];
  if (!one || !other) return scene;
  layers[to] = one;
  layers[from] = other;
  return { layers };
}

/** Moves a layer by parts of the picture; it stays inside. */
export function moveLayer(scene: Scene, id: number, byX: number, byY: number): Scene {
  return changed(scene, id, (layer) => ({
    ...layer,
    x: between(0, layer.x + byX, 1 - layer.width),
    y: between(0, layer.y + byY, 1 - layer.height),
  }));
}

/** Moves a layer's lower right corner by parts of the picture; it stays inside, and reachable. */
export function resizeLayer(scene: Scene, id: number, byX: number, byY: number): Scene {
  return changed(scene, id, (layer) => ({
    ...layer,
    width: between(SIDE_MIN, layer.width + byX, 1 - layer.x),
    height: between(SIDE_MIN, layer.height + byY, 1 - layer.y),
  }));
}

/** Another camera, other words, another picture. */
export function setDetail(scene: Scene, id: number, detail: string): Scene {
  return changed(scene, id, (layer) => layerOf(layer, layer.kind, detail));
}

function changed(scene: Scene, id: number, change: (layer: Layer) => Layer): Scene {
  return { layers: scene.layers.map((layer) => (layer.id === id ? change(layer) : layer)) };
}

function between(low: number, value: number, high: number): number {
  return Math.max(low, Math.min(value, Math.max(low, high)));
}

/**
 * The camera of a scene that is nothing but its whole picture: its frames need no drawing, so they
 * go to the encoder as they are, with no delay added. Null for every other scene; a screen that
 * does not move delivers nothing, so its last picture has to be drawn again and again.
 */
export function directCamera(scene: Scene): Layer | null {
  const [only] = scene.layers;
  if (!only || scene.layers.length > 1 || only.kind !== 'camera') return null;
  return only.width === 1 && only.height === 1 ? only : null;
}

/** True for layers whose picture a device delivers. */
export function isDevice(kind: LayerKind): kind is 'camera' | 'screen' | 'window' {
  return kind === 'camera' || kind === 'screen' || kind === 'window';
}

/**
 * Where a picture of `width` x `height` lies in a box, whole and undistorted, in the box's units.
 */
export function fitInto(
  box: { x: number; y: number; width: number; height: number },
  width: number,
  height: number,
): { x: number; y: number; width: number; height: number } {
  const scale = Math.min(box.width / width, box.height / height);
  const fitted = { width: width * scale, height: height * scale };
  return {
    x: box.x + (box.width - fitted.width) / 2,
    y: box.y + (box.height - fitted.height) / 2,
    ...fitted,
  };
}
