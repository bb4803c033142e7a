// Pictures and facts of single events, fetched once and kept for a while. The addresses of pictures
// are this page's own and are given back when newer ones take their place.

import { useEffect, useState } from 'react';
import type { MomentView } from '../../../core/contract/timeline.ts';
import { addressOfBytes } from '../fetchParts.ts';
import { studio } from '../store.ts';

export type FetchedMoment = Omit<MomentView, 'still'> & {
  /** Address of the picture; empty: none. */
  still: string;
};

const KEPT_MAX = 80;
const kept = new Map<string, Promise<FetchedMoment | null>>();

async function fetchMoment(eventId: string): Promise<FetchedMoment | null> {
  const { still, ...rest } = await studio.timeline.moment({ eventId });
  const bytes = Uint8Array.from(atob(still), (letter) => letter.charCodeAt(0));
  return { ...rest, still: addressOfBytes(bytes, 'image/jpeg') };
}

function momentOf(eventId: string): Promise<FetchedMoment | null> {
  const known = kept.get(eventId);
  if (known) return known;
  const fetched = fetchMoment(eventId).catch(() => {
    // Asked again when somebody looks again.
    kept.delete(eventId);
    return null;
  });
  kept.set(eventId, fetched);
  const [oldest] = kept;
  if (kept.size > KEPT_MAX && oldest) {
    kept.delete(oldest[0]);
    void oldest[1].then((moment) => moment?.still && URL.revokeObjectURL(moment.still));
  }
  return fetched;
}

/** Forgets one, so that a picture that was not allowed may be asked for again. */
export function forgetMoment(eventId: string): void {
  kept.delete(eventId);
}

/** 'wait', then the moment or null. An empty id fetches nothing. */
export function useMoment(eventId: string): FetchedMoment | null | 'wait' {
  const [moment, setMoment] = useState<FetchedMoment | null | 'wait'>('wait');
  useEffect(() => {
    let isHere = true;
    setMoment('wait');
    if (eventId === '') return;
    void momentOf(eventId).then((found) => isHere && setMoment(found));
    return () => {
      isHere = false;
    };
  }, [eventId]);
  return moment;
}
