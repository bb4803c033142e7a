// Keeps the picture with its sound while sound is heard. Sound needs a buffer against jitter (a
// browser's own choice, 40 to 250 ms); a picture does not, and nobody who watches muted should wait
// for sound. So our pages take both as separate streams, which the browser shows as soon as it can,
// and hold the picture back only while sound is on. Surprising: with one stream for both the
// browser would align them by itself, muted or not, and every viewer would pay for it.

/** The most that the sender's playout-delay extension lets a picture wait, ms. */
const HELD_MS_MAX = 500;
/** Within this nobody notices, and the buffer is left alone, ms. */
const UNNOTICED_MS = 12;
/** Browsers bend a picture's delay by 100 ms a second; between two looks that is this much, ms. */
const BENT_MS_PER_LOOK = 50;
/** Looks whose mean is believed. */
const LOOKS = 2;
/** From the decoder to the screen: half a picture of a 60 Hz screen, and the compositor, ms. */
const DISPLAY_MS = 10;

export type LipSync = {
  /** Takes the connection's figures, about twice a second. */
  follow(report: RTCStatsReport, isSoundOn: boolean): void;
  /** Sound after picture as last measured, ms; null when not known. */
  skewMs(): number | null;
};

/**
 * Holds back what `picture` receives. Both tracks come the same way, so they are apart by what this
 * machine adds: jitter buffer and output for sound, jitter buffer and decoder for pictures, each by
 * the figures of webrtc-stats (jitterBufferDelay, totalPlayoutDelay, totalProcessingDelay). The
 * browser's own estimatedPlayoutTimestamp exists only where it aligns by itself.
 */
export function createLipSync(picture: RTCRtpReceiver): LipSync {
  const sound = new Average();
  const output = new Average();
  const pictures = new Average();
  let heldMs = 0;
  let skewMs: number | null = null;
  let looksToWait = 0;
  let seen: number[] = [];

  function hold(ms: number): void {
    const wanted = Math.min(HELD_MS_MAX, Math.max(0, Math.round(ms)));
    if (wanted === heldMs) return;
    looksToWait = Math.ceil(Math.abs(wanted - heldMs) / BENT_MS_PER_LOOK) + 1;
    heldMs = wanted;
    picture.jitterBufferTarget = wanted;
  }

  return {
    follow(report, isSoundOn) {
      const soundMs = sound.since(figuresOf(report, 'inbound-rtp', 'audio', SOUND_BUFFER));
      const outputMs = output.since(figuresOf(report, 'media-playout', 'audio', SOUND_OUTPUT));
      const pictureMs = pictures.since(figuresOf(report, 'inbound-rtp', 'video', PICTURE));
      const isKnown = soundMs !== null && pictureMs !== null;
      skewMs = isKnown ? soundMs + (outputMs ?? 0) - pictureMs - DISPLAY_MS : null;
      if (!isSoundOn) return hold(0);
      if (looksToWait > 0) looksToWait--;
      else if (skewMs !== null) seen.push(skewMs);
      if (seen.length < LOOKS) return;
      const meanMs = seen.reduce((sum, one) => sum + one, 0) / seen.length;
      seen = [];
      if (Math.abs(meanMs) > UNNOTICED_MS) hold(heldMs + meanMs);
    },
    skewMs: () => skewMs,
  };
}

/** Names of a sum in seconds and of what it is the sum over. */
type Names = readonly [sum: string, count: string];
const SOUND_BUFFER: Names = ['jitterBufferDelay', 'jitterBufferEmittedCount'];
const SOUND_OUTPUT: Names = ['totalPlayoutDelay', 'totalSamplesCount'];
const PICTURE: Names = ['totalProcessingDelay', 'framesDecoded'];

type Figures = { seconds: number; count: number };

/** The mean of what was added to a sum since it was last looked at. */
class Average {
  #last: Figures | null = null;

  /** Milliseconds; null when nothing was added. */
  since(now: Figures | null): number | null {
    const last = this.#last;
    this.#last = now;
    if (!now || !last || now.count <= last.count) return null;
    return ((now.seconds - last.seconds) * 1000) / (now.count - last.count);
  }
}

function figuresOf(
  report: RTCStatsReport,
  type: string,
  kind: 'video' | 'audio',
  [sum, count]: Names,
): Figures | null {
  for (const entry of report.values()) {
    if (entry.type !== type || entry.kind !== kind) continue;
    const figures = { seconds: Number(entry[sum]), count: Number(entry[count]) };
    return Number.isFinite(figures.seconds + figures.count) ? figures : null;
  }
  return null;
}
