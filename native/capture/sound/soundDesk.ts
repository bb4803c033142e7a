// The mixer between sources and feed: a strip for the source on air and one for what this computer
// plays, each with the settings that are kept for it. It tells levels of what is heard, and what
// does not work. It keeps nothing on disk and knows nothing of pages.

import type { MediaTimeUs } from '../../../core/base/clock.ts';
import {
  FIRST_SOUND_SETTINGS,
  type SoundSettings,
  SYSTEM_SOUND_KEY,
} from '../../../core/contract/mixer.ts';
import { LevelMeter, type MeteredLevel } from '../../../core/sound/levelMeter.ts';
import type { SourceSurroundings } from '../source.ts';
import { SoundStrip } from './soundStrip.ts';

export type SoundDesk = {
  /** How the sound of a source is from now on, also while it is not heard. */
  set(key: string, settings: SoundSettings): void;
  onLevel(run: (key: string, level: MeteredLevel) => void): void;
  /** Empty: what did not work does again. */
  onTrouble(run: (key: string, reason: string) => void): void;
  /** The feed's own sound as it was decoded, for what passes as it came. */
  heard(pcm: Int16Array): void;
  packetsLeftOut(): number;
};

type Options = Pick<
  SourceSurroundings,
  'clock' | 'timers' | 'logger' | 'ffmpeg' | 'onHelper' | 'onFrame'
>;

export class SoundDeskRoom implements SoundDesk {
  readonly #options: Options;
  readonly #settings = new Map<string, SoundSettings>();
  readonly #levelListeners: ((key: string, level: MeteredLevel) => void)[] = [];
  readonly #troubleListeners: ((key: string, reason: string) => void)[] = [];
  readonly #closing = new Set<Promise<void>>();
  readonly #feedMeter = new LevelMeter((level) => this.#heardLevel(level));
  /** The strip that is heard, and whose it is. */
  #key = '';
  #strip: SoundStrip | null = null;
  #leftOut = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  set(key: string, settings: SoundSettings): void {
    this.#settings.set(key, settings);
    if (key === this.#key) this.#strip?.set(settings);
  }

  onLevel(run: (key: string, level: MeteredLevel) => void): void {
    this.#levelListeners.push(run);
  }

  onTrouble(run: (key: string, reason: string) => void): void {
    this.#troubleListeners.push(run);
  }

  packetsLeftOut(): number {
    return this.#leftOut + (this.#strip?.packetsLeftOut() ?? 0);
  }

  heard(pcm: Int16Array): void {
    for (let at = 0; at + 1 < pcm.length; at += 2) {
      this.#feedMeter.next((pcm[at] as number) / 32_768, (pcm[at + 1] as number) / 32_768);
    }
  }

  /** A packet of a source, or of this computer by its key. */
  take(key: string, captureUs: MediaTimeUs, bytes: Uint8Array): void {
    if (!this.#strip || key !== this.#key) this.#open(key);
    this.#strip?.take(captureUs, bytes);
  }

  /** The source on air is another one, or elsewhere in itself; what this computer plays goes on. */
  cut(): void {
    if (this.#key !== SYSTEM_SOUND_KEY) this.#strip?.cut();
  }

  async close(): Promise<void> {
    this.#drop();
    await Promise.all(this.#closing);
  }

  #open(key: string): void {
    this.#drop();
    this.#key = key;
    const strip: SoundStrip = new SoundStrip(
      {
        ...this.#options,
        onPacket: (captureUs, bytes) => {
          if (this.#strip === strip) this.#options.onFrame({ track: 'audio', captureUs, bytes });
        },
        onLevel: (level) => {
          if (this.#strip === strip && strip.hasChain) this.#tell(level);
        },
        onTrouble: (reason) => {
          for (const run of this.#troubleListeners) run(key, reason);
        },
      },
      this.#settings.get(key) ?? FIRST_SOUND_SETTINGS,
    );
    this.#strip = strip;
  }

  #drop(): void {
    const strip = this.#strip;
    this.#strip = null;
    if (!strip) return;
    this.#leftOut += strip.packetsLeftOut();
    const closed = strip.close();
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }

  /** Of the feed: what passes as it came. A chain tells its own, also of what is muted. */
  #heardLevel(level: MeteredLevel): void {
    if (this.#strip && !this.#strip.hasChain) this.#tell(level);
  }

  #tell(level: MeteredLevel): void {
    for (const run of this.#levelListeners) run(this.#key, level);
  }
}
