// A weak uplink: what the relay reports of the studio's own stream decides its bitrate and which
// smaller copies go along. Vision is not told: it takes the best picture before anything is left
// out on the way, and a lower rate is what viewers see as well. The owner is told in one sentence.

import type { MediaClock } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { FIRST_PICTURE_TARGET } from '../../core/media/pictureTarget.ts';
import type { UplinkReport } from '../../core/media/uplinkRate.ts';
import { UplinkRate } from '../../core/media/uplinkRate.ts';

export type UplinkGovernorOptions = {
  clock: MediaClock;
  logger: Logger;
  /** What is sent where the path allows it, until setMost() says otherwise. */
  bitsPerSecondMax?: number;
  /** False: this source cannot be changed while it runs. */
  setBitrate(bitsPerSecond: number): boolean;
  /** Smaller copies that are too much beside the picture are left out. */
  limitLayers(bestBitsPerSecond: number): void;
  /** Empty: the uplink bears what is wished for. */
  onWeak(sentence: string): void;
};

export type UplinkGovernor = {
  report(report: Omit<UplinkReport, 'atUs'>): void;
  bitsPerSecond(): number;
  /** What is wished for from now on. @returns what the path allows of it */
  setMost(bitsPerSecond: number): number;
};

export function createUplinkGovernor(options: UplinkGovernorOptions): UplinkGovernor {
  const { clock, logger } = options;
  let { bitsPerSecondMax = FIRST_PICTURE_TARGET.bitsPerSecond } = options;
  const uplink = new UplinkRate(bitsPerSecondMax);
  return {
    bitsPerSecond: () => uplink.bitsPerSecond,
    setMost(bitsPerSecond) {
      bitsPerSecondMax = bitsPerSecond;
      return uplink.setMost(bitsPerSecond);
    },
    report(report) {
      const before = uplink.bitsPerSecond;
      const now = uplink.take({ ...report, atUs: clock.nowUs() });
      if (now === before) return;
      const canChange = options.setBitrate(now);
      options.limitLayers(now);
      const { fractionLost, roundTripMs } = report;
      logger.info('The uplink’s rate changed', { now, canChange, fractionLost, roundTripMs });
      options.onWeak(sentenceOf(now, bitsPerSecondMax, canChange));
    },
  };
}

function sentenceOf(now: number, most: number, canChange: boolean): string {
  if (now >= most) return '';
  const rate = (now / 1_000_000).toFixed(1);
  return canChange
    ? `The uplink is weak: the picture goes out with ${rate} Mbit/s until it is better.`
    : `The uplink is weak: it bears ${rate} Mbit/s, and this source cannot be made smaller.`;
}
