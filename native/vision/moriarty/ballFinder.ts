// Finds small fast balls: motion candidates, a classifier's word on each, and chains of such words
// along a thrown thing's way. One word alone is often a knee or a head that turned; what is told
// has been said again and again along one way. It knows pixels of 640x360 and no model's file.

import { BallCandidates } from './ballCandidates.ts';

/** What the classifier says of crops: kinds (ball, limb, noise), offset x and y, radius; pixels. */
export type CropWords = { kinds: Float32Array; offset: Float32Array; radius: Float32Array };
export type ClassifyCrops = (crops: Float32Array, count: number) => Promise<CropWords>;

/** A word before the newest one: where it would lie on this picture, and how many pictures ago. */
export type PastPlace = { x: number; y: number; stepsAgo: number };
/** Pixels of 640x360; `speed`: against the ground, a picture; `past`: the oldest first. */
export type FoundBall = {
  x: number;
  y: number;
  radius: number;
  confidence: number;
  hits: number;
  speed: number;
  past: PastPlace[];
};

/** First word below which a place is not looked at again. */
const SECOND_LOOK_MIN = 0.2;
/** Words below this are not chained. */
const WORD_MIN = 0.3;
/** Smaller ones are noise as often as not, pixels of 640. */
const RADIUS_MIN = 4;
/** A ball may be this far from where its way leads, pixels, and more the faster it is. */
const GATE = 9;
const GATE_SPEED_SHARE = 0.6;
/** Pictures without a word after which a chain ends. */
const MISSES_MAX = 3;
/** Share of the newest step in a chain's velocity. */
const NEWEST_SHARE = 0.6;
/** Sizes along one way may differ by this factor. */
const SIZE_FACTOR = 1.8;

type Shift = { x: number; y: number };
type Word = { x: number; y: number; radius: number; confidence: number };
/** Velocity is per picture; `steps`: pictures since the last word. */
type Chain = Word & {
  vx: number;
  vy: number;
  hits: number;
  misses: number;
  steps: number;
  past: PastPlace[];
};
/** Words before the newest that a chain remembers. */
const PAST_MAX = 10;

export type BallFinderOptions = {
  /** Words along one way that make a ball. */
  hitsMin: number;
  /** Mean of a chain's words. */
  confidenceMin: number;
};
export const BALL_FINDER_DEFAULTS: BallFinderOptions = { hitsMin: 4, confidenceMin: 0.7 };

export class BallFinder {
  readonly #classify: ClassifyCrops;
  readonly #options: BallFinderOptions;
  readonly #candidates = new BallCandidates();
  #chains: Chain[] = [];

  constructor(classify: ClassifyCrops, options: BallFinderOptions = BALL_FINDER_DEFAULTS) {
    this.#classify = classify;
    this.#options = options;
  }

  reset(): void {
    this.#candidates.reset();
    this.#chains = [];
  }

  /**
   * Takes the next picture.
   *
   * @param luma PICTURE's size
   * @param shift pixels that the content moved to the right and down since the last picture
   * @param steps pictures that have passed, with those that it was not given
   */
  async judge(luma: Uint8Array, shift: Shift, steps = 1): Promise<FoundBall[]> {
    const places = this.#candidates.take(luma, shift);
    const words = await this.#words(places);
    this.#carry(shift, steps);
    this.#chain(words);
    const { hitsMin, confidenceMin } = this.#options;
    return this.#chains
      .filter(
        ({ misses, hits, confidence }) =>
          misses === 0 && hits >= hitsMin && confidence >= confidenceMin,
      )
      .map(({ x, y, vx, vy, radius, confidence, hits, past }) => {
        const speed = Math.hypot(vx, vy);
        return { x, y, radius, confidence, hits, speed, past: past.slice(0, -1) };
      });
  }

