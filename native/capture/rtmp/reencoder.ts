// Encodes an encoder's picture anew, for streams that viewers could not show as they are. It
// remembers what came since the last key frame, so that it can begin in the midst of a long group
// of pictures without a hole of seconds; bounded: what is larger than that waits for a key frame.

import type { Encoder } from '../../../core/contract/picture.ts';
import { avcTagBody } from '../../../core/media/flv.ts';
import type { PictureTarget } from '../../../core/media/pictureTarget.ts';
import type { Ffmpeg } from '../../ffmpeg/resolve.ts';
import { filterArguments, scaleToFit, thinnedTo, videoEncoderArguments } from '../encoder.ts';
import { createFlvFeed, type FlvFeed, type FlvFeedOptions } from './flvFeed.ts';

type Picture = { isKey: boolean; compositionMs: number; bytes: Uint8Array };

export type Reencoder = {
  /** New parameter sets, as an avcC record. */
  configure(record: Uint8Array): void;
  /** Every picture, whether it is encoded or not. @param timeMs decode time */
  remember(picture: Picture, timeMs: number): void;
  /** From the next key frame on. */
  setPicture(picture: PictureTarget): void;
  /** Encodes what was remembered and not yet encoded. */
  write(): void;
  /** Nothing is to be encoded any more. */
  stop(): void;
  /** By what it encodes now. */
  encoder(): Encoder;
  close(): Promise<void>;
};

/** 2.5 s at 25 Mbit/s. */
const REMEMBERED_BYTES_MAX = 8 * 1024 * 1024;

export function createReencoder(options: {
  around: FlvFeedOptions['around'];
  picture: PictureTarget;
  onPicture(presentationUs: number, bytes: Uint8Array): void;
  onDropped(count: number): void;
}): Reencoder {
  return new PictureReencoder(options);
}

class PictureReencoder implements Reencoder {
  readonly #options: Parameters<typeof createReencoder>[0];
  #feed: FlvFeed | null = null;
  /** Gives out its last pictures; ends when the one after it has spoken. */
  #last: FlvFeed | null = null;
  #picture: PictureTarget;
  #feedPicture: PictureTarget | null = null;
  #record: Uint8Array | null = null;
  #hasConfigured = false;
  #remembered: { body: Uint8Array; timeMs: number }[] = [];
  #rememberedBytes = 0;
  /** False: the key frame was let go, so that no other child can begin here. */
  #hasKeyFrame = false;
  /** How many of the remembered ones went to ffmpeg. */
  #written = 0;
  readonly #ending = new Set<Promise<void>>();

  constructor(options: Parameters<typeof createReencoder>[0]) {
    this.#options = options;
    this.#picture = options.picture;
  }

  configure(record: Uint8Array): void {
    this.#record = record;
    this.#hasConfigured = false;
    this.#forget();
  }

  remember({ isKey, compositionMs, bytes }: Picture, timeMs: number): void {
    if (isKey) {
      this.#forget();
      this.#hasKeyFrame = true;
      this.#renew();
    }
    // Without its key frame nothing can be decoded.
    if (!this.#hasKeyFrame && !this.#hasConfigured) return;
    const body = avcTagBody({ keyFrame: isKey, packetType: 1, compositionMs, bytes });
    this.#remembered.push({ body, timeMs });
    this.#rememberedBytes += body.length;
    if (this.#rememberedBytes > REMEMBERED_BYTES_MAX) this.#shorten();
  }

  setPicture(picture: PictureTarget): void {
    this.#picture = picture;
  }

  write(): void {
    const feed = this.#feed ?? this.#open();
    this.#feed = feed;
    if (this.#remembered.length === 0 || !feed.isReady()) {
      this.#options.onDropped(1);
      return;
    }
    const first = this.#remembered[0];
    if (!this.#hasConfigured && this.#record && first) {
      const record = { keyFrame: true, packetType: 0, compositionMs: 0, bytes: this.#record };
      this.#hasConfigured = feed.write(avcTagBody(record), first.timeMs);
    }
    while (this.#written < this.#remembered.length) {
      const next = this.#remembered[this.#written];
      if (!next || !feed.write(next.body, next.timeMs)) return;
      this.#written++;
    }
  }

  encoder(): Encoder {
    return this.#picture.encoder;
  }

  stop(): void {
    this.#forget();
    this.#hasConfigured = false;
    this.#end(this.#feed);
    this.#end(this.#last);
    this.#feed = null;
    this.#last = null;
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.#ending);
  }

  #forget(): void {
    this.#remembered = [];
    this.#hasKeyFrame = false;
    this.#rememberedBytes = 0;
    this.#written = 0;
  }

  /** Of a group that is too long, what the child has taken is let go; else all of it. */
  #shorten(): void {
    if (this.#written === 0) {
      this.#forget();
      return;
    }
    this.#remembered.splice(0, this.#written);
    this.#hasKeyFrame = false;
    this.#written = 0;
    this.#rememberedBytes = this.#remembered.reduce((sum, { body }) => sum + body.length, 0);
  }

  /** ffmpeg cannot change its encoder while it runs: another child begins at this key frame. */
  #renew(): void {
    if (!this.#feed || this.#feedPicture === this.#picture) return;
    this.#end(this.#last);
    this.#last = this.#feed;
    this.#feed = null;
    this.#hasConfigured = false;
  }

  #end(feed: FlvFeed | null): void {
    const gone = feed?.close();
    if (!gone) return;
    this.#ending.add(gone);
    void gone.then(() => this.#ending.delete(gone));
  }

  #open(): FlvFeed {
    const picture = this.#picture;
    this.#feedPicture = picture;
    let hasSpoken = false;
    const feed: FlvFeed = createFlvFeed({
      ...{ track: 'video', around: this.#options.around, onDropped: this.#options.onDropped },
      arguments: (ffmpeg) => pictureArguments(ffmpeg, picture),
      onFrame: (presentationUs, bytes) => {
        hasSpoken = true;
        if (feed === this.#feed) {
          this.#end(this.#last);
          this.#last = null;
        }
        this.#options.onPicture(presentationUs, bytes);
      },
      onBroken: () => {
        if (feed !== this.#feed) return;
        // What a card's encoder could not do, x264 does for this encoder's stream.
        if (!hasSpoken) this.#picture = { ...this.#picture, encoder: 'x264' };
        // The next child starts on what is remembered, key frame first.
        this.#hasConfigured = false;
        this.#written = 0;
        if (!this.#hasKeyFrame) this.#forget();
      },
    });
    return feed;
  }
}

function pictureArguments(ffmpeg: Ffmpeg, picture: PictureTarget): string[] {
  const filters = [thinnedTo(picture.framesPerSecond), scaleToFit(picture), 'setsar=1'];
  const isNew = ffmpeg.passthrough.includes('-fps_mode');
  return [
    // One thread: each more holds back one picture. Low delay must not be asked for: B-frames.
    ...['-probesize', '32', '-analyzeduration', '0', '-threads', '1'],
    ...['-copyts', '-f', 'flv', '-i', 'pipe:0', '-an'],
    ...filterArguments([...filters, 'format=yuv420p'], picture),
    ...ffmpeg.passthrough,
    ...(isNew ? ['-enc_time_base', '1:90000'] : []),
    ...videoEncoderArguments(['-g', '300', '-force_key_frames', 'expr:gte(t,n_forced)'], picture),
    'pipe:1',
  ];
}
