// The words of the studio page. Imported before anything that says one.

import { pageLanguage } from '../ui/pageLanguage.ts';
import { handoverTexts } from '../ui/texts/handover.ts';
import { handoverTextsChinese } from '../ui/texts/handoverChinese.ts';
import { managementTexts } from '../ui/texts/management.ts';
import { modelTexts } from '../ui/texts/models.ts';
import { obsTexts } from '../ui/texts/obs.ts';
import { obsTextsChinese } from '../ui/texts/obsChinese.ts';
import { outwardTexts } from '../ui/texts/outward.ts';
import { outwardTextsChinese } from '../ui/texts/outwardChinese.ts';
import { recordingTexts } from '../ui/texts/recording.ts';
import { recordingTextsChinese } from '../ui/texts/recordingChinese.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { studioTexts } from '../ui/texts/studio.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(
  sharedTexts,
  studioTexts,
  managementTexts,
  modelTexts,
  handoverTexts,
  obsTexts,
  outwardTexts,
  recordingTexts,
);
// Only these panels speak Chinese so far; the rest of the studio is English.
if (pageLanguage(location.search, navigator.languages) === 'zh') {
  chooseTexts(handoverTextsChinese, obsTextsChinese, recordingTextsChinese, outwardTextsChinese);
}
