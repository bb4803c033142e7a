// The words of the studio page. Imported before anything that says one.

import { managementTexts } from '../ui/texts/management.ts';
import { modelTexts } from '../ui/texts/models.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { studioTexts } from '../ui/texts/studio.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(sharedTexts, studioTexts, managementTexts, modelTexts);
