// What a request for a television's piece means, and who is refused. Everything here comes from a
// stranger: names and numbers are checked before anything is looked up by them.

import { type Show, Show_State } from '../../core/wire/gen/facts_pb.js';

/** `/tv/{channel}` is the page, `/hls/{channel}/{name}` its pieces. */
export const TELEVISION_PATH = /^\/(tv|hls)\/([0-9a-f]{32})(?:\/([a-z0-9.]{1,40}))?\/?$/;

export type Piece = {
  kind: 'index' | 'live' | 'header' | 'segment' | 'part';
  /** Of a header, segment or part. */
  number: number;
  /** What a playlist is waited for; null: as it is now (`_HLS_msn`, `_HLS_part`). */
  segment: number | null;
  part: number | null;
};

/** Null: there is no such name. A sentence: the question contradicts itself. */
export function pieceOf(name: string, query: URLSearchParams): Piece | string | null {
  const none = { number: 0, segment: null, part: null };
  if (name === 'index.m3u8') return { ...none, kind: 'index' };
  if (name === 'live.m3u8') {
    const segment = numberOf(query.get('_HLS_msn'));
    const part = numberOf(query.get('_HLS_part'));
    if (segment === undefined || part === undefined) return 'A segment and a part are numbers.';
    if (part !== null && segment === null) return '_HLS_part needs _HLS_msn beside it.';
    return { kind: 'live', number: 0, segment, part };
  }
  const [, kind, digits] = /^(header|segment|part)(\d{1,12})\.(?:mp4|m4s)$/.exec(name) ?? [];
  if (kind !== 'header' && kind !== 'segment' && kind !== 'part') return null;
  const isHeader = kind === 'header';
  if (isHeader !== name.endsWith('.mp4')) return null;
  return { ...none, kind, number: Number(digits) };
}

/** Null: not asked. Undefined: no number. */
function numberOf(text: string | null): number | null | undefined {
  if (text === null) return null;
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

export type TelevisionRefusal = { status: number; detail: string };

/** Null: the show may be shown this way now. */
export function refusalOf(show: Show | null, isBarred: boolean): TelevisionRefusal | null {
  const link = 'Open the link of the show instead.';
  if (!show) return { status: 404, detail: 'There is no such channel here.' };
  // A key never stands in an address that a player sends, so nobody could open such pictures.
  if (show.encrypted) return { status: 403, detail: `The show is sealed end to end. ${link}` };
  if (!show.television) {
    return { status: 403, detail: `The owner does not show this to televisions. ${link}` };
  }
  if (isBarred) return { status: 403, detail: 'Your network is banned from this show.' };
  return null;
}

/** Whether pictures of now belong to the show. */
export function isLive(show: Show | null): boolean {
  return show?.state === Show_State.LIVE;
}
