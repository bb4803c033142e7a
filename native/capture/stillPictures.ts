// A few pictures encoded ahead by a child of their own: what the slate and a held picture repeat.
// It decides nothing about when they are shown. What could not be made comes back as fewer pictures
// and the reason.

import { createNutReader } from '../../core/media/nut.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegProcess, type SpawnOptions, spawnFfmpeg } from '../ffmpeg/spawn.ts';

/** A child that gives nothing for so long is stuck, ms. */
const SILENCE_MS_MAX = 8_000;

type Around = Pick<SpawnOptions, 'timers' | 'logger' | 'onHelper'>;

/**
 * Starts the encoder and gives it its whole input.
 *
 * @param options.arguments what ffmpeg is asked: stdin in, NUT on pipe:1
 * @param options.onMade runs once, when the child is gone
 */
export function encodeStillPictures(options: {
  around: Around;
  ffmpeg: Ffmpeg;
  arguments: readonly string[];
  input: Uint8Array;
  onMade(pictures: Uint8Array[], reason: string): void;
}): FfmpegProcess {
  const { timers, logger, onHelper } = options.around;
  const pictures: Uint8Array[] = [];
  const reader = createNutReader({ onFrame: ({ bytes }) => pictures.push(bytes) });
  const encoder = spawnFfmpeg({
    ffmpeg: options.ffmpeg,
    arguments: options.arguments,
    hasInput: true,
    outputs: [1],
    ...{ timers, logger, onHelper },
    silenceMsMax: SILENCE_MS_MAX,
    onData: (_output, bytes) => reader.push(bytes),
    onEnd: ({ reason }) => options.onMade(pictures, reason),
  });
  encoder.write(options.input, () => encoder.endInput());
  return encoder;
}
