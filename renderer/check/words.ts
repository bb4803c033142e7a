// The words of this page. Imported before anything that says one.

import { checkTexts } from '../ui/texts/check.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(sharedTexts, checkTexts);
