// An encoder's AAC as Opus: browsers take no AAC over WebRTC. One ffmpeg child of its own, so that
// sound in trouble never stops the picture. Nobody waits for it.

import { soundEncoderArguments } from '../encoder.ts';
import { createFlvFeed, type FlvFeedOptions } from './flvFeed.ts';

export type SoundTranscoder = {
  /** @param body of an FLV audio tag @param timeMs of the encoder, never wrapping */
  write(kind: 'configuration' | 'sound', body: Uint8Array, timeMs: number): void;
  /** Another encoder, or none: what is in the child is thrown away. */
  restart(): void;
  close(): Promise<void>;
};

export function createSoundTranscoder(options: {
  around: FlvFeedOptions['around'];
  onPacket(presentationUs: number, bytes: Uint8Array): void;
  onDropped(count: number): void;
}): SoundTranscoder {
  let configuration: Uint8Array | null = null;
  let hasConfigured = false;
  const ending = new Set<Promise<void>>();
  let feed = makeFeed();

  function makeFeed() {
    return createFlvFeed({
      ...{ track: 'audio', around: options.around, onDropped: options.onDropped },
      arguments: soundArguments,
      onFrame: options.onPacket,
      onBroken() {
        hasConfigured = false;
      },
    });
  }

  return {
    write(kind, body, timeMs) {
      if (kind === 'configuration') {
        configuration = body;
        hasConfigured = false;
        return;
      }
      if (!hasConfigured && configuration) feed.write(configuration, timeMs);
      hasConfigured = true;
      feed.write(body, timeMs);
    },
    restart() {
      configuration = null;
      hasConfigured = false;
      const gone = feed.close();
      ending.add(gone);
      void gone.then(() => ending.delete(gone));
      feed = makeFeed();
    },
    async close() {
      await Promise.all([...ending, feed.close()]);
    },
  };
}

function soundArguments(): string[] {
  return [
    ...['-fflags', 'nobuffer', '-probesize', '32', '-analyzeduration', '0'],
    ...['-f', 'flv', '-i', 'pipe:0', '-vn'],
    // Times in whole milliseconds tremble; holes are filled, so that sound keeps its place.
    ...['-af', 'aresample=48000:async=1000:min_hard_comp=0.05:first_pts=0'],
    ...soundEncoderArguments(),
    'pipe:1',
  ];
}
