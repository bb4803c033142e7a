// Which content coding a client is answered with (RFC 9110 section 12.5.3). It decides over words
// only: who compresses and keeps is the caller. Surprising: q=0 forbids, and "*" stands for what is
// not named.

/** What we make, best first. `identity` is the bytes as they are. */
export type ContentCoding = 'br' | 'gzip' | 'identity';

const PREFERRED = ['br', 'gzip'] as const;
const CODING_PATTERN = /^\s*([\w*-]{1,32})\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*$/i;
/** A header that names more is not a browser's. */
const CODINGS_MAX = 20;

/** Kinds of files that shrink; pictures and fonts are compressed already. */
const COMPRESSIBLE_PATTERN = /\.(?:html|js|css|json|svg|txt|wasm|webmanifest)$/;

/** True when a file of this name is worth compressing. */
export function isCompressible(fileName: string): boolean {
  return COMPRESSIBLE_PATTERN.test(fileName);
}

/**
 * The best coding that an Accept-Encoding header allows, brotli before gzip where both weigh the
 * same. Anything unreadable is answered with `identity`.
 */
export function contentCodingFor(acceptEncoding: string | undefined): ContentCoding {
  const weights = new Map<string, number>();
  for (const part of (acceptEncoding ?? '').split(',').slice(0, CODINGS_MAX)) {
    const [, name, weight] = CODING_PATTERN.exec(part) ?? [];
    if (name !== undefined) weights.set(name.toLowerCase(), Number(weight ?? '1'));
  }
  const weightOf = (name: string) => weights.get(name) ?? weights.get('*') ?? 0;
  let best: ContentCoding = 'identity';
  let bestWeight = 0;
  for (const name of PREFERRED) {
    if (weightOf(name) <= bestWeight) continue;
    best = name;
    bestWeight = weightOf(name);
  }
  return best;
}
