// Which zones have something in them on the newest picture that vision judged: by the same points
// that vision takes (feet, of a blob of motion its middle). Told only when that changes.

import { create } from 'zustand';
import { isInsidePlace, type PlacePoint } from '../../../core/contract/placeShapes.ts';
import type { FrameFacts } from '../../../core/wire/gen/facts_pb.js';
import { placesNow, useDrawing } from './drawingStore.ts';

export const useLights = create<{ lit: readonly string[] }>(() => ({ lit: [] }));

export function lightZones({ tracks }: FrameFacts): void {
  const zones = placesNow(useDrawing.getState().known).zones ?? [];
  const points = tracks.flatMap(({ box, label, predicted }): PlacePoint[] => {
    if (!box || predicted) return [];
    const isWhole = label === 'motion' || label.endsWith('ball');
    return [[box.x + box.width / 2, box.y + (isWhole ? box.height / 2 : box.height)]];
  });
  const lit = zones
    .filter(({ corners }) => points.some((point) => isInsidePlace(point, corners)))
    .map(({ subject }) => subject);
  const before = useLights.getState().lit;
  const isSame = lit.length === before.length && lit.every((one, at) => one === before[at]);
  if (!isSame) useLights.setState({ lit });
}
