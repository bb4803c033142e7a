// The newest half minute of a show as HTTP Live Streaming wants it: segments and their parts, with
// the playlist that names them (RFC 8216; parts, hints and blocking reload by its second edition,
// draft-ietf-hls-rfc8216bis section 4.4 and 6.2). A segment begins at every key frame. Memory is
// bounded by time and by bytes; the oldest goes first. Knows no request and no clock.

import type { MediaTimeUs } from '../base/clock.ts';
import type { Piece } from './fragmenter.ts';

/**
 * No part is longer, microseconds. All but a segment's last have to reach 85 % of it: they do from
 * seven pictures a second on. A little over a second, the way from key frame to key frame.
 */
export const PART_US_MAX = 1_100_000;
/** Key frames that are closer together do not all begin a segment. */
export const KEY_FRAME_US = 100_000;
/** No segment is longer: where no key frame comes it begins without one. */
export const SEGMENT_US_MAX = 6_000_000;
/** Players begin this far behind the newest part: three parts, the least that is allowed. */
export const BEHIND_US = 3 * PART_US_MAX;
const BEHIND = `PART-HOLD-BACK=${seconds(BEHIND_US)},HOLD-BACK=${seconds(3 * SEGMENT_US_MAX)}`;
/** Kept for players: three of the longest segments named, and one more for who is slow. */
const WINDOW_US = 4 * SEGMENT_US_MAX;
/** Of one show: half a minute of 12 Mbit/s. */
export const WINDOW_BYTES_MAX = 48 * 1024 * 1024;
/** A shorter hole in the picture is one that players jump over. */
const HOLE_US_MAX = 500_000;
/** Parts are named for so long; older ones only as whole segments. */
const PARTS_NAMED_US = 3 * SEGMENT_US_MAX;

export type HlsPart = {
  /** Counts up over all segments, so that a hint names the next one for sure. */
  number: number;
  bytes: Uint8Array;
  durationUs: number;
  startsWithKeyFrame: boolean;
};

export type HlsSegment = {
  number: number;
  /** Of the header that it needs. */
  header: number;
  /** Times or coding do not follow on from the segment before. */
  isBreak: boolean;
  /** Wall clock of its first picture, ms since 1970. */
  atMs: number;
  durationUs: number;
  parts: HlsPart[];
  isWhole: boolean;
};

export type HlsWindow = {
  /** The next piece; `atMs` is the wall clock of its first picture. */
  push(piece: Piece, atMs: number): void;
  /** Nothing follows: the last segment is whole. */
  end(): void;
  /** As `_HLS_msn` and `_HLS_part` mean it: there already, or something behind it. */
  isThere(segment: number, part: number | null): boolean;
  newestSegment(): number | null;
  hasWholeSegment(): boolean;
  playlist(notice: string): string;
  /** Null when it was never there, or is forgotten. */
  header(number: number): Uint8Array | null;
  segment(number: number): HlsSegment | null;
  part(number: number): HlsPart | null;
  nextPart(): number;
  newestHeader(): number | null;
  /** Of the fastest segment. */
  bitsPerSecondMax(): number;
  bytes(): number;
};

/**
 * @param first what segments, parts and headers count up from: never lower than in an earlier
 *   window of the same show, or a cache would answer with pictures of that one
 * @param bytesMax for tests
 */
export function createHlsWindow(first: number, bytesMax = WINDOW_BYTES_MAX): HlsWindow {
  return new Window(first, bytesMax);
}

class Window implements HlsWindow {
  readonly #bytesMax: number;
  readonly #headers = new Map<number, Uint8Array>();
  #segments: HlsSegment[] = [];
  #header: number;
  readonly #next: { segment: number; part: number };
  #breaksForgotten = 0;
  #bytes = 0;
  #toUs: MediaTimeUs | null = null;
  #isEnded = false;

  constructor(first: number, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#header = first;
    this.#next = { segment: first, part: first };
  }

