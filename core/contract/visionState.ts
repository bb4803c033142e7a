// What vision tells about the picture as a whole and about the places drawn on it: shown to whoever
// runs the show. It says nothing of single pictures; those have their own facts on the wire.

import { z } from 'zod';
import type { EventType } from './eventCatalogue.ts';

export const sceneStateSchema = z.object({
  isBlack: z.boolean(),
  /** Nothing at all changed for two seconds: a stuck source, or a scene without any life. */
  isFrozen: z.boolean(),
  isCameraMoving: z.boolean(),
  /** Between two wipes: what is shown happened before. */
  isReplay: z.boolean(),
});
export type SceneState = z.infer<typeof sceneStateSchema>;

/** Nothing is known, or nothing is the matter. */
export const CALM_SCENE: SceneState = {
  ...{ isBlack: false, isFrozen: false, isCameraMoving: false, isReplay: false },
};

/**
 * Whether lines, zones and calibration still lie where they were drawn. none: nothing is drawn.
 * carried: the camera moved and they moved along. lost: nobody knows, so lines, zones, goals and
 * speeds are not judged.
 */
export const placesStateSchema = z.object({
  state: z.enum(['none', 'still', 'carried', 'lost']),
  /** Why they are lost, in a few words; else empty. */
  reason: z.string().max(200),
});
export type PlacesState = z.infer<typeof placesStateSchema>;

export const NO_PLACES: PlacesState = { state: 'none', reason: '' };

/** Events that cannot be judged while places are lost. */
export const EVENTS_OF_PLACES: readonly EventType[] = [
  'kickOff',
  'goal',
  'lineCrossed',
  'zoneEntered',
  'shot',
  'sprint',
  'speedRecord',
];
