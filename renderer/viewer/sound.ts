// The viewer's sound. Normally the video element plays it; in the exact mode it goes through a
// delay line, so that it stays with the picture that is held back. A browser lets it begin only
// after a tap; until then the page is muted and says so.

/** Longest delay, seconds; the exact mode stays below. */
const DELAY_SECONDS_MAX = 1;

export class Sound {
  #video: HTMLVideoElement;
  #isOn = false;
  #delayMs = 0;
  #line: { context: AudioContext; delay: DelayNode; source: MediaStreamAudioSourceNode } | null =
    null;
  #stream: MediaStream | null = null;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    video.muted = true;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Called from a tap: only then may sound begin. */
  set(isOn: boolean): void {
    this.#isOn = isOn;
    this.#route();
    if (isOn) this.#video.play().catch(() => this.set(false));
  }

  /** How much later than it came sound is played, ms; 0 lets the element play it. */
  setDelayMs(delayMs: number): void {
    this.#delayMs = delayMs;
    this.#route();
  }

  /** A new connection brought a new stream. */
  streamChanged(): void {
    this.#route();
  }

  close(): void {
    this.#isOn = false;
    this.#dropLine();
  }

  #route(): void {
    const stream = this.#video.srcObject instanceof MediaStream ? this.#video.srcObject : null;
    if (!this.#isOn || this.#delayMs <= 0 || !stream || stream.getAudioTracks().length === 0) {
      this.#dropLine();
      this.#video.muted = !this.#isOn;
      return;
    }
    if (!this.#line || this.#stream !== stream) {
      this.#dropLine();
      const context = new AudioContext({ latencyHint: 'interactive' });
      const source = context.createMediaStreamSource(stream);
      const delay = context.createDelay(DELAY_SECONDS_MAX);
      source.connect(delay).connect(context.destination);
      void context.resume();
      this.#line = { context, delay, source };
      this.#stream = stream;
      delay.delayTime.value = this.#delayMs / 1000;
    } else {
      // Over 200 ms, so that a change is heard as a slight bend and never as a click.
      const { context, delay } = this.#line;
      delay.delayTime.setTargetAtTime(this.#delayMs / 1000, context.currentTime, 0.07);
    }
    this.#video.muted = true;
  }

  #dropLine(): void {
    this.#line?.source.disconnect();
    void this.#line?.context.close();
    this.#line = null;
    this.#stream = null;
  }
}
