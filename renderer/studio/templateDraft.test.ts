// Proves that the form and the rules agree: every built-in template comes back from its form as it
// was, a draft without faults is a template that the rules take, and each fault stands at its field.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BUILT_IN_TEMPLATES, parseTemplate } from '../../core/markets/templates.ts';
import {
  allowedIn,
  draftOf,
  EMPTY_DRAFT,
  faultsOf,
  faultsTyped,
  freeTemplateId,
  type TemplateDraft,
  templateOf,
} from './templateDraft.ts';

const GOOD: TemplateDraft = { ...EMPTY_DRAFT, title: 'Who wins?' };

test('a template comes back from the form as it was', () => {
  const [first] = BUILT_IN_TEMPLATES;
  assert.ok(first);
  const lockOn = { type: 'shot', subject: 'left', minimumConfidence: 0.75 } as const;
  const changed = [
    { ...first, lockOn, guestShareBasisPoints: 2_550 },
    { ...first, decideOn: null, pricing: { lmsr: { budgetMinor: 700 } } },
  ];
  for (const template of [...BUILT_IN_TEMPLATES, ...changed]) {
    const draft = draftOf(template);
    assert.deepEqual(faultsOf(draft), {}, template.id);
    const back = templateOf(draft, template.id);
    assert.deepEqual(back, { lockOn: null, ...template });
    assert.deepEqual(parseTemplate(back), back);
  }
});

test('each fault stands at its field', () => {
  const bad: [keyof TemplateDraft | 'outcome1', Partial<TemplateDraft>][] = [
    ['title', { title: '  ' }],
    ['title', { title: 'x'.repeat(81) }],
    ['outcome1', { outcomes: ['Yes', ' Yes '] }],
    ['outcome1', { outcomes: ['Yes', ''] }],
    ['betWindow', { betWindow: '2.9' }],
    ['betWindow', { betWindow: 'soon' }],
    ['horizon', { betWindow: '60', guard: '500', horizon: '60' }],
    ['deadline', { deadline: '59' }],
    ['deadline', { deadline: '86401' }],
    ['guard', { guard: '0.5' }],
    ['lockConfidence', { lockOn: 'shot', lockConfidence: '101' }],
    ['decideSubject', { decideOn: 'goal', decideSubject: 'x'.repeat(61) }],
    ['budget', { pricing: 'lmsr', budget: '0' }],
    ['guests', { guests: '100' }],
  ];
  for (const [field, change] of bad) {
    assert.deepEqual(Object.keys(faultsOf({ ...GOOD, ...change })), [field], field);
  }
  assert.deepEqual(faultsOf({ ...GOOD, pricing: 'lmsr', guests: 'x' }), {});
});

test('whatever is typed: without a fault the rules take it', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const typed = fc.oneof(fc.integer({ min: -5, max: 90_000 }).map(String), fc.string());
  const drafts = fc.record({
    ...{ betWindow: typed, horizon: typed, deadline: typed, guard: typed, guests: typed },
    title: fc.string({ maxLength: 90 }),
    outcomes: fc.array(fc.string({ maxLength: 30 }), { minLength: 2, maxLength: 10 }),
    pricing: fc.constantFrom('parimutuel' as const, 'lmsr' as const),
  });
  fc.assert(
    fc.property(drafts, (change) => {
      const draft = { ...GOOD, ...change };
      if (Object.keys(faultsOf(draft)).length > 0) return;
      parseTemplate(templateOf(draft, 'mine'));
    }),
    { seed, numRuns: 2_000, examples: [[{ ...GOOD }]] as never },
  );
  assert.deepEqual(faultsOf(GOOD), {}, `seed ${seed}`);
});

test('a new template has a readable id of its own', () => {
  assert.equal(freeTemplateId('Who wins?', []), 'who-wins');
  assert.equal(freeTemplateId('Who wins?', ['who-wins', 'who-wins-2']), 'who-wins-3');
  assert.equal(freeTemplateId('¿谁赢?', []), 'market');
  assert.ok(freeTemplateId('x'.repeat(80), []).length <= 40);
});

test('what a field takes is said before, and what is wrong of it while one types', () => {
  const words = (field: string) => allowedIn(EMPTY_DRAFT, field);
  assert.deepEqual(words('title'), { key: 'studio.fault.long', values: { max: 80 } });
  assert.deepEqual(words('outcome1'), { key: 'studio.fault.long', values: { max: 25 } });
  assert.deepEqual(words('guard'), { key: 'studio.fault.whole', values: { min: 0, max: 10_000 } });
  assert.deepEqual(faultsTyped(EMPTY_DRAFT, EMPTY_DRAFT), {}, 'nothing was typed yet');
  const typed = faultsTyped({ ...EMPTY_DRAFT, guard: '-1', outcomes: ['Yes', ''] }, EMPTY_DRAFT);
  assert.deepEqual(Object.keys(typed).sort(), ['guard', 'outcome1']);
});
