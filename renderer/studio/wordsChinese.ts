// The studio in Chinese: all its catalogues and the typeface. Fetched only by who speaks it.

import { breakItTextsChinese } from '../ui/texts/breakItChinese.ts';
import { commandTextsChinese } from '../ui/texts/commandsChinese.ts';
import { dockTextsChinese } from '../ui/texts/docksChinese.ts';
import { drawingTextsChinese } from '../ui/texts/drawingChinese.ts';
import { fairnessTextsChinese } from '../ui/texts/fairnessChinese.ts';
import { firstRunTextsChinese } from '../ui/texts/firstRunChinese.ts';
import { handoverTextsChinese } from '../ui/texts/handoverChinese.ts';
import { historyTextsChinese } from '../ui/texts/historyChinese.ts';
import { managementTextsChinese } from '../ui/texts/managementChinese.ts';
import { mixerTextsChinese } from '../ui/texts/mixerChinese.ts';
import { modelTextsChinese } from '../ui/texts/modelsChinese.ts';
import { moderationTextsChinese } from '../ui/texts/moderationChinese.ts';
import { obsTextsChinese } from '../ui/texts/obsChinese.ts';
import { outwardTextsChinese } from '../ui/texts/outwardChinese.ts';
import { pictureTextsChinese } from '../ui/texts/pictureChinese.ts';
import { playbackTextsChinese } from '../ui/texts/playbackChinese.ts';
import { recordingTextsChinese } from '../ui/texts/recordingChinese.ts';
import { reportTextsChinese } from '../ui/texts/reportChinese.ts';
import { sharedTextsChinese } from '../ui/texts/sharedChinese.ts';
import { statsTextsChinese } from '../ui/texts/statsChinese.ts';
import { studioTextsChinese } from '../ui/texts/studioChinese.ts';
import { timelineTextsChinese } from '../ui/texts/timelineChinese.ts';
import { xrayTextsChinese } from '../ui/texts/xrayChinese.ts';
import type { WordsLike } from '../ui/texts.ts';
import type { EnglishWords } from './words.ts';
import '../ui/chineseFont.css';

export { sayChinese } from '../ui/sentences/sentencesChinese.ts';

/** A catalogue that the studio says in English and not here does not compile. */
export const CHINESE_WORDS: WordsLike<EnglishWords> = {
  ...sharedTextsChinese,
  ...studioTextsChinese,
  ...commandTextsChinese,
  ...dockTextsChinese,
  ...managementTextsChinese,
  ...moderationTextsChinese,
  ...modelTextsChinese,
  ...mixerTextsChinese,
  ...handoverTextsChinese,
  ...historyTextsChinese,
  ...obsTextsChinese,
  ...outwardTextsChinese,
  ...playbackTextsChinese,
  ...recordingTextsChinese,
  ...statsTextsChinese,
  ...fairnessTextsChinese,
  ...reportTextsChinese,
  ...breakItTextsChinese,
  ...pictureTextsChinese,
  ...xrayTextsChinese,
  ...timelineTextsChinese,
  ...firstRunTextsChinese,
  ...drawingTextsChinese,
};
