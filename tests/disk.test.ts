// Proves a disk that fills up during a show, with a real small disk: studio and viewers are told,
// nobody may bet, the bet that stood stands, and when there is space again betting goes on by itself
// and the bet is decided. Needs the right to mount, as in a container; skipped elsewhere.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { browserSkip, launchBrowser, openViewer } from './harness/browser.ts';
import { enterStudio } from './harness/owner.ts';
import { startStudio, waitFor, whenSteady } from './harness/studio.ts';

const disk = mkdtempSync(join(tmpdir(), 'morphine-disk-'));
const isMounted =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'morphine', disk]).status === 0;
const skip = isMounted ? browserSkip : 'this user may not mount a small disk';
after(() => {
  if (isMounted) spawnSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

const filler = join(disk, 'filler');

/** Writes until nothing more fits. */
function fill(): void {
  const file = openSync(filler, 'a');
  for (const size of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
    }
  }
  closeSync(file);
}

test('the disk is full during a show, and has space again', { skip }, async (t) => {
  const studio = await startStudio({ dataFolder: join(disk, 'data') });
  t.after(() => studio.stop());
  const owner = await enterStudio(studio.facts().studio ?? '');
  t.after(() => owner.close());
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const viewer = await openViewer(browser, studio.facts().viewer ?? '');
  await viewer.untilState('live');
  await owner.until('betting to be possible', ({ show }) => show.bettingSuspended === '');
  const { markets } = owner.client.studio;
  const marketId = crypto.randomUUID().replaceAll('-', '');
  const template = owner.state().templates.find(({ id }) => id === 'goal-60');
  assert.ok(template);
  // Long enough to be extended a second at a time until the disk has no more room.
  const long = { betWindowSeconds: 300, horizonSeconds: 40_000, deadlineSeconds: 80_000 };
  const endless = { ...template, ...long, decideOn: null };
  await whenSteady('the market', () => markets.create({ marketId, template: endless }));
  await viewer.openMarket();
  await viewer.bet(0, '10');
  const balance = await viewer.untilFigure('balance', (points) => points === 990);

  fill();
  // SQLite's log has room that it uses again before it must grow; each act needs some.
  const full = owner.until('the notice', ({ notices }) =>
    notices.find(({ severity, text }) => severity === 'stop' && /disk is full/.test(text)),
  );
  const stopPressing = pressOn(() =>
    markets.extend({ marketId, seconds: 1 }).catch(() => undefined),
  );
  const notice = await full;
  stopPressing();
  assert.match(notice.text, /free some space.*existing bets are safe/);
  await owner.until('the suspension', ({ show }) => /disk/.test(show.bettingSuspended));
  await viewer.page.getByText('The studio’s disk cannot be written').waitFor();
  await assert.rejects(markets.resolve({ marketId, outcome: 0, reason: 'Now' }), {
    code: 'unavailable',
  });
  assert.equal(await viewer.figure('balance'), balance);

  // Killed now, the ledger may not even open its file; it is started until it can.
  const ledger = studio.facts().processes.ledger;
  assert.ok(ledger);
  process.kill(ledger, 'SIGKILL');
  await waitFor('its end to be known', () => /"process":"ledger"/.test(studio.output()));
  rmSync(filler);
  await owner.until('the notice to go', ({ notices }) => notices.length === 0);
  await owner.until('betting to go on', ({ show }) => show.bettingSuspended === '');
  await viewer.page.getByText('The studio’s disk cannot be written').waitFor({ state: 'detached' });
  await viewer.bet(1, '10');
  await markets.void({ marketId, reason: 'The test is done with it.' });
  await viewer.untilFigure('balance', (points) => points === 1000);
});

/** Repeats until told to stop, one after the other, with room for everything else between. */
function pressOn(act: () => Promise<unknown>): () => void {
  let isOn = true;
  void (async () => {
    while (isOn) {
      await act();
      await new Promise((done) => setImmediate(done));
    }
  })();
  return () => {
    isOn = false;
  };
}
