// The studio's media clock as a page knows it. Method: of the last 8 pings the one with the least
// round trip gives the offset, and half of that round trip is the uncertainty (RFC 5905 section
// 8, clock filter). Readings that come without an echo can only be late, so of those the greatest
// offset of the last 8 is the best. Never uses the wall clock.

const SAMPLES = 8;

export type PageClock = {
  /** Media clock now, whole microseconds; null before the first sample. */
  nowUs(): number | null;
  /** Half the least round trip plus what the sender said of itself, microseconds. */
  uncertaintyUs(): number | null;
  /**
   * An answered ping. `sentMs` and `receivedMs` are of the clock this was made with; `mediaUs` is
   * what the other side said while the ping was there.
   */
  takePing(ping: {
    sentMs: number;
    receivedMs: number;
    mediaUs: number;
    uncertaintyUs: number;
  }): void;
  /** A media time that came by itself, for example in readings. */
  takeReading(mediaUs: number): void;
};

type Ping = { offsetUs: number; roundTripUs: number; uncertaintyUs: number };

/** @param monotonicMs the page's monotonic clock in milliseconds: `() => performance.now()` */
export function createPageClock(monotonicMs: () => number): PageClock {
  const pings: Ping[] = [];
  const readingOffsetsUs: number[] = [];

  function best(): Ping | undefined {
    let least: Ping | undefined;
    for (const ping of pings) {
      if (least === undefined || ping.roundTripUs <= least.roundTripUs) least = ping;
    }
    return least;
  }

  function offsetUs(): number | null {
    const ping = best();
    if (ping !== undefined) return ping.offsetUs;
    return readingOffsetsUs.length === 0 ? null : Math.max(...readingOffsetsUs);
  }

  return {
    nowUs() {
      const offset = offsetUs();
      return offset === null ? null : Math.round(monotonicMs() * 1000 + offset);
    },
    uncertaintyUs() {
      const ping = best();
      return ping === undefined ? null : ping.roundTripUs / 2 + ping.uncertaintyUs;
    },
    takePing({ sentMs, receivedMs, mediaUs, uncertaintyUs }) {
      if (receivedMs < sentMs) return;
      const middleUs = ((sentMs + receivedMs) / 2) * 1000;
      pings.push({
        offsetUs: mediaUs - middleUs,
        roundTripUs: (receivedMs - sentMs) * 1000,
        uncertaintyUs,
      });
      if (pings.length > SAMPLES) pings.shift();
    },
    takeReading(mediaUs) {
      readingOffsetsUs.push(mediaUs - monotonicMs() * 1000);
      if (readingOffsetsUs.length > SAMPLES) readingOffsetsUs.shift();
    },
  };
}
