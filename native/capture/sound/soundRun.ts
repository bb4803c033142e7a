// A source's sound through its chain: one ffmpeg decodes the packets, the chain does its work on
// the samples, another encodes them. Times are the packets' own: each packet that comes out has the
// capture time of its first sample, whatever the chain and the encoder held back. It never waits
// and never restarts by itself; whoever made it is told that it ended.

import type { MediaTimeUs } from '../../../core/base/clock.ts';
import { createNutReader, NutError } from '../../../core/media/nut.ts';
import { createOggOpusWriter, opusSamples } from '../../../core/media/oggOpus.ts';
import { CHAIN_SAMPLES, type SoundChain } from '../../../core/sound/soundChain.ts';
import type { Ffmpeg } from '../../ffmpeg/resolve.ts';
import { type FfmpegProcess, type SpawnOptions, spawnFfmpeg } from '../../ffmpeg/spawn.ts';
import { opusDelayUs, soundEncoderArguments } from '../encoder.ts';
import { SOUND_RATE_HZ } from '../loudness.ts';

/** Packets whose sound has not come out: six seconds; more say that a child is stuck. */
const WAITING_MAX = 300;
const CHANNELS = 2;
const SAMPLE_BYTES = 4;
const FRAME_BYTES = CHANNELS * SAMPLE_BYTES;
/** Not `nobuffer`: it leaves out the packet that ffmpeg looked at, and all sound is 20 ms early. */
const AT_ONCE = ['-probesize', '32', '-analyzeduration', '0'];
const RAW = ['-ac', String(CHANNELS), '-ar', String(SOUND_RATE_HZ)];

export type SoundRunOptions = Pick<SpawnOptions, 'timers' | 'logger' | 'onHelper'> & {
  ffmpeg: Ffmpeg;
  chain: SoundChain;
  onPacket(captureUs: MediaTimeUs, bytes: Uint8Array): void;
  /** It gives nothing any more; not after close(). */
  onEnd(reason: string): void;
};

export class SoundRun {
  readonly #options: SoundRunOptions;
  readonly #decoder: FfmpegProcess;
  readonly #encoder: FfmpegProcess;
  readonly #ogg = createOggOpusWriter(CHANNELS);
  /** Of the packets inside: when their first sample was made, and which one that is. */
  #inside: { captureUs: MediaTimeUs; firstSample: number }[] = [];
  #samples = 0;
  #preSkipUs = 0;
  /** Bytes of a sample that came without its rest. */
  #rest: Uint8Array = new Uint8Array(0);
  #isOver = false;

  constructor(options: SoundRunOptions) {
    this.#options = options;
    this.#decoder = this.#spawn(
      [...AT_ONCE, '-f', 'ogg', '-i', 'pipe:0', '-vn', ...RAW, ...RAW_OUTPUT],
      (bytes) => this.#decoded(bytes),
    );
    const nut = createNutReader({
      onStream: ({ extradata }) => {
        this.#preSkipUs = opusDelayUs(extradata);
      },
      onFrame: ({ ptsUs, bytes }) => this.#encoded(ptsUs, bytes),
    });
    this.#encoder = this.#spawn(
      [...AT_ONCE, ...RAW_INPUT, '-i', 'pipe:0', ...soundEncoderArguments(), 'pipe:1'],
      (bytes) => nut.push(bytes),
    );
    this.#decoder.write(this.#ogg.header());
  }

  push(captureUs: MediaTimeUs, packet: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#inside.length >= WAITING_MAX) {
      this.#end('it has given no sound for six seconds');
      return;
    }
    this.#inside.push({ captureUs, firstSample: this.#samples });
    this.#samples += opusSamples(packet);
    this.#decoder.write(this.#ogg.write(packet));
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.#decoder.kill(), this.#encoder.kill()]);
  }

  #spawn(words: readonly string[], onBytes: (bytes: Uint8Array) => void): FfmpegProcess {
    const { ffmpeg, timers, logger, onHelper } = this.#options;
    return spawnFfmpeg({
      ...{ ffmpeg, timers, logger, onHelper, arguments: words, hasInput: true, outputs: [1] },
      // A show may be without sound for long; what waits inside tells that a child is stuck.
      silenceMsMax: 0,
      onData: (_output, bytes) => {
        if (this.#isOver) return;
        try {
          onBytes(bytes);
        } catch (error) {
          if (!(error instanceof NutError)) throw error;
          this.#end(error.message);
        }
      },
      onEnd: ({ reason }) => this.#end(reason),
    });
  }

  #decoded(bytes: Uint8Array): void {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const whole = all.length - (all.length % FRAME_BYTES);
    this.#rest = Uint8Array.from(all.subarray(whole));
    // Its own copy: a Buffer's slice shares its memory, and the chain writes over what it gets.
    const pcm = new Float32Array(Uint8Array.from(all.subarray(0, whole)).buffer);
    this.#options.chain.process(pcm);
    this.#encoder.write(new Uint8Array(pcm.buffer));
  }

  #encoded(ptsUs: number, bytes: Uint8Array): void {
    const heldUs = this.#preSkipUs + (CHAIN_SAMPLES * 1_000_000) / SOUND_RATE_HZ;
    const atUs = ptsUs - heldUs;
    const usOf = (sample: number) => (sample * 1_000_000) / SOUND_RATE_HZ;
    while (this.#inside.length > 1 && usOf(this.#inside[1]?.firstSample ?? 0) <= atUs + 0.5) {
      this.#inside.shift();
    }
    const packet = this.#inside[0];
    if (!packet) return;
    const captureUs = Math.round(packet.captureUs + atUs - usOf(packet.firstSample));
    this.#options.onPacket(captureUs, bytes);
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    void this.close();
    this.#options.onEnd(reason);
  }
}

const RAW_FORMAT = ['-f', 'f32le'];
const RAW_OUTPUT = ['-c:a', 'pcm_f32le', '-flush_packets', '1', ...RAW_FORMAT, 'pipe:1'];
const RAW_INPUT = [...RAW_FORMAT, ...RAW];
