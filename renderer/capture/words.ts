// The words of this page. Imported before anything that says one.

import { captureTexts } from '../ui/texts/capture.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(sharedTexts, captureTexts);
