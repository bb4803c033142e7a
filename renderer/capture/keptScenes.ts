// What the page remembers in this browser: the scene of each program, the microphone, and the
// pictures that scenes show. A kept scene that is not one of ours is as none.

import type { CaptureProgram } from '../../core/media/capturePort.ts';
import { firstScene, parseScene, type Scene } from './scene.ts';

const IMAGES = 'capture-images';
/** Larger pictures are refused: they are drawn thirty times a second. */
export const IMAGE_BYTES_MAX = 8 * 1024 * 1024;

/** The kept scene of a program, or its first one. */
export function keptScene(program: CaptureProgram): Scene {
  return parseScene(localStorage.getItem(`scene.${program}`) ?? '') ?? firstScene(program);
}

export function keepScene(program: CaptureProgram, scene: Scene): void {
  localStorage.setItem(`scene.${program}`, JSON.stringify(scene));
}

export function keptMicrophone(): string {
  return localStorage.getItem('microphone') ?? '';
}

export function keepMicrophone(deviceId: string): void {
  localStorage.setItem('microphone', deviceId);
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
