// What the page remembers in this browser: the scene of each program and the pictures that
// scenes show. A kept scene that is not one of ours is as none.

import type { CaptureProgram } from '../../core/media/capturePort.ts';
import { takeProposedCamera } from '../ui/keptDevices.ts';
import { firstScene, parseScene, type Scene, setDetail } from './scene.ts';

const IMAGES = 'capture-images';
/** Larger pictures are refused: they are drawn thirty times a second. */
export const IMAGE_BYTES_MAX = 8 * 1024 * 1024;

/** The kept scene of a program, or its first one; with a camera that was chosen in the studio. */
export function keptScene(program: CaptureProgram): Scene {
  const kept = parseScene(localStorage.getItem(`scene.${program}`) ?? '') ?? firstScene(program);
  const deviceId = program === 'camera' ? takeProposedCamera() : null;
  const camera = kept.layers.find(({ kind }) => kind === 'camera');
  if (deviceId === null || !camera) return kept;
  const scene = setDetail(kept, camera.id, deviceId);
  keepScene(program, scene);
  return scene;
}

export function keepScene(program: CaptureProgram, scene: Scene): void {
  localStorage.setItem(`scene.${program}`, JSON.stringify(scene));
}

/** Decodes and keeps a picture. Rejects when it is none, or too large. */
export async function keepImage(name: string, file: Blob): Promise<ImageBitmap> {
  if (file.size > IMAGE_BYTES_MAX) throw new RangeError('too large');
  const bitmap = await createImageBitmap(file);
  const images = await caches.open(IMAGES);
  await images.put(addressOf(name), new Response(file));
  return bitmap;
}

/** The pictures of scenes that are still here, by name. */
export async function keptImages(names: readonly string[]): Promise<Map<string, ImageBitmap>> {
  const images = await caches.open(IMAGES);
  const found = new Map<string, ImageBitmap>();
  for (const name of names) {
    const kept = await images.match(addressOf(name));
    if (kept) found.set(name, await createImageBitmap(await kept.blob()));
  }
  return found;
}

const addressOf = (name: string) => `/capture/images/${encodeURIComponent(name)}`;
