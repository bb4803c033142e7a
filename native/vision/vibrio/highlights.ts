// Finds what is unusual in a show without knowing the game: motion, loudness, crowd and bets, each
// judged against its own last minutes by a robust z-score (median and median absolute deviation;
// Iglewicz and Hoaglin 1993), so that one goal does not hide the next. Each highlight names its
// reasons, its score and the range to replay. It keeps no media and no clock but the given one.

export const HIGHLIGHT_CHANNELS = ['motion', 'loudness', 'crowd', 'bets'] as const;
export type HighlightChannel = (typeof HIGHLIGHT_CHANNELS)[number];

export type HighlightReason = { channel: HighlightChannel; deviations: number };
export type Highlight = {
  /** The strongest second. */
  captureUs: number;
  /** Deviations of all channels together; the threshold is SCORE_MIN. */
  score: number;
  /** Strongest first. */
  reasons: HighlightReason[];
  replayFromUs: number;
  replayToUs: number;
};

const SECOND_US = 1_000_000;
/** What is usual is learnt from the last five minutes... */
const USUAL_SECONDS = 300;
/** ...and not said before half a minute is known. */
const KNOWN_SECONDS_MIN = 30;
/** Sum over channels of deviations beyond 1, from which on it is a highlight. */
const SCORE_MIN = 5;
/** One channel alone must at least be this unusual. */
const DEVIATIONS_MIN = 3.5;
/** One channel counts at most so much. */
const DEVIATIONS_MAX = 10;
/** What belongs to the rise: deviations that are above the usual already. */
const RISE_DEVIATIONS = 1.5;
const RISE_SECONDS_MAX = 12;
/** Shown before the rise and after the peak, seconds. */
const LEAD_SECONDS = 3;
const TAIL_SECONDS = 3;
/** A highlight is told when nothing stronger came for so long. */
const PEAK_SECONDS = 2;
/**
 * A second is looked at so long after it began: bets are counted a second at a time and sound is
 * heard half a second late, and a channel's second is whole once something of the next one came.
 */
const LAG_SECONDS = 4;
/** And the next one not before, seconds. */
const COOLDOWN_SECONDS = 20;
/** Scale of the median absolute deviation to a standard deviation of a normal distribution. */
const NORMAL = 1.4826;
/** Least deviation, so that silence does not make a whisper a highlight; units of the channel. */
const DEVIATION_FLOOR: Record<HighlightChannel, number> = {
  /** Share of the picture that moves. */
  motion: 0.01,
  /** Decibels. */
  loudness: 2,
  /** Decibels of steady noise. */
  crowd: 2,
  /** Bets a second. */
  bets: 0.5,
};

class Channel {
  readonly #floor: number;
  /** One value a second, newest last. */
  readonly #seconds: { atUs: number; value: number }[] = [];
  #sum = 0;
  #count = 0;
  #secondUs = -1;

  constructor(floor: number) {
    this.#floor = floor;
  }

  add(atUs: number, value: number): void {
    const secondUs = Math.floor(atUs / SECOND_US) * SECOND_US;
    if (secondUs < this.#secondUs) return;
    if (secondUs !== this.#secondUs) this.#close();
    this.#secondUs = secondUs;
    this.#sum += value;
    this.#count++;
  }

  #close(): void {
    if (this.#count > 0) {
      this.#seconds.push({ atUs: this.#secondUs, value: this.#sum / this.#count });
      if (this.#seconds.length > USUAL_SECONDS) this.#seconds.shift();
    }
    this.#sum = 0;
    this.#count = 0;
  }

  /** Deviations of each of the newest seconds, oldest first; none while too little is known. */
  deviations(count: number): { atUs: number; deviations: number }[] {
    if (this.#seconds.length < KNOWN_SECONDS_MIN) return [];
    const values = this.#seconds.map(({ value }) => value);
    const middle = medianOf(values);
    const spread = medianOf(values.map((value) => Math.abs(value - middle)));
    const deviation = Math.max(NORMAL * spread, this.#floor);
    return this.#seconds.slice(-count).map(({ atUs, value }) => ({
      atUs,
      deviations: Math.min(DEVIATIONS_MAX, (value - middle) / deviation),
    }));
  }
}

export class Highlights {
  readonly #channels = new Map<HighlightChannel, Channel>();
  #judgedUs = -1;
  #toldUs = Number.NEGATIVE_INFINITY;
  #peak: { atUs: number; score: number; reasons: HighlightReason[] } | null = null;

