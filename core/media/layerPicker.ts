// Which layer of a stream one viewer should get, from what its reports say: loss, round trip, the
// browser's own estimate. Pure; time comes with each report. It goes down at once on clear signs
// and up only after a quiet time and a probe of the path, because a switch that is taken back is
// worse than a modest picture. A browser's estimate (REMB) starts low and rises slowly, so it
// counts only together with another sign.

import type { MediaTimeUs } from '../base/clock.ts';

export type LinkReport = {
  atUs: MediaTimeUs;
  /** 0..1 since the previous report; what was repaired in time is not lost. */
  fractionLost: number;
  /** Null: not measured since the previous report. */
  roundTripMs: number | null;
  /** The receiver's estimate; null when it sends none. */
  bitsPerSecondMax: number | null;
};

/** Loss that no repair hides any more, in one report. */
const LOSS_BAD = 0.1;
/** Loss that is bad when it lasts, or when something else is bad as well. */
const LOSS_POOR = 0.03;
const LOSS_GOOD = 0.01;
/** A queue that has grown by this much above the best round trip seen. */
const QUEUE_MS_BAD = 150;
const QUEUE_MS_POOR = 60;
/** The best round trip is forgotten slowly, so that a new path is not held against it for ever. */
const BEST_TRIP_RISE = 1.02;
const POOR_REPORTS_MAX = 2;
/** Quiet time before the path is probed for the next layer up. */
const UP_AFTER_US_FIRST = 2_000_000;
/** A path that is found too narrow is probed again after this long, and ever later. */
const PROBE_AGAIN_US_FIRST = 1_500_000;
const PROBE_AGAIN_US_MAX = 15_000_000;
const PROBE_AGAIN_GROWTH = 1.2;
/** What a probe leaves in the queues of a path that bears it. */
const PROBE_QUEUE_MS_MAX = 40;
const UP_AFTER_US_MAX = 40_000_000;
/** A fall this soon after a rise means that the rise was wrong. */
const FAILED_RISE_US = 10_000_000;
/** After a switch its own burst of packets is not held against the path. */
const SETTLE_US = 1_000_000;

export class LayerPicker {
  #bestTripMs: number | null = null;
  #poorReports = 0;
  #wasLate = false;
  #quietSinceUs: MediaTimeUs | null = null;
  #upAfterUs = UP_AFTER_US_FIRST;
  #probeAgainUs = PROBE_AGAIN_US_FIRST;
  #probeAtUs: MediaTimeUs = 0;
  #wantsProbe = false;
  #roseAtUs: MediaTimeUs | null = null;
  #switchedAtUs: MediaTimeUs | null = null;

  /** The next layer up is worth a probe now; `probed` says what came of it. */
  get wantsProbe(): boolean {
    return this.#wantsProbe;
  }

  /**
   * What a probe for the next layer up said: the index of the layer to send from now on.
   *
   * @param tripMs round trip right behind the probe, infinite where its report was lost; null: this
   *   viewer never answers reports
   */
  probed(atUs: MediaTimeUs, tripMs: number | null, current: number): number {
    this.#wantsProbe = false;
    const isNarrow = tripMs !== null && tripMs - (this.#bestTripMs ?? tripMs) > PROBE_QUEUE_MS_MAX;
    if (isNarrow) {
      this.#probeAtUs = atUs + this.#probeAgainUs;
      const laterUs = this.#probeAgainUs * PROBE_AGAIN_GROWTH;
      this.#probeAgainUs = Math.min(PROBE_AGAIN_US_MAX, laterUs);
      return current;
    }
    this.#roseAtUs = atUs;
    this.#switched(atUs);
    return Math.max(0, current - 1);
  }

  /**
   * Index of the layer to send from now on: the same one or the next one down.
   *
   * @param rates bits per second of the layers that flow, best first; never empty
   * @param current index of the layer that is sent now
   */
  pick(report: LinkReport, rates: readonly number[], current: number): number {
    const lowest = rates.length - 1;
    const at = Math.min(Math.max(0, current), lowest);
    this.#wantsProbe = false;
    const sign = this.#judge(report, rates[at] ?? 0);
    const isSettling = this.#switchedAtUs !== null && report.atUs - this.#switchedAtUs < SETTLE_US;
    if (sign === 'bad' && !isSettling && at < lowest) return this.#fall(report, at);
    if (sign === 'noisy') return at;
    if (sign !== 'good') {
      this.#quietSinceUs = null;
      return at;
    }
    this.#quietSinceUs ??= report.atUs;
    const isQuiet = report.atUs - this.#quietSinceUs >= this.#upAfterUs;
    this.#wantsProbe = at > 0 && isQuiet && report.atUs >= this.#probeAtUs;
    return at;
  }

  #fall(report: LinkReport, at: number): number {
    const { atUs } = report;
    const hasFailed = this.#roseAtUs !== null && atUs - this.#roseAtUs < FAILED_RISE_US;
    this.#upAfterUs = hasFailed
      ? Math.min(UP_AFTER_US_MAX, this.#upAfterUs * 2)
      : Math.max(UP_AFTER_US_FIRST, this.#upAfterUs / 2);
    this.#switched(atUs);
    return at + 1;
  }

  #switched(atUs: MediaTimeUs): void {
    this.#switchedAtUs = atUs;
    this.#quietSinceUs = null;
    this.#probeAgainUs = PROBE_AGAIN_US_FIRST;
    this.#probeAtUs = 0;
    this.#poorReports = 0;
  }

  #judge(report: LinkReport, rate: number): 'good' | 'noisy' | 'poor' | 'bad' {
    const { fractionLost, bitsPerSecondMax } = report;
    const queueMs = this.#queueMs(report.roundTripMs);
    const isOverEstimate = bitsPerSecondMax !== null && bitsPerSecondMax < rate * 0.85;
    // One late answer may be the other side's processor; a queue is still there at the next one.
    const isLate = queueMs >= QUEUE_MS_POOR;
    if (isLate && !this.#wasLate && fractionLost <= LOSS_GOOD) {
      this.#wasLate = true;
      return 'noisy';
    }
    if (report.roundTripMs !== null) this.#wasLate = isLate;
    if (fractionLost >= LOSS_BAD || queueMs >= QUEUE_MS_BAD) return this.#note('bad');
    const isPoor = fractionLost >= LOSS_POOR || isLate;
    if (isPoor && isOverEstimate) return this.#note('bad');
    if (isPoor) return this.#note('poor');
    const isGood = fractionLost <= LOSS_GOOD;
    if (isGood) this.#poorReports = 0;
    return isGood ? 'good' : 'poor';
  }

  #note(sign: 'poor' | 'bad'): 'poor' | 'bad' {
    this.#poorReports++;
    return this.#poorReports > POOR_REPORTS_MAX ? 'bad' : sign;
  }

  /** Round trip above the best one: what stands in queues on the way. */
  #queueMs(roundTripMs: number | null): number {
    if (roundTripMs === null) return 0;
    const best = this.#bestTripMs;
    this.#bestTripMs = best === null ? roundTripMs : Math.min(roundTripMs, best * BEST_TRIP_RISE);
    return roundTripMs - this.#bestTripMs;
  }
}
