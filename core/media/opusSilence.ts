// An Opus packet of silence, as long as another packet: what is sent in place of a muted sound, so
// that packets keep their cadence and decoders their state. It carries nothing of the other one.

import { opusSamples } from './oggOpus.ts';

/** A frame that says "silence" by its first bit, as libopus codes it (RFC 6716 section 4.3). */
const SILENT_FRAME = [0xff, 0xfe] as const;
/** CELT, full band, stereo; by the length of a frame in samples at 48 kHz (section 3.1). */
const FRAMES = [
  [960, 31],
  [480, 30],
  [240, 29],
  [120, 28],
] as const;
const STEREO = 4;

/** Silence of the length of this packet; null when that is no Opus packet. */
export function silenceLike(packet: Uint8Array): Uint8Array | null {
  return silenceOf(opusSamples(packet));
}

/** Silence of so many samples at 48 kHz, up to 120 ms in steps of 2.5; null for any other. */
export function silenceOf(samples: number): Uint8Array | null {
  for (const [length, configuration] of FRAMES) {
    const count = samples / length;
    if (!Number.isInteger(count) || count < 1 || count > 48) continue;
    const first = configuration * 8 + STEREO;
    if (count === 1) return Uint8Array.from([first, ...SILENT_FRAME]);
    // Any number of frames of one length (section 3.2.5).
    const frames = Array.from({ length: count }, () => SILENT_FRAME).flat();
    return Uint8Array.from([first + 3, count, ...frames]);
  }
  return null;
}
