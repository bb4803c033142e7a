// Proves that a person can run a show from the studio page with a keyboard alone: the built page in
// a real Chromium against the real server, once over WebSocket and once over a MessagePort whose
// other end is in this process. The same script drives both. Skipped where there is no Chromium.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createInbox } from '../../core/contract/ports.ts';
import { builtPage } from '../harness/builtPage.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { openStudioIn } from './openStudio.ts';
import {
  type Story,
  startStory,
  storyEvent,
  storyMarket,
  storyPicture,
  storySuggestion,
  storyVideo,
} from './story.ts';

let folder = '';
let browser: Browser;
const video = noChromium === false ? storyVideo() : 'no Chromium';

before(async () => {
  if (noChromium !== false) return;
  folder = await builtPage('studio');
  browser = await launchChromium();
});
after(async () => {
  if (noChromium !== false) return;
  await browser.close();
  // WebRTC's threads keep a process alive; the reporter gets its turn first.
  setImmediate(() => process.exit());
});

const openStudio = (story: Story, prepare?: (page: Page) => Promise<void>, expected?: RegExp) =>
  openStudioIn(browser, story, prepare, expected);

/**
 * Gives the page what the window's preload gives it: a function that asks for a MessagePort. Its
 * other end is carried into this process, where RPC takes it like any port.
 */
async function handPort(story: Story, page: Page): Promise<void> {
  const inboxes = new Map<number, ReturnType<typeof createInbox>>();
  await page.exposeFunction('toNode', (id: number, message: unknown) => {
    const known = inboxes.get(id);
    if (known !== undefined) return known.deliver(message);
    const inbox = createInbox();
    inboxes.set(id, inbox);
    const deliver = (sent: unknown) =>
      page
        .evaluate(
          ([to, value]) =>
            window.dispatchEvent(
              new CustomEvent('fromNode', { detail: { id: to, message: value } }),
            ),
          [id, sent] as const,
        )
        // The page was closed at the end of the test.
        .catch(() => inbox.closed());
    story.rpc.accept(
      {
        send: deliver,
        onMessage: inbox.onMessage,
        onClose: inbox.onClose,
        close: () => inbox.closed(),
      },
      () => 'owner',
    );
    inbox.deliver(message);
  });
  await page.addInitScript(() => {
    let count = 0;
    const bridge = window as unknown as {
      toNode(id: number, message: unknown): void;
      morphine: { requestPort(): void };
    };
    bridge.morphine = {
      requestPort() {
        const id = ++count;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => bridge.toNode(id, data);
        window.addEventListener('fromNode', (signal) => {
          const { detail } = signal as CustomEvent<{ id: number; message: unknown }>;
          if (detail.id === id) port1.postMessage(detail.message);
        });
        window.postMessage({ type: 'morphinePort' }, location.origin, [port2]);
      },
    };
  });
}

/** Tabs until the control that is named so has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent;
      return element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? '';
    });
    if (name.test(focused)) return;
  }
  assert.fail(`No Tab reaches ${name}`);
}

/**
 * Counts in the page what a person does: each press of Enter and each click.
 * @returns the count since it was last asked for
 */
async function countActs(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const { dataset } = document.body;
    const count = () => {
      dataset.acts = String(Number(dataset.acts ?? 0) + 1);
    };
    addEventListener('keydown', ({ key }) => key === 'Enter' && count(), true);
    addEventListener('click', ({ detail }) => detail > 0 && count(), true);
  });
  let told = 0;
  return async () => {
    const all = Number((await page.locator('body').getAttribute('data-acts')) ?? 0);
    const since = all - told;
    told = all;
    return since;
  };
}

/** From suggestion over payout to a correction, each in at most two acts, its effect said first. */
async function decideAndCorrect(story: Story, page: Page): Promise<void> {
  const acts = await countActs(page);
  await page.keyboard.press('Enter');
  await page.locator('article[data-state=OPEN]').getByText('Goal soon?').waitFor();
  assert.equal(await acts(), 1);
  assert.deepEqual(story.calls, ['show.goLive', 'markets.openSuggestion']);
  assert.deepEqual(
    story.state().suggestions.map(({ id }) => id),
    ['s2'],
  );
  const countdown = page.getByRole('timer');
  assert.match((await countdown.textContent()) ?? '', /^00:1\d$/);

  await tabTo(page, /^Lock$/);
  await page.keyboard.press('Enter');
  await page.locator('article[data-state=LOCKED]').waitFor();
  assert.equal(await acts(), 1);
  await tabTo(page, /^Resolve$/);
  await page.keyboard.press('Enter');
  await page.getByText('662 pts to 12 accounts').waitFor();
  assert.equal(story.state().markets[0]?.state, 'LOCKED', 'said before it is done');
  await page.keyboard.press('Enter');
  await page.getByText('paid 662 pts').waitFor();
  assert.equal(await acts(), 2);
  assert.equal(story.state().markets[0]?.winner, 0);

  await tabTo(page, /^Correct: Goal soon/);
  await page.keyboard.press('Enter');
  await page.getByText('410 pts come back · 40 pts were spent and are owed').waitFor();
  await tabTo(page, /^Why\? Everyone/);
  await page.keyboard.type('Offside');
  assert.equal(story.state().markets[0]?.winner, 0, 'said before it is done');
  await page.keyboard.press('Enter');
  await until(() => story.state().markets[0]?.winner === 1, page);
  assert.equal(await acts(), 2);
}

