// What a publisher and a viewer may say about layers: `?layer=` of an offer, and the viewer's own
// choice while it watches, by the layer extension of WHEP (a POST of JSON beside the session).

import { type MediaResponse, refuse, respond } from '../../native/webrtc/responses.ts';
import { LAYERS, type LayerId } from './layerSource.ts';

const RELATION = 'urn:ietf:params:whep:ext:core:layer';
/** A choice is a few bytes. */
const CHOICE_LENGTH_MAX = 1024;

export type LayerState = { id: string; bitsPerSecond: number };

/** The layer that an offer names, the best one where it names none; undefined: there is no such. */
export function layerOf(query: URLSearchParams): LayerId | undefined {
  const named = query.get('layer') ?? 'high';
  return LAYERS.find((id) => id === named);
}

export function unknownLayer(): MediaResponse {
  const detail = `A layer is one of ${LAYERS.join(', ')}; each is a session of its own.`;
  return refuse(422, 'Unknown layer', detail);
}

/** Where a viewer sends its choice, as a line of its Link header. */
export function layerLink(sessionPath: string): string {
  return `<${sessionPath}/layer>; rel="${RELATION}"`;
}

/**
 * GET tells the layers and the one that is sent; POST `{ "encodingId": "low" }` chooses, and null
 * (or "auto") leaves it to the relay again.
 */
export function answerLayerChoice(
  method: string,
  body: string,
  viewer: { chooseLayer(id: string | null): boolean; layer(): string },
  layers: readonly LayerState[],
): MediaResponse {
  const json = { 'content-type': 'application/json' };
  if (method === 'GET') {
    return respond(200, json, JSON.stringify({ layers, current: viewer.layer() }));
  }
  if (method !== 'POST') {
    return refuse(405, 'Method not allowed', 'Use one of GET, POST.', { allow: 'GET, POST' });
  }
  const wish = wishOf(body);
  if (wish === undefined) {
    return refuse(400, 'No choice', 'Send JSON with encodingId: a layer’s id, or null.');
  }
  if (!viewer.chooseLayer(wish)) {
    const names = layers.map(({ id }) => id).join(', ');
    return refuse(422, 'No such layer', `This show has ${names || 'no layer'} now.`);
  }
  return respond(200, json, JSON.stringify({ layers, current: viewer.layer() }));
}

/** Undefined when it is no choice at all. */
function wishOf(body: string): string | null | undefined {
  if (body.length > CHOICE_LENGTH_MAX) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const id: unknown = Reflect.get(parsed, 'encodingId');
    if (id === null || id === 'auto') return null;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
