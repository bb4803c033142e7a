// What a viewer's reports say of its path over a while. A browser sends a report with everything
// that it asks again for, so one report tells of a handful of packets: one lost of eight says
// nothing. Its running sums are read twice a second instead; of round trips the shortest counts,
// because a queue that stands holds up every answer and a busy processor only some.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { LinkReport } from '../../core/media/layerPicker.ts';
import type { ReportBlock } from '../../core/media/rtcp.ts';

const WINDOW_US = 500_000;

type Block = Pick<ReportBlock, 'cumulativeLost' | 'highestSequence' | 'lastSenderReport'>;

export class PathView {
  #sinceUs: MediaTimeUs | null = null;
  #before: Block | null = null;
  /** Newest sender report whose round trip is told already. */
  #told = 0;
  #tripMs: number | null = null;
  #bitsPerSecondMax: number | null = null;

  /** The receiver's own estimate. */
  set bitsPerSecondMax(bitsPerSecond: number) {
    this.#bitsPerSecondMax = bitsPerSecond;
  }

  /** What came together since the last answer; null until that is worth a judgement. */
  take(atUs: MediaTimeUs, block: Block, roundTripMs: number | null): LinkReport | null {
    if (roundTripMs !== null && block.lastSenderReport !== this.#told) {
      this.#tripMs = Math.min(this.#tripMs ?? Number.POSITIVE_INFINITY, roundTripMs);
    }
    const before = this.#before;
    if (before === null || this.#sinceUs === null) {
      this.#begin(atUs, block);
      return null;
    }
    if (atUs - this.#sinceUs < WINDOW_US) return null;
    const expected = (block.highestSequence - before.highestSequence) | 0;
    const lost = block.cumulativeLost - before.cumulativeLost;
    const report: LinkReport = {
      atUs,
      fractionLost: expected > 0 ? Math.min(1, Math.max(0, lost / expected)) : 0,
      roundTripMs: block.lastSenderReport === this.#told ? null : this.#tripMs,
      bitsPerSecondMax: this.#bitsPerSecondMax,
    };
    this.#begin(atUs, block);
    return report;
  }

  #begin(atUs: MediaTimeUs, block: Block): void {
    this.#sinceUs = atUs;
    this.#before = block;
    if (this.#tripMs !== null) this.#told = block.lastSenderReport;
    this.#tripMs = null;
  }
}
