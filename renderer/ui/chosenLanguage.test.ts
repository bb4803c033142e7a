// Proves which language a page speaks: the address wins, then a choice that was kept, then the
// browser; and what a store holds that is no language of ours decides nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageOf } from './chosenLanguage.ts';

test('the address, then the kept choice, then the browser', () => {
  assert.equal(languageOf('', null, []), 'en');
  assert.equal(languageOf('', null, ['fr', 'zh-TW', 'en']), 'zh');
  assert.equal(languageOf('', 'en', ['zh-CN']), 'en');
  assert.equal(languageOf('', 'zh', ['en']), 'zh');
  assert.equal(languageOf('', '{"broken', ['zh']), 'zh');
  assert.equal(languageOf('?language=zh', 'en', ['en']), 'zh');
  assert.equal(languageOf('?language=en', 'zh', ['zh']), 'en');
  assert.equal(languageOf('?language=xx', 'zh', ['zh']), 'en');
  assert.equal(languageOf('?lang=zh', 'en', ['en']), 'zh');
});
