// Proves that the built-in templates are whole and different, that a file of templates comes back as
// it went out, and that a foreign or contradictory file is refused in a sentence, as a whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetOf, rulesHash, rulesOf } from './rules.ts';
import {
  BUILT_IN_TEMPLATES,
  exportTemplates,
  importTemplates,
  TEMPLATES_MAX,
  TemplatesRefused,
  withImported,
} from './templates.ts';

const SALT = '0'.repeat(32);

test('at least twelve templates, each with an id, a question and rules of its own', () => {
  assert.ok(BUILT_IN_TEMPLATES.length >= 12);
  assert.equal(new Set(BUILT_IN_TEMPLATES.map((one) => one.id)).size, BUILT_IN_TEMPLATES.length);
  assert.equal(new Set(BUILT_IN_TEMPLATES.map((one) => one.title)).size, BUILT_IN_TEMPLATES.length);
  assert.ok(new Set(BUILT_IN_TEMPLATES.map((one) => one.decideOn?.type)).size >= 10);
  // Winners share the pool unless a template says otherwise.
  for (const one of BUILT_IN_TEMPLATES) assert.equal(budgetOf(rulesOf(one, 0, SALT)), null);
  // Every one leaves time to see the picture and decide.
  for (const one of BUILT_IN_TEMPLATES) {
    assert.ok(one.betWindowSeconds >= 3 && one.deadlineSeconds >= one.horizonSeconds + 30, one.id);
  }
});

test('a template may have prices from a budget, and its rules say so', () => {
  const [first] = BUILT_IN_TEMPLATES;
  assert.ok(first);
  const priced = { ...first, pricing: { lmsr: { budgetMinor: 500 } } };
  const [back] = importTemplates(exportTemplates([priced]));
  assert.deepEqual(back, priced);
  assert.equal(budgetOf(rulesOf(priced, 0, SALT)), 500);
  assert.notEqual(rulesHash(rulesOf(priced, 0, SALT)), rulesHash(rulesOf(first, 0, SALT)));
});

test('what is exported is imported as it was', () => {
  const text = exportTemplates(BUILT_IN_TEMPLATES);
  assert.deepEqual(importTemplates(text), BUILT_IN_TEMPLATES);
  assert.equal(exportTemplates(importTemplates(text)), text);
});

test('an import replaces by id, adds the rest, and is refused as a whole', () => {
  const [first] = BUILT_IN_TEMPLATES;
  assert.ok(first);
  const changed = { ...first, title: 'Goal, goal, goal?' };
  const added = { ...first, id: 'mine' };
  const joined = withImported(BUILT_IN_TEMPLATES, [changed, added]);
  assert.equal(joined.length, BUILT_IN_TEMPLATES.length + 1);
  assert.equal(joined[0]?.title, 'Goal, goal, goal?');
  assert.equal(joined.at(-1)?.id, 'mine');
  const many = Array.from({ length: TEMPLATES_MAX }, (_, index) => ({ ...first, id: `t${index}` }));
  assert.throws(() => withImported(BUILT_IN_TEMPLATES, many), TemplatesRefused);

  const file = (templates: unknown[], more: object = {}) =>
    JSON.stringify({ format: 'morphine-studio.templates', version: 1, templates, ...more });
  const refused = (text: string, what: RegExp) => {
    assert.throws(
      () => importTemplates(text),
      (error) => error instanceof TemplatesRefused && what.test(error.message),
      text.slice(0, 60),
    );
  };
  refused('no', /no JSON/);
  refused('{}', /no file of market templates/);
  refused(file([], { format: 'other' }), /no file/);
  refused(file([], { version: 2 }), /no file/);
  refused(file([first, { ...first, outcomes: ['one'] }]), /Template 2 .*outcomes/);
  refused(file([{ ...first, betWindowSeconds: 31 }]), /Template 1 .*times/);
  refused(file([{ ...first, betWindowSeconds: 2 }]), /Template 1 .*betWindowSeconds/);
  refused(file([first, first]), /Template 2 .*twice/);
  refused(file([{ ...first, pricing: { lmsr: { budgetMinor: 0 } } }]), /Template 1/);
});