/** A whole show by keyboard. */
async function runShow(story: Story, page: Page): Promise<void> {
  await tabTo(page, /^Go live$/);
  await page.keyboard.press('Enter');
  await page.getByTestId('live').waitFor();
  assert.deepEqual(story.calls, ['show.goLive']);

  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  story.apply({ type: 'event.happened', event: storyEvent('e1') });
  await page.getByText('ball left foot of 7, 62 km/h').waitFor();
  story.apply({ type: 'suggestion.made', suggestion: storySuggestion('s1', 'Goal soon?') });
  story.apply({ type: 'suggestion.made', suggestion: storySuggestion('s2', 'A shot soon?') });
  await page.getByRole('button', { name: 'Open: Goal soon?' }).waitFor();
  await decideAndCorrect(story, page);

  story.apply({ type: 'market.changed', market: storyMarket('m2', { title: 'To be void' }) });
  await tabTo(page, /^Void$/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('The ball was lost');
  await page.keyboard.press('Enter');
  await page.getByText('Void, stakes returned').waitFor();
  assert.equal(story.state().markets[0]?.reason, 'The ball was lost');

  await tabTo(page, /^Opens itself/);
  await page.keyboard.press('Space');
  await page.locator('[role=switch][aria-checked=true]').waitFor();
  assert.equal(story.state().templates[0]?.opening, 'auto');

  await tabTo(page, /^End$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'End the show?' }).waitFor();
  await page.keyboard.press('Escape');
  assert.equal(story.state().show.state, 'live');
  await page.keyboard.press('Enter');
  await tabTo(page, /^End the show$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Report of a show' }).waitFor();
  assert.equal(story.state().show.state, 'ready');
  await page.getByTestId('report').getByText('Friday five-a-side').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Go live' }).waitFor();
}

/** Types over what stands in the field that has the focus. */
async function typeOver(page: Page, words: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(words);
}

async function until(isSo: () => boolean, page: Page): Promise<void> {
  while (!isSo()) await page.waitForTimeout(10);
}

/** A market of one's own, with prices; what is wrong is said at the field. */
async function makeMarket(story: Story, page: Page): Promise<void> {
  await tabTo(page, /^New market$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'New market' }).waitFor();
  await page.keyboard.press('Enter');
  const question = page.getByRole('textbox', { name: 'Question', exact: true });
  const refused = page.locator('[aria-invalid=true]');
  await refused.waitFor();
  assert.equal(await refused.count(), 1);
  assert.equal(await question.getAttribute('aria-invalid'), 'true');
  await page.getByText('This cannot be empty.', { exact: true }).waitFor();
  assert.equal(story.state().markets.length, 0);
  await typeOver(page, 'Who wins the toss?');
  await tabTo(page, /^Outcome 2$/);
  await typeOver(page, 'Yes');
  await page.getByText('Two outcomes have this name.').waitFor();
  await typeOver(page, 'Tails');
  await tabTo(page, /^Betting lasts$/);
  await typeOver(page, '14');
  const fairness = page.getByTestId('fairness');
  await fairness.getByText('41 of 43 measured viewers see it open before the guard').waitFor();
  await fairness.getByText('1 would bet inside the guard').waitFor();
  await fairness.getByRole('img', { name: /1 would see it only after the last bet/ }).waitFor();
  await typeOver(page, '90');
  await fairness.getByText('All 43 measured viewers see it open in time').waitFor();
  await page.getByText('Must leave the guard: at least 90.5 s.').waitFor();
  await tabTo(page, /^Question ends$/);
  await typeOver(page, '95');
  await tabTo(page, /^How bets pay$/);
  await page.keyboard.press('ArrowDown');
  await page.getByText('The house can lose these 500 points in this market').waitFor();
  await tabTo(page, /^Open now$/);
  await page.keyboard.press('Enter');
  await page.locator('article[data-state=OPEN]').getByText('Who wins the toss?').waitFor();
  const [made] = story.state().markets;
  assert.deepEqual(
    made?.outcomes.map(({ label }) => label),
    ['Yes', 'Tails'],
  );
}