  async #words(places: readonly { x: number; y: number }[]): Promise<Word[]> {
    const first = await this.#look(places);
    // A second look from where the first one saw the middle: more is in the crop.
    const again = first.filter(({ confidence }) => confidence >= SECOND_LOOK_MIN);
    const second = await this.#look(again);
    const words = second.map((word, index) => ({
      ...word,
      confidence: Math.sqrt(word.confidence * (again[index]?.confidence ?? 0)),
    }));
    words.sort((a, b) => b.confidence - a.confidence);
    const kept: Word[] = [];
    for (const word of words) {
      if (word.confidence < WORD_MIN || word.radius < RADIUS_MIN) continue;
      const isNew = kept.every(
        ({ x, y, radius }) => Math.hypot(x - word.x, y - word.y) > Math.max(10, radius * 1.2),
      );
      if (isNew) kept.push(word);
    }
    return kept;
  }

  async #look(places: readonly { x: number; y: number }[]): Promise<Word[]> {
    if (places.length === 0) return [];
    const { kinds, offset, radius } = await this.#classify(
      this.#candidates.crops(places),
      places.length,
    );
    return places.map(({ x, y }, index) => ({
      x: Math.round(x) + (offset[index * 2] ?? 0),
      y: Math.round(y) + (offset[index * 2 + 1] ?? 0),
      radius: radius[index] ?? 0,
      confidence: kinds[index * 3] ?? 0,
    }));
  }

  #carry(shift: Shift, steps: number): void {
    for (const chain of this.#chains) {
      chain.x += shift.x + chain.vx * steps;
      chain.y += shift.y + chain.vy * steps;
      chain.steps += steps;
      for (const place of chain.past) {
        place.x += shift.x;
        place.y += shift.y;
        place.stepsAgo += steps;
      }
      chain.misses++;
    }
  }

  /** Each word goes to the chain whose way leads nearest; the rest begin their own. */
  #chain(words: readonly Word[]): void {
    const pairs = words.flatMap((word) =>
      this.#chains.flatMap((chain) => {
        const far = Math.hypot(word.x - chain.x, word.y - chain.y);
        const speed = Math.hypot(chain.vx, chain.vy);
        // Of a new chain the speed is not known yet.
        const gate = chain.hits === 1 ? 34 : GATE + GATE_SPEED_SHARE * speed * chain.steps;
        const size = Math.max(word.radius / chain.radius, chain.radius / word.radius);
        return far <= gate && size <= SIZE_FACTOR ? [{ word, chain, far }] : [];
      }),
    );
    pairs.sort((a, b) => a.far - b.far);
    const taken = new Set<Word | Chain>();
    for (const { word, chain } of pairs) {
      if (taken.has(word) || taken.has(chain)) continue;
      taken.add(word);
      taken.add(chain);
      extend(chain, word);
    }
    this.#chains = this.#chains.filter(({ misses }) => misses <= MISSES_MAX);
    for (const word of words) {
      if (!taken.has(word)) this.#chains.push(chainOf(word));
    }
  }
}

function chainOf(word: Word): Chain {
  const past = [{ x: word.x, y: word.y, stepsAgo: 0 }];
  return { ...word, vx: 0, vy: 0, hits: 1, misses: 0, steps: 0, past };
}

function extend(chain: Chain, word: Word): void {
  const steps = Math.max(1, chain.steps);
  const share = chain.hits === 1 ? 1 : NEWEST_SHARE;
  // The carried place already holds the old velocity; what is left over is its change.
  chain.vx += (share * (word.x - chain.x)) / steps;
  chain.vy += (share * (word.y - chain.y)) / steps;
  chain.x = word.x;
  chain.y = word.y;
  chain.radius += 0.4 * (word.radius - chain.radius);
  chain.confidence += (word.confidence - chain.confidence) / Math.min(6, chain.hits + 1);
  chain.past = [...chain.past.slice(-PAST_MAX), { x: word.x, y: word.y, stepsAgo: 0 }];
  chain.hits++;
  chain.misses = 0;
  chain.steps = 0;
}
