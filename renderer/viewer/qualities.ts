// Asks the relay which qualities of the picture there are, and chooses one: the layer extension of
// WHEP, which our relay has beside the session. Without an answer there is nothing to choose, and
// that is no trouble.

export type Qualities = {
  /** Best first. */
  layers: readonly { id: string; bitsPerSecond: number }[];
  /** What is sent now. */
  current: string;
};

const LAYERS_MAX = 8;

/** `wish`: a layer's id, null to leave it to the relay; not given: only asks. */
export async function askQualities(url: string, wish?: string | null): Promise<Qualities | null> {
  try {
    const choice = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ encodingId: wish }),
    };
    const response = await fetch(url, wish === undefined ? {} : choice);
    return response.ok ? readQualities(await response.json()) : null;
  } catch {
    return null;
  }
}

/** What a relay answers; null when it is nothing to choose from. */
export function readQualities(answer: unknown): Qualities | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const layers: unknown = Reflect.get(answer, 'layers');
  const current: unknown = Reflect.get(answer, 'current');
  if (!Array.isArray(layers) || typeof current !== 'string') return null;
  const known: { id: string; bitsPerSecond: number }[] = [];
  for (const layer of layers.slice(0, LAYERS_MAX)) {
    const id: unknown = layer?.id;
    const bitsPerSecond = Number(layer?.bitsPerSecond ?? 0);
    if (typeof id === 'string' && /^[\w-]{1,32}$/.test(id) && Number.isFinite(bitsPerSecond)) {
      known.push({ id, bitsPerSecond });
    }
  }
  return known.length > 1 ? { layers: known, current } : null;
}