/** Stops and goes on with betting: everywhere, then in one market. */
async function suspendAndResume(story: Story, page: Page): Promise<void> {
  await tabTo(page, /^Suspend betting$/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('  ');
  await page.keyboard.press('Enter');
  await page.getByText('This cannot be empty.', { exact: true }).waitFor();
  assert.equal(story.state().show.suspendedByHand, '');
  await typeOver(page, 'A pitch invader');
  await page.keyboard.press('Enter');
  await page.getByText('You suspended betting: A pitch invader').waitFor();
  await tabTo(page, /^Resume betting$/);
  await page.keyboard.press('Enter');
  await until(() => story.state().show.suspendedByHand === '', page);
  await tabTo(page, /^Suspend betting: Who wins/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('The coin is gone');
  await page.keyboard.press('Enter');
  await page.getByText('Betting suspended: The coin is gone').waitFor();
  await tabTo(page, /^Resume betting: Who wins/);
  await page.keyboard.press('Enter');
  await until(() => !story.state().markets[0]?.suspended, page);
}

async function extendAndCorrect(story: Story, page: Page): Promise<void> {
  const lockAtUs = story.state().markets[0]?.lockAtUs ?? 0;
  story.apply({
    type: 'market.changed',
    market: storyMarket('m1', { ...story.state().markets[0], horizonAtUs: lockAtUs + 60_000_000 }),
  });
  await tabTo(page, /^Extend: Who wins/);
  await page.keyboard.press('Enter');
  await typeOver(page, '100');
  await page.keyboard.press('Enter');
  await page.getByText('A whole number from 1 to 59.').waitFor();
  await typeOver(page, '5');
  await page.keyboard.press('Enter');
  await until(() => story.state().markets[0]?.lockAtUs === lockAtUs + 5_000_000, page);

  await tabTo(page, /^Resolve$/);
  await page.keyboard.press('Enter');
  await page.getByText('Which outcome is true?').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('paid 662 pts').waitFor();
  assert.match((await page.locator('.pastMarket-left').textContent()) ?? '', /^(09|10):\d\d left$/);
  await page.getByRole('button', { name: /^Keep as a case.*Who wins/ }).press('Enter');
  await page.getByText(/^Kept as demo-\S+\.case\.json in the folder “cases”/).waitFor();
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/case.png` });
  await page.locator('.pastMarket summary').press('Enter');
  const arrivals = page.getByTestId('arrivals');
  await arrivals.getByText('14 of 19 bets stand.').waitFor();
  await arrivals.getByRole('img', { name: /4 came after the cut-off/ }).waitFor();
  await tabTo(page, /^Correct: Who wins/);
  await page.keyboard.press('Enter');
  const what = page.getByLabel('What is true instead?');
  assert.equal(await what.inputValue(), '1');
  await what.press('ArrowUp');
  await tabTo(page, /^Why\? Everyone/);
  await page.keyboard.type('I looked again');
  await page.keyboard.press('Enter');
  await page.getByText('That is what was decided already.').waitFor();
  await what.press('End');
  await page.getByRole('button', { name: 'Correct the decision' }).press('Enter');
  await until(() => story.state().markets[0]?.state === 'VOID', page);
  assert.equal(story.state().markets[0]?.reason, 'I looked again');
}

async function manageTemplates(story: Story, page: Page): Promise<void> {
  await tabTo(page, /^Templates, viewers and rules$/);
  await page.keyboard.press('Enter');
  await tabTo(page, /^New template$/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('Is it over?');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Edit: Is it over?' }).waitFor();
  assert.equal(story.state().templates.at(-1)?.id, 'is-it-over');
  await tabTo(page, /^Edit: Is it over/);
  await page.keyboard.press('Enter');
  await typeOver(page, 'Is it over now?');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Edit: Is it over now?' }).waitFor();
  assert.equal(story.state().templates.length, 2);

  await tabTo(page, /^Export$/);
  const downloading = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  const path = await (await downloading).path();
  const file = await readFile(path, 'utf8');
  assert.equal(JSON.parse(file).templates.length, 2);
  await tabTo(page, /^Remove: Is it over/);
  await page.keyboard.press('Enter');
  assert.equal(story.state().templates.length, 2);
  await page.getByRole('button', { name: 'Remove for good' }).press('Enter');
  await until(() => story.state().templates.length === 1, page);

  const choose = async (words: string) => {
    const choosing = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Import a file' }).press('Enter');
    const buffer = Buffer.from(words);
    await (await choosing).setFiles({ name: 'a.json', mimeType: 'application/json', buffer });
  };
  await choose('{"format":"else"}');
  await page.getByText('This is no file of market templates').waitFor();
  await choose(file);
  await page.getByText('2 templates taken in.').waitFor();
  assert.equal(story.state().templates.length, 2);
}

async function manageViewersAndRules(story: Story, page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Templates' }).focus();
  await page.keyboard.press('ArrowRight');
  await tabTo(page, /^Ban viewer abababab$/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('Two accounts');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Lift the ban of viewer abababab' }).waitFor();
  await tabTo(page, /^Viewer abababab runs the show/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('She decides with me');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Viewer abababab no longer runs the show' }).waitFor();
  await tabTo(page, /^Ban by number$/);
  await page.keyboard.type('nobody');
  await page.keyboard.press('Enter');
  await page.getByText('A viewer’s number has 32 digits').waitFor();
  await page.getByRole('tab', { name: 'Viewers' }).focus();
  await page.keyboard.press('ArrowRight');
  await tabTo(page, /^Points per bet$/);
  await typeOver(page, '0');
  await tabTo(page, /^Why does it change\?$/);
  await page.keyboard.type('Cup night');
  await page.keyboard.press('Enter');
  await page
    .locator('.formField-fault')
    .getByText('A whole number from 1 to 1000000000.')
    .waitFor();
  assert.equal(story.state().policy?.stakeMinorPerBet, null);
  await typeOver(page, '50');
  await page.keyboard.press('Enter');
  await page.getByText('In force from now on.').waitFor();
  assert.equal(story.state().policy?.stakeMinorPerBet, 50);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** Everything that is not the simplest show, by keyboard. */
async function runMarkets(story: Story, page: Page): Promise<void> {
  await makeMarket(story, page);
  await suspendAndResume(story, page);
  await extendAndCorrect(story, page);
  await manageTemplates(story, page);
  await manageViewersAndRules(story, page);
}

describe('the studio page', { skip: noChromium }, () => {
  test('a whole show by keyboard, over WebSocket', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story);
    await runShow(story, page);
    await page.close();
    await story.close();
  });

  test('markets, templates, viewers and rules by keyboard, over WebSocket', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story);
    await runMarkets(story, page);
    await page.close();
    await story.close();
  });

  test('the same work over a MessagePort', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story, (opened) => handPort(story, opened));
    await runMarkets(story, page);
    await page.close();
    await story.close();
  });

  test('the same show over a MessagePort', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story, (opened) => handPort(story, opened));
    await runShow(story, page);
    await page.close();
    await story.close();
  });

  test('the dock inside OBS has the markets with their acts, and fits a narrow panel', async () => {
    const story = await startStory(folder);
    const page = await browser.newPage({ viewport: { width: 320, height: 720 } });
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(story.server.issueLink('/dock/'));
    await page.locator('.dockPage[data-connected=true]').waitFor();
    assert.equal(new URL(page.url()).pathname, '/dock/');
    const open = page.locator('.marketCard[data-state="OPEN"]');
    const before = await open.count();
    await page.locator('.template button').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      (count) => document.querySelectorAll('.marketCard[data-state="OPEN"]').length > count,
      before,
    );
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(wide, 320);
    await page.getByRole('button', { name: 'New market' }).click();
    await page.getByRole('dialog', { name: 'New market' }).waitFor();
    await page.close();
    await story.close();
  });

  test('a place that a link asks for is shown, also where it was hidden, and nothing else', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story);
    await page.getByRole('button', { name: 'Hide dock: Markets' }).click();
    await page.locator('#dock-markets').waitFor({ state: 'detached' });
    await page.evaluate(() => {
      for (const place of ['nothing', '__proto__', 'markets']) {
        window.postMessage({ type: 'morphinePlace', place }, location.origin);
      }
    });
    await page.waitForFunction(() => document.activeElement?.id === 'dock-markets');
    await page.close();
    await story.close();
  });

  test('a refused call says its sentence; the title and the sources work by keyboard', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story);
    await page.getByRole('textbox', { name: 'Title of the show' }).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Cup final');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement === document.body);
    while (story.state().show.title !== 'Cup final') await page.waitForTimeout(10);
    await tabTo(page, /^Add a source$/);
    await page.keyboard.press('Enter');
    await page.keyboard.type('nothing:here');
    await page.keyboard.press('Enter');
    const sentence = page.getByText('The studio knows demo:, file: and camera:.');
    await sentence.waitFor();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('file:clip.mp4');
    await page.keyboard.press('Enter');
    await page.locator('.source-current').getByText('file:clip.mp4').waitFor();
    await page.close();
    await story.close();
  });

  test('a camera that waits for its page offers to open it, by keyboard, in one tab', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story);
    const open = page.getByRole('link', { name: 'Open the camera page' });
    const source = { ...story.state().source, url: 'camera:', title: 'Camera' };
    const reason = 'Waiting for a capture page';
    assert.equal(await open.count(), 0);
    story.apply({ type: 'source.changed', source: { ...source, state: 'connecting', reason } });
    await page.locator('.source-current').getByText(reason).waitFor();
    await tabTo(page, /^Open the camera page$/);
    const opened = page.context().waitForEvent('page');
    await page.keyboard.press('Enter');
    const camera = await opened;
    await camera.waitForURL('**/capture/');
    // A tab behind another one may answer a key when it likes.
    await page.bringToFront();
    await open.press('Enter');
    assert.equal(page.context().pages().length, 2);
    story.apply({ type: 'source.changed', source: { ...source, state: 'live', reason: '' } });
    await open.waitFor({ state: 'detached' });
    await camera.close();
    await page.close();
    await story.close();
  });

  test('a lost connection is said, and a restarted engine finds its page again', async () => {
    const first = await startStory(folder);
    // The browser itself complains of each attempt that found no server.
    const page = await openStudio(first, undefined, /WebSocket connection/);
    await first.close();
    await page.getByText('The studio does not answer').waitFor();
    await page.getByRole('button', { name: 'Go live' }).press('Enter');
    await page.getByText('The studio is not connected. Try again when it is back.').waitFor();
    assert.deepEqual(first.calls, []);
    const second = await startStory(folder, { again: first });
    const show = { ...second.state().show, title: 'After the restart' };
    second.apply({ type: 'show.changed', show });
    await page.locator('.studio[data-connected=true]').waitFor();
    const title = page.getByRole('textbox', { name: 'Title of the show' });
    await page.waitForFunction(
      (field) => (field as HTMLInputElement).value === 'After the restart',
      await title.elementHandle(),
    );
    assert.equal(await page.getByText('The studio does not answer').count(), 0);
    await page.close();
    await second.close();
  });

  test('a second page follows the same studio, and a reload shows what is', async () => {
    const story = await startStory(folder);
    const page = await openStudio(story);
    const second = await openStudio(story);
    await page.getByRole('button', { name: 'Go live' }).click();
    await second.getByTestId('live').waitFor();
    story.apply({ type: 'market.changed', market: storyMarket('m1', { title: 'Kept?' }) });
    await second.reload();
    await second.getByText('Kept?').waitFor();
    await page.close();
    await second.close();
    await story.close();
  });

  test('a picture arrives by WebRTC, boxes are drawn over it, and figures turn at their limits', {
    skip: typeof video === 'string' ? video : false,
  }, async () => {
    if (typeof video === 'string') return;
    const picture = storyPicture(video);
    const story = await startStory(folder, { picture });
    const page = await openStudio(story);
    await page.waitForFunction(() => {
      const picture = document.querySelector('video');
      return picture !== null && picture.currentTime > 0.5 && picture.videoWidth === 1280;
    });
    await page.waitForFunction(() => {
      const canvas = document.querySelector('canvas');
      const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
      return pixels?.data.some((value, at) => at % 4 === 3 && value > 0) === true;
    });
    await page.getByRole('button', { name: 'Hide boxes' }).press('Enter');
    await page.waitForFunction(() => {
      const canvas = document.querySelector('canvas');
      const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
      return pixels?.data.every((value, at) => at % 4 !== 3 || value === 0) === true;
    });
    story.apply({ type: 'show.changed', show: { ...story.state().show, state: 'live' } });
    await page.getByRole('button', { name: 'See what viewers see' }).press('Enter');
    await page.getByText(/^Viewers see: from the relay/).waitFor();
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.3);
    await page.getByRole('button', { name: 'Back to the studio’s picture' }).press('Enter');
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.3);
    picture.playing.pause(true);
    const stopped = page.getByText('The picture stopped. Reconnecting');
    await stopped.waitFor();
    picture.playing.pause(false);
    await stopped.waitFor({ state: 'detached' });
    story.readings.cpuPercent = 96;
    const cpu = page.locator('.statusFigure-stop');
    await cpu.waitFor();
    await cpu.press('Enter');
    await page.getByText('How busy this machine is with the studio.').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.getByText('How busy this machine is').count(), 0);
    await page.close();
    await story.close();
  });
});
