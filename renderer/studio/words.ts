// The words of the studio page: English at once, another language fetched when somebody speaks it.
// Imported before anything that says one. A new catalogue is a line here and one in
// wordsChinese.ts, which else does not compile.

import type { PageLanguage } from '../ui/pageLanguage.ts';
import { chooseSayer } from '../ui/sentences.ts';
import { breakItTexts } from '../ui/texts/breakIt.ts';
import { commandTexts } from '../ui/texts/commands.ts';
import { dockTexts } from '../ui/texts/docks.ts';
import { drawingTexts } from '../ui/texts/drawing.ts';
import { fairnessTexts } from '../ui/texts/fairness.ts';
import { firstRunTexts } from '../ui/texts/firstRun.ts';
import { handoverTexts } from '../ui/texts/handover.ts';
import { historyTexts } from '../ui/texts/history.ts';
import { managementTexts } from '../ui/texts/management.ts';
import { mixerTexts } from '../ui/texts/mixer.ts';
import { modelTexts } from '../ui/texts/models.ts';
import { moderationTexts } from '../ui/texts/moderation.ts';
import { obsTexts } from '../ui/texts/obs.ts';
import { outwardTexts } from '../ui/texts/outward.ts';
import { pictureTexts } from '../ui/texts/picture.ts';
import { playbackTexts } from '../ui/texts/playback.ts';
import { recordingTexts } from '../ui/texts/recording.ts';
import { reportTexts } from '../ui/texts/report.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { statsTexts } from '../ui/texts/stats.ts';
import { studioTexts } from '../ui/texts/studio.ts';
import { timelineTexts } from '../ui/texts/timeline.ts';
import { xrayTexts } from '../ui/texts/xray.ts';
import { chooseTexts } from '../ui/texts.ts';

const ENGLISH_WORDS = {
  ...sharedTexts,
  ...studioTexts,
  ...commandTexts,
  ...dockTexts,
  ...managementTexts,
  ...moderationTexts,
  ...modelTexts,
  ...mixerTexts,
  ...handoverTexts,
  ...historyTexts,
  ...obsTexts,
  ...outwardTexts,
  ...playbackTexts,
  ...recordingTexts,
  ...statsTexts,
  ...fairnessTexts,
  ...reportTexts,
  ...breakItTexts,
  ...pictureTexts,
  ...xrayTexts,
  ...timelineTexts,
  ...firstRunTexts,
  ...drawingTexts,
};
export type EnglishWords = typeof ENGLISH_WORDS;

chooseTexts(ENGLISH_WORDS);

/** All later words are of this language. False when they could not be fetched: English stays. */
export async function speak(language: PageLanguage): Promise<boolean> {
  try {
    const chinese = language === 'zh' ? await import('./wordsChinese.ts') : null;
    chooseTexts(chinese?.CHINESE_WORDS ?? ENGLISH_WORDS);
    chooseSayer(chinese?.sayChinese ?? ((sentence) => sentence));
    document.documentElement.lang = language;
    return true;
  } catch {
    return false;
  }
}