  push(piece: Piece, atMs: number): void {
    if (piece.header) {
      this.#header++;
      this.#headers.set(this.#header, piece.header);
    }
    const durationUs = piece.toUs - piece.fromUs;
    const holeUs = this.#toUs === null ? 0 : Math.abs(piece.fromUs - this.#toUs);
    const isBreak = this.#toUs !== null && (!!piece.header || holeUs > HOLE_US_MAX);
    this.#toUs = piece.toUs;
    const open = this.#segments.at(-1);
    const isFull = !open || open.durationUs + durationUs > SEGMENT_US_MAX;
    if (isFull || isBreak || piece.startsWithKeyFrame) {
      if (open) open.isWhole = true;
      const at = { number: this.#next.segment++, header: this.#header, isBreak, atMs };
      this.#segments.push({ ...at, durationUs: 0, parts: [], isWhole: false });
    }
    const segment = this.#segments.at(-1);
    if (!segment) return;
    const { bytes, startsWithKeyFrame } = piece;
    segment.parts.push({ number: this.#next.part++, bytes, durationUs, startsWithKeyFrame });
    segment.durationUs += durationUs;
    this.#bytes += bytes.length;
    this.#forget();
  }

  end(): void {
    this.#isEnded = true;
    const last = this.#segments.at(-1);
    if (last) last.isWhole = true;
  }

  #forget(): void {
    let heldUs = this.#segments.reduce((sum, { durationUs }) => sum + durationUs, 0);
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0];
      if (!oldest) return;
      const isOld = heldUs - oldest.durationUs >= WINDOW_US;
      if (!isOld && this.#bytes <= this.#bytesMax) break;
      this.#segments.shift();
      heldUs -= oldest.durationUs;
      for (const { bytes } of oldest.parts) this.#bytes -= bytes.length;
      if (oldest.isBreak) this.#breaksForgotten++;
    }
    const needed = this.#segments[0]?.header ?? 0;
    for (const number of this.#headers.keys()) if (number < needed) this.#headers.delete(number);
  }

  isThere(segment: number, part: number | null): boolean {
    const newest = this.#segments.at(-1);
    if (this.#isEnded || !newest) return this.#isEnded;
    if (newest.number !== segment) return newest.number > segment;
    return newest.isWhole || (part !== null && newest.parts.length > part);
  }

  newestSegment(): number | null {
    return this.#segments.at(-1)?.number ?? null;
  }

  hasWholeSegment(): boolean {
    return this.#segments.some(({ isWhole }) => isWhole);
  }

  playlist(notice: string): string {
    const lines = [
      ...['#EXTM3U', '#EXT-X-VERSION:9', `# ${notice}`],
      `#EXT-X-TARGETDURATION:${SEGMENT_US_MAX / 1_000_000}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,${BEHIND}`,
      `#EXT-X-PART-INF:PART-TARGET=${seconds(PART_US_MAX)}`,
      `#EXT-X-MEDIA-SEQUENCE:${this.#segments[0]?.number ?? 0}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${this.#breaksForgotten}`,
    ];
    let leftUs = this.#segments.reduce((sum, { durationUs }) => sum + durationUs, 0);
    let header = 0;
    for (const segment of this.#segments) {
      if (segment.isBreak) lines.push('#EXT-X-DISCONTINUITY');
      if (segment.header !== header) lines.push(`#EXT-X-MAP:URI="header${segment.header}.mp4"`);
      header = segment.header;
      lines.push(...linesOf(segment, leftUs <= PARTS_NAMED_US));
      leftUs -= segment.durationUs;
    }
    if (this.#isEnded) lines.push('#EXT-X-ENDLIST');
    else lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part${this.#next.part}.m4s"`);
    return `${lines.join('\n')}\n`;
  }

  header(number: number): Uint8Array | null {
    return this.#headers.get(number) ?? null;
  }

  segment(number: number): HlsSegment | null {
    const found = this.#segments.find((segment) => segment.number === number);
    return found?.isWhole ? found : null;
  }

  part(number: number): HlsPart | null {
    for (const { parts } of this.#segments) {
      const found = parts[number - (parts[0]?.number ?? number)];
      if (found?.number === number) return found;
    }
    return null;
  }

  nextPart(): number {
    return this.#next.part;
  }

  newestHeader(): number | null {
    return this.#segments.at(-1)?.header ?? null;
  }

  bitsPerSecondMax(): number {
    let most = 0;
    for (const { durationUs, parts } of this.#segments) {
      const bits = parts.reduce((sum, { bytes }) => sum + bytes.length * 8, 0);
      if (durationUs > 0) most = Math.max(most, (bits * 1_000_000) / durationUs);
    }
    return Math.ceil(most);
  }

  bytes(): number {
    return this.#bytes;
  }
}

function linesOf(segment: HlsSegment, withParts: boolean): string[] {
  const lines = [`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.atMs).toISOString()}`];
  for (const part of withParts ? segment.parts : []) {
    const { number, durationUs, startsWithKeyFrame } = part;
    const independent = startsWithKeyFrame ? ',INDEPENDENT=YES' : '';
    lines.push(`#EXT-X-PART:DURATION=${seconds(durationUs)},URI="part${number}.m4s"${independent}`);
  }
  if (!segment.isWhole) return lines;
  return [...lines, `#EXTINF:${seconds(segment.durationUs)},`, `segment${segment.number}.m4s`];
}

/**
 * The playlist that names the stream (RFC 8216 section 4.3.4). Players want to know what they will
 * have to decode before they fetch it.
 */
export function hlsIndex(stream: {
  codecs: string;
  width: number;
  height: number;
  bitsPerSecond: number;
  /** Said to whoever shows the playlist's words, by language. */
  notices: Readonly<Record<string, string>>;
}): string {
  const { codecs, width, height, bitsPerSecond, notices } = stream;
  const said = Object.entries(notices).map(
    ([language, value]) =>
      `#EXT-X-SESSION-DATA:DATA-ID="studio.notice",LANGUAGE="${language}",VALUE="${value}"`,
  );
  const picture = `CODECS="${codecs}",RESOLUTION=${width}x${height}`;
  return [
    ...['#EXTM3U', '#EXT-X-VERSION:9', ...said],
    `#EXT-X-STREAM-INF:BANDWIDTH=${Math.max(1, bitsPerSecond)},${picture}`,
    'live.m3u8\n',
  ].join('\n');
}

/** Decimal seconds of whole microseconds, without the error of a sum in floating point. */
function seconds(us: number): string {
  return (us / 1_000_000).toFixed(6).replace(/\.?0+$/, '');
}
