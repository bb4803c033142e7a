// Sound of the WebSocket stream: Opus packets are decoded and laid end to end on the audio clock,
// a little ahead of it. Whoever comes late is skipped, whoever waits too long makes the rest come
// sooner, so that the sound never drifts away from the show. Tells when a moment of the sender is
// heard, so that the picture can wait for it.

const RATE_HZ = 48_000;
/** How far ahead of the audio clock sound begins: it must survive a hiccup of the network, s. */
const AHEAD_SECONDS = 0.08;
/** Further ahead than this, packets are left out until it is less, s. */
const AHEAD_SECONDS_MAX = 0.3;
/** A start this close to now would be cut off, s. */
const LATE_SECONDS = 0.003;

/** So many packets at least this far ahead: one is left out, so that the delay sinks again. */
const CALM_PACKETS = 50;
const CALM_SECONDS = 0.12;

export type SoundFigures = { played: number; skipped: number; restarts: number };

export class StreamSound {
  readonly figures: SoundFigures = { played: 0, skipped: 0, restarts: 0 };
  readonly #monotonicMs: () => number;
  #line: { context: AudioContext; decoder: AudioDecoder } | null = null;
  /** Where on the audio clock an RTP timestamp is heard. */
  #anchor: { rtpTimestamp: number; atSeconds: number } | null = null;
  /** Of packets in the decoder, by the number that it hands back. */
  readonly #waiting = new Map<number, { rtpTimestamp: number; senderUs: number | null }>();
  #count = 0;
  #calm = 0;
  #delayMs = 0;
  #offsetMs: number | null = null;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** False where the browser cannot decode sound itself. */
  static isPossible(): boolean {
    return 'AudioDecoder' in globalThis && 'AudioContext' in globalThis;
  }

  /** Called from a tap: only then may sound begin. */
  set(isOn: boolean): void {
    if (isOn === (this.#line !== null) || !StreamSound.isPossible()) return;
    if (isOn) this.#open();
    else this.close();
  }

  /** How much later than it could be heard it is played, ms. */
  setDelayMs(delayMs: number): void {
    if (Math.abs(delayMs - this.#delayMs) < 20) return;
    this.#delayMs = delayMs;
    this.#anchor = null;
  }

  /** Page time minus the sender's time at which something is heard, ms; null while silent. */
  get offsetMs(): number | null {
    return this.#offsetMs;
  }

  push(packet: Uint8Array, rtpTimestamp: number, senderUs: number | null): void {
    const line = this.#line;
    if (line?.decoder.state !== 'configured' || line.context.state !== 'running') return;
    this.#waiting.set(++this.#count, { rtpTimestamp, senderUs });
    line.decoder.decode(
      new EncodedAudioChunk({ type: 'key', timestamp: this.#count, data: packet }),
    );
  }

  close(): void {
    const line = this.#line;
    this.#line = null;
    this.#anchor = null;
    this.#offsetMs = null;
    this.#waiting.clear();
    if (!line) return;
    if (line.decoder.state !== 'closed') line.decoder.close();
    void line.context.close();
  }

  #open(): void {
    const context = new AudioContext({ latencyHint: 'interactive', sampleRate: RATE_HZ });
    void context.resume();
    const decoder = new AudioDecoder({
      output: (data) => this.#play(data),
      // A broken packet closes the decoder; sound begins anew with the next.
      error: () => {
        if (this.#line?.decoder !== decoder) return;
        this.close();
        this.#open();
      },
    });
    decoder.configure({ codec: 'opus', sampleRate: RATE_HZ, numberOfChannels: 2 });
    this.#line = { context, decoder };
  }

  #play(data: AudioData): void {
    const context = this.#line?.context;
    const packet = this.#waiting.get(data.timestamp);
    this.#waiting.delete(data.timestamp);
    if (!context || !packet) {
      data.close();
      return;
    }
    const atSeconds = this.#placeOf(packet.rtpTimestamp, context.currentTime);
    if (atSeconds === null) {
      this.figures.skipped++;
      data.close();
      return;
    }
    const buffer = context.createBuffer(data.numberOfChannels, data.numberOfFrames, RATE_HZ);
    for (let channel = 0; channel < data.numberOfChannels; channel++) {
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex: channel, format: 'f32-planar' });
      buffer.copyToChannel(samples, channel);
    }
    data.close();
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(atSeconds);
    this.figures.played++;
    this.#noteHeard(context, atSeconds, packet.senderUs);
  }

  /** When to play what has this timestamp, seconds of the audio clock; null: leave it out. */
  #placeOf(rtpTimestamp: number, nowSeconds: number): number | null {
    const known = this.#anchor;
    const aheadSeconds = AHEAD_SECONDS + this.#delayMs / 1000;
    const at = known && known.atSeconds + ((rtpTimestamp - known.rtpTimestamp) | 0) / RATE_HZ;
    if (at !== null && at >= nowSeconds + LATE_SECONDS) {
      const early = at - nowSeconds - this.#delayMs / 1000;
      this.#calm = early > CALM_SECONDS ? this.#calm + 1 : 0;
      if (early <= AHEAD_SECONDS_MAX && this.#calm < CALM_PACKETS) return at;
      this.#calm = 0;
      // What comes after it is played sooner by as much as is left out.
      if (known) known.atSeconds -= 0.02;
      return at - nowSeconds > 2 ? this.#begin(rtpTimestamp, nowSeconds + aheadSeconds) : null;
    }
    return this.#begin(rtpTimestamp, nowSeconds + aheadSeconds);
  }

  #begin(rtpTimestamp: number, atSeconds: number): number {
    this.figures.restarts++;
    this.#anchor = { rtpTimestamp, atSeconds };
    return atSeconds;
  }

  #noteHeard(context: AudioContext, atSeconds: number, senderUs: number | null): void {
    if (senderUs === null) {
      this.#offsetMs = null;
      return;
    }
    const output = context.getOutputTimestamp();
    const isKnown = (output.performanceTime ?? 0) > 0;
    const heardMs = isKnown
      ? (output.performanceTime ?? 0) + (atSeconds - (output.contextTime ?? 0)) * 1000
      : this.#monotonicMs() +
        (atSeconds - context.currentTime + (context.outputLatency || 0)) * 1000;
    this.#offsetMs = heardMs - senderUs / 1000;
  }
}
