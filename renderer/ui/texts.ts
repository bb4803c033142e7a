// The one place that words come from. Each page chooses its catalogues in its `words.ts`, which it
// imports before anything else, so that no page carries the words of another. Pages name a key; a
// key that no catalogue has does not compile, and one that the page did not choose shows itself.

import type { breakItTexts } from './texts/breakIt.ts';
import type { captureTexts } from './texts/capture.ts';
import type { chatTexts } from './texts/chat.ts';
import type { checkTexts } from './texts/check.ts';
import type { commandTexts } from './texts/commands.ts';
import type { dockTexts } from './texts/docks.ts';
import type { drawingTexts } from './texts/drawing.ts';
import type { fairnessTexts } from './texts/fairness.ts';
import type { firstRunTexts } from './texts/firstRun.ts';
import type { handoverTexts } from './texts/handover.ts';
import type { historyTexts } from './texts/history.ts';
import type { managementTexts } from './texts/management.ts';
import type { mixerTexts } from './texts/mixer.ts';
import type { modelTexts } from './texts/models.ts';
import type { moderationTexts } from './texts/moderation.ts';
import type { obsTexts } from './texts/obs.ts';
import type { outwardTexts } from './texts/outward.ts';
import type { overlayTexts } from './texts/overlay.ts';
import type { pictureTexts } from './texts/picture.ts';
import type { playbackTexts } from './texts/playback.ts';
import type { recordingTexts } from './texts/recording.ts';
import type { reportTexts } from './texts/report.ts';
import type { sharedTexts } from './texts/shared.ts';
import type { statsTexts } from './texts/stats.ts';
import type { studioTexts } from './texts/studio.ts';
import type { timelineTexts } from './texts/timeline.ts';
import type { viewerTexts } from './texts/viewer.ts';
import type { xrayTexts } from './texts/xray.ts';

type All = typeof sharedTexts &
  typeof studioTexts &
  typeof timelineTexts &
  typeof drawingTexts &
  typeof commandTexts &
  typeof dockTexts &
  typeof managementTexts &
  typeof moderationTexts &
  typeof handoverTexts &
  typeof fairnessTexts &
  typeof reportTexts &
  typeof historyTexts &
  typeof recordingTexts &
  typeof statsTexts &
  typeof breakItTexts &
  typeof firstRunTexts &
  typeof pictureTexts &
  typeof obsTexts &
  typeof outwardTexts &
  typeof playbackTexts &
  typeof modelTexts &
  typeof mixerTexts &
  typeof viewerTexts &
  typeof chatTexts &
  typeof captureTexts &
  typeof checkTexts &
  typeof overlayTexts &
  typeof xrayTexts;

export type TextKey = keyof All;
/** A catalogue of the same keys in another language: a missing or unknown key does not compile. */
export type WordsLike<Catalogue> = Readonly<Record<keyof Catalogue, string>>;

const chosen: Partial<Record<TextKey, string>> = {};

/** Adds catalogues for all later calls of `text`; a later one wins, as another language does. */
export function chooseTexts(...catalogues: readonly Partial<Record<TextKey, string>>[]): void {
  Object.assign(chosen, ...catalogues);
}

/** The words for a key, `{name}` replaced by `values.name`. */
export function text(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return (chosen[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}
