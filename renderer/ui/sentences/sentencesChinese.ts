// Every sentence of the engine that a page can show, in Chinese. A test reads the engine's sources:
// a new sentence there without one here fails.

import { BREAK_CHINESE } from './breakChinese.ts';
import { EVIDENCE_CHINESE } from './evidenceChinese.ts';
import { MARKET_CHINESE } from './marketChinese.ts';
import { PEOPLE_CHINESE } from './peopleChinese.ts';
import { type Sentence, sayerOf } from './shapes.ts';
import { SHOW_CHINESE } from './showChinese.ts';
import { SOURCE_CHINESE } from './sourceChinese.ts';
import { TROUBLE_CHINESE } from './troubleChinese.ts';
import { VISION_CHINESE } from './visionChinese.ts';

export const SENTENCES_CHINESE: readonly Sentence[] = [
  ...SHOW_CHINESE,
  ...MARKET_CHINESE,
  ...PEOPLE_CHINESE,
  ...SOURCE_CHINESE,
  ...VISION_CHINESE,
  ...TROUBLE_CHINESE,
  ...EVIDENCE_CHINESE,
  ...BREAK_CHINESE,
];

/** Says a sentence of the engine in Chinese. */
export const sayChinese = sayerOf(SENTENCES_CHINESE);