  /**
   * @param value motion: share of the picture 0..1; loudness: LUFS; crowd: dB of steady noise;
   *   bets: a second
   * @throws RangeError naming the channel when the value is no number
   */
  add(channel: HighlightChannel, atUs: number, value: number): void {
    if (!Number.isFinite(value)) {
      throw new RangeError(`Highlight channel ${channel}: ${value} is no number`);
    }
    let known = this.#channels.get(channel);
    if (!known) {
      known = new Channel(DEVIATION_FLOOR[channel]);
      this.#channels.set(channel, known);
    }
    known.add(atUs, value);
  }

  /** What was learnt stays: a cut changes the picture and not what is usual in a show. */
  judge(nowUs: number): Highlight | null {
    const secondUs = Math.floor(nowUs / SECOND_US) * SECOND_US;
    if (secondUs <= this.#judgedUs) return null;
    this.#judgedUs = secondUs;
    const atUs = secondUs - LAG_SECONDS * SECOND_US;
    const reasons = this.#reasonsAt(atUs);
    const score = reasons.reduce((sum, { deviations }) => sum + Math.max(0, deviations - 1), 0);
    const isUnusual = score >= SCORE_MIN && (reasons[0]?.deviations ?? 0) >= DEVIATIONS_MIN;
    const isCool = atUs - this.#toldUs >= COOLDOWN_SECONDS * SECOND_US;
    if (isUnusual && isCool && (!this.#peak || score > this.#peak.score)) {
      this.#peak = { atUs, score, reasons };
    }
    const peak = this.#peak;
    if (!peak || atUs - peak.atUs < PEAK_SECONDS * SECOND_US) return null;
    this.#peak = null;
    this.#toldUs = peak.atUs;
    return {
      captureUs: peak.atUs,
      score: peak.score,
      reasons: peak.reasons,
      replayFromUs: Math.max(0, this.#riseUs(peak) - LEAD_SECONDS * SECOND_US),
      replayToUs: peak.atUs + TAIL_SECONDS * SECOND_US,
    };
  }

  #reasonsAt(atUs: number): HighlightReason[] {
    const reasons: HighlightReason[] = [];
    for (const [channel, known] of this.#channels) {
      const found = known.deviations(LAG_SECONDS + 2).find((one) => one.atUs === atUs);
      if (found && found.deviations > 1) reasons.push({ channel, deviations: found.deviations });
    }
    return reasons.sort((a, b) => b.deviations - a.deviations);
  }

  /** When the strongest channel began to rise towards the peak. */
  #riseUs(peak: { atUs: number; reasons: HighlightReason[] }): number {
    const [first] = peak.reasons;
    const known = first && this.#channels.get(first.channel);
    let riseUs = peak.atUs;
    const seconds = known?.deviations(RISE_SECONDS_MAX + PEAK_SECONDS + LAG_SECONDS) ?? [];
    for (const { atUs, deviations } of seconds.toReversed()) {
      if (atUs > peak.atUs) continue;
      if (deviations < RISE_DEVIATIONS) break;
      riseUs = atUs;
    }
    return riseUs;
  }
}

const NAMES: Record<HighlightChannel, string> = {
  ...{ motion: 'motion', loudness: 'loudness', crowd: 'steady noise (a crowd)', bets: 'bets' },
};

/** One sentence: reasons, score and range. */
export function sentenceOf({ reasons, score, replayFromUs, replayToUs }: Highlight): string {
  const parts = reasons.map(
    ({ channel, deviations }) => `${NAMES[channel]} ${deviations.toFixed(1)} deviations`,
  );
  const seconds = ((replayToUs - replayFromUs) / SECOND_US).toFixed(0);
  const said = parts.join(', ');
  const start = `${said.charAt(0).toUpperCase()}${said.slice(1)} above what is usual`;
  return `${start}; score ${score.toFixed(1)}, ${seconds} s to replay.`;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
