// Turns units back into pictures and sound with ffmpeg, so that tests judge what a viewer gets and
// not what a source says. Opus goes in as Ogg (RFC 7845) with a pre-skip of 0, so that each sample
// keeps the time of its packet.

import { spawnSync } from 'node:child_process';
import type { Unit } from '../../../core/media/feed.ts';
import { createFlvWriter } from '../../../core/media/flv.ts';
import { createOggOpusWriter } from '../../../core/media/oggOpus.ts';
import type { Ffmpeg } from '../../ffmpeg/resolve.ts';

/** Luma planes of all units, in order. The first unit must be a key frame. */
export function decodePictures(
  ffmpeg: Ffmpeg,
  units: readonly Unit[],
  width: number,
  height: number,
): Uint8Array[] {
  const writer = createFlvWriter();
  const startUs = units[0]?.captureUs ?? 0;
  const input = Buffer.concat(
    units.map((unit) => writer.write(unit.bytes, Math.round((unit.captureUs - startUs) / 1000))),
  );
  const raw = spawnSync(
    ffmpeg.path,
    [
      ...['-v', 'error', '-f', 'flv', '-i', 'pipe:0', ...ffmpeg.passthrough],
      ...['-s', `${width}x${height}`, '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1'],
    ],
    { input, maxBuffer: 512 * 1024 * 1024 },
  );
  const size = width * height;
  const pictures: Uint8Array[] = [];
  for (let at = 0; at + size <= raw.stdout.length; at += size) {
    pictures.push(raw.stdout.subarray(at, at + size));
  }
  return pictures;
}

/** Mono samples at 48 kHz; packet `i` begins at sample `i * 960`. */
export function decodeSound(ffmpeg: Ffmpeg, units: readonly Unit[]): Int16Array {
  const writer = createOggOpusWriter(1);
  const pages = [writer.header(), ...units.map((unit) => writer.write(unit.bytes))];
  const raw = spawnSync(
    ffmpeg.path,
    ['-v', 'error', '-f', 'ogg', '-i', 'pipe:0', '-ac', '1', '-f', 's16le', 'pipe:1'],
    { input: Buffer.concat(pages), maxBuffer: 64 * 1024 * 1024 },
  );
  return new Int16Array(raw.stdout.buffer.slice(raw.stdout.byteOffset).slice(0, raw.stdout.length));
}

/** Capture times at which the picture turns from dark to bright. */
export function flashTimes(units: readonly Unit[], pictures: readonly Uint8Array[]): number[] {
  const times: number[] = [];
  let wasBright = true;
  for (const [index, picture] of pictures.entries()) {
    let sum = 0;
    for (const value of picture) sum += value;
    const isBright = sum / picture.length > 128;
    const captureUs = units[index]?.captureUs ?? 0;
    // Where a busy machine skipped the picture before, the flash may have begun in the gap.
    const isWhole = captureUs - (units[index - 1]?.captureUs ?? 0) < 50_000;
    if (isBright && !wasBright && isWhole) times.push(captureUs);
    wasBright = isBright;
  }
  return times;
}

/** Capture times at which sound begins after silence. */
export function beepTimes(units: readonly Unit[], samples: Int16Array): number[] {
  const times: number[] = [];
  let quiet = 0;
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < 3_000) quiet++;
    else {
      const unit = units[Math.floor(index / 960)];
      if (quiet > 4_800 && unit) {
        times.push(unit.captureUs + Math.round(((index % 960) * 1_000_000) / 48_000));
      }
      quiet = 0;
    }
  }
  return times;
}
