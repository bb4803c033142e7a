// By how much another engine shifted the RTP timestamps of the very same pictures. Both connections
// bring the same encoded stream, so the same frame decodes to the same picture in both: frames are
// told apart by a print of their pixels and matched. Pure: prints are strings here. A print that
// stands for two moments (a still picture) proves nothing and is left out.

/** Pairs that must agree before a shift is believed. */
export const PAIRS_MIN = 5;
/** Share of all pairs that must agree: a browser may draw a newer frame than it names. */
const AGREEMENT_MIN = 0.7;
/** Prints kept for each side: some four seconds. */
const PRINTS_MAX = 128;

export class FrameMatch {
  readonly #here = new Map<string, number | null>();
  readonly #elsewhere = new Map<string, number | null>();

  /** A frame of our relay's connection. */
  seenHere(print: string, rtpTimestamp: number): void {
    note(this.#here, print, rtpTimestamp);
  }

  /** A frame of the other engine's connection. */
  seenElsewhere(print: string, rtpTimestamp: number): void {
    note(this.#elsewhere, print, rtpTimestamp);
  }

  /** Ticks (90 kHz, unsigned 32 bit) that the other engine added; null while it is not known. */
  shift(): number | null {
    const votes = new Map<number, number>();
    let pairs = 0;
    for (const [print, there] of this.#elsewhere) {
      const here = this.#here.get(print);
      if (there === null || here === null || here === undefined) continue;
      const shift = (there - here) >>> 0;
      votes.set(shift, (votes.get(shift) ?? 0) + 1);
      pairs++;
    }
    let best: { shift: number; count: number } | null = null;
    for (const [shift, count] of votes) if (count > (best?.count ?? 0)) best = { shift, count };
    if (!best || best.count < PAIRS_MIN || best.count < pairs * AGREEMENT_MIN) return null;
    return best.shift;
  }
}

function note(side: Map<string, number | null>, print: string, rtpTimestamp: number): void {
  const known = side.get(print);
  side.set(print, known === undefined || known === rtpTimestamp ? rtpTimestamp : null);
  if (side.size <= PRINTS_MAX) return;
  const [oldest] = side.keys();
  if (oldest !== undefined) side.delete(oldest);
}
