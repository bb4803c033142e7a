// How long a viewer's browser may hold a picture back at most, from what its path does. The sender
// says it with every packet (playout-delay extension); 0 forbids any buffer, which suits a local
// network, where a browser's buffer would be all of the delay. Where packets are lost or come late
// the browser gets room for one repair, and where they are lost all the time it is told to wait for
// that repair always, so that pictures keep their pace. Pure: reports in, milliseconds out.

/** A path as reports show it. */
export type PathReport = {
  /** Null until the viewer's first answer to a sender report. */
  roundTripMs: number | null;
  /** Interarrival jitter (RFC 3550 section 6.4.1), ms. */
  jitterMs: number;
  /** Packets that were asked for again, as a share of those sent, 0..1. */
  nackShare: number;
  atMs: number;
};

/** A path at or below all of these is a local network. */
const LOCAL = { roundTripMs: 10, jitterMs: 8, nackShare: 0.001 };

/** The most that keeps browsers showing pictures at once. */
export const PLAYOUT_MS_MAX = 500;
const PLAYOUT_MS_MIN = 50;

/** From here on losses are the path's and no accident: one packet of 200. */
const LOSSY_SHARE = 0.005;
/**
 * What a repair takes besides the round trip: the gap must be seen, and two programs must run. And
 * one request in so many is lost itself; Chromium repeats it after 100 ms, of which this leaves no
 * more than a stutter that nobody sees.
 */
const REPAIR_MS = 80;
/** Longer round trips are not waited for: a picture that is late always is worse than a stutter. */
const PLAYOUT_MS_MIN_MAX = 180;

/** Less room is given only after a path was that good for this long. */
const CALM_MS = 10_000;

/** The first reports tell of the burst that a viewer starts with, not of its path. */
const REPORTS_OF_BURST = 2;

/**
 * What one viewer's reports come to: more room at once, less of it after ten calm seconds. None
 * before anything is known: Chromium shows pictures later for as long as a connection lasts once it
 * was told of any room at all (its renderer's own queue, see docs/decisions/0030).
 */
export class PlayoutDelay {
  #msMax = 0;
  #msMin = 0;
  #isLossy = false;
  #reports = 0;
  #calmMost = 0;
  /** Since it became calm. */
  #hadLosses = false;
  #calmSinceMs: number | undefined;

  /** Milliseconds, in steps of 10. */
  get msMax(): number {
    return this.#msMax;
  }

  /** What every picture waits, milliseconds in steps of 10: one repair where losses are usual. */
  get msMin(): number {
    return this.#msMin;
  }

  /** Packets are lost all the time, and so are some that are sent again. */
  get isLossy(): boolean {
    return this.#isLossy;
  }

  report(path: PathReport): void {
    const isOfBurst = this.#reports++ < REPORTS_OF_BURST;
    const wanted = playoutMsMax(isOfBurst ? { ...path, jitterMs: 0 } : path);
    if (wanted === null) return;
    const hasLosses = path.nackShare >= LOSSY_SHARE;
    if (hasLosses) {
      this.#isLossy = true;
      this.#msMin = Math.max(this.#msMin, playoutMsMin(path));
    }
    if (wanted >= this.#msMax) {
      this.#msMax = wanted;
      this.#calmSinceMs = undefined;
      this.#hadLosses = false;
    } else this.#calm(path, wanted, hasLosses);
    this.#msMax = Math.max(this.#msMax, this.#msMin);
  }

  #calm(path: PathReport, wanted: number, hasLosses: boolean): void {
    this.#hadLosses ||= hasLosses;
    this.#calmSinceMs ??= path.atMs;
    this.#calmMost = this.#calmSinceMs === path.atMs ? wanted : Math.max(this.#calmMost, wanted);
    if (path.atMs - this.#calmSinceMs < CALM_MS) return;
    this.#isLossy = this.#hadLosses;
    this.#msMin = this.#isLossy ? playoutMsMin(path) : 0;
    this.#msMax = this.#calmMost;
    this.#calmSinceMs = undefined;
    this.#hadLosses = false;
  }
}

/** Room for one repair; 0 where it takes too long. */
function playoutMsMin({ roundTripMs }: PathReport): number {
  const wanted = Math.ceil(((roundTripMs ?? 0) + REPAIR_MS) / 10) * 10;
  return wanted > PLAYOUT_MS_MIN_MAX ? 0 : wanted;
}

/** Null while the round trip is not known. */
export function playoutMsMax({ roundTripMs, jitterMs, nackShare }: PathReport): number | null {
  if (roundTripMs === null) return null;
  const isLocal =
    roundTripMs <= LOCAL.roundTripMs && jitterMs <= LOCAL.jitterMs && nackShare <= LOCAL.nackShare;
  if (isLocal) return 0;
  // Four times the jitter covers nearly every packet; a lost one takes a round trip and a half,
  // and one in ten of the repairs is lost as well where much is.
  const repairMs = nackShare > LOCAL.nackShare ? roundTripMs * (nackShare > 0.05 ? 3 : 1.5) : 0;
  const wanted = Math.ceil((4 * jitterMs + repairMs) / 10) * 10;
  return Math.min(PLAYOUT_MS_MAX, Math.max(PLAYOUT_MS_MIN, wanted));
}
