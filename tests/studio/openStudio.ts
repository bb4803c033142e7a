// Opens the studio's built page against a scripted studio, the way a person does: by its link.

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import type { Story } from './story.ts';

/** Opens the page; what the browser complains about fails the test. */
export async function openStudioIn(
  browser: Browser,
  story: Story,
  prepare?: (page: Page) => Promise<void>,
  expected?: RegExp,
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.on('pageerror', (error) => assert.fail(error));
  page.on('console', (line) => {
    if (line.type() === 'error' && !expected?.test(line.text())) assert.fail(line.text());
  });
  await prepare?.(page);
  await page.goto(story.server.issueLink());
  await page.getByRole('button', { name: 'Go live' }).waitFor();
  return page;
}
