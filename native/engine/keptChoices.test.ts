// Proves that what the owner chose is found again: templates and suspensions over a new opening of
// the same folder, the last of several writes, and that a file that cannot be read is put aside and
// said, while one that cannot be written changes nothing.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILT_IN_TEMPLATES } from '../../core/markets/templates.ts';
import { openKeptChoices } from './keptChoices.ts';

const root = mkdtempSync(join(tmpdir(), 'morphine-kept-'));
after(() => rmSync(root, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(root, 'data-'));

test('a new folder: the built-in templates, nothing suspended, nothing to complain of', async () => {
  const kept = await openKeptChoices(newFolder());
  assert.equal(kept.templates, BUILT_IN_TEMPLATES);
  assert.deepEqual(kept.suspended, { show: '', markets: {} });
  assert.deepEqual(kept.complaints, []);
});

test('kept and found again; of several writes at once the last one stands', async () => {
  const folder = newFolder();
  const kept = await openKeptChoices(folder);
  const [first, second] = BUILT_IN_TEMPLATES;
  assert.ok(first && second);
  await Promise.all([
    kept.keepTemplates([first]),
    kept.keepTemplates([first, second]),
    kept.keepTemplates([{ ...second, opening: 'auto' }]),
    kept.keepSuspended({ show: 'A dog' }),
    kept.keepSuspended({ markets: { m1: 'A cat' } }),
  ]);
  const again = await openKeptChoices(folder);
  assert.deepEqual(again.templates, [{ ...second, opening: 'auto' }]);
  assert.deepEqual(again.suspended, { show: 'A dog', markets: { m1: 'A cat' } });
});

test('a damaged file is put aside and said; a torn new one is not looked at', async () => {
  const folder = newFolder();
  await (await openKeptChoices(folder)).keepSuspended({ show: 'A dog' });
  writeFileSync(join(folder, 'templates.json'), '{"format":"else"');
  writeFileSync(join(folder, 'suspensions.json.tmp'), '{"vers');
  const kept = await openKeptChoices(folder);
  assert.equal(kept.templates, BUILT_IN_TEMPLATES);
  assert.equal(kept.suspended.show, 'A dog');
  assert.match(kept.complaints.join(), /templates\.json could not be read and was put aside/);
  const aside = readFileSync(join(folder, 'templates.json.damaged'), 'utf8');
  assert.equal(aside, '{"format":"else"');
});

test('what cannot be written is refused, and what was kept is still there', async () => {
  const folder = newFolder();
  const kept = await openKeptChoices(folder);
  await kept.keepSuspended({ show: 'A dog' });
  mkdirSync(join(folder, 'suspensions.json.tmp'));
  await assert.rejects(kept.keepSuspended({ show: '' }));
  const { suspended } = await openKeptChoices(folder);
  assert.equal(suspended.show, 'A dog');
  rmSync(join(folder, 'suspensions.json.tmp'), { recursive: true });
  await kept.keepSuspended({ show: 'A cat' });
  assert.equal((await openKeptChoices(folder)).suspended.show, 'A cat');
});
