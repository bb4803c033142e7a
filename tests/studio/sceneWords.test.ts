// Proves that whoever runs the show reads in plain words what is the matter with the picture, and
// why lines and zones rest: the built studio page in a real Chromium. Skipped where there is none.
// SCREENSHOTS names a folder that gets the picture of it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CALM_SCENE, NO_PLACES } from '../../core/contract/visionState.ts';
import { builtPage } from '../harness/builtPage.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { startStory } from './story.ts';

test('the picture’s state stands on the picture and beside it, while it is so', {
  skip: noChromium,
}, async (t) => {
  const folder = await builtPage('studio');
  const browser = await launchChromium();
  const story = await startStory(folder);
  t.after(async () => {
    await browser.close();
    await story.close();
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(story.server.issueLink());
  await page.getByRole('button', { name: 'Go live' }).waitFor();
  const words = page.getByRole('list', { name: 'What the picture does' });
  const said = () => words.getByRole('listitem').allTextContents();
  assert.deepEqual(await said(), []);

  const { vision } = story.state();
  const tell = (change: Partial<typeof vision>) =>
    story.apply({ type: 'vision.changed', vision: { ...vision, ...change } });
  const moving = { ...CALM_SCENE, isCameraMoving: true, isReplay: true };
  tell({ scene: moving, places: { state: 'lost', reason: 'the picture was cut' } });
  await words.getByText('Calibration lost').waitFor();
  assert.deepEqual(await said(), ['Camera moving', 'Replay', 'Calibration lost']);
  await page.getByText(/^Lines, zones and speeds rest: the picture was cut\./).waitFor();
  const { SCREENSHOTS } = process.env;
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, 'sceneWords.png') });

  tell({ scene: { ...CALM_SCENE, isBlack: true, isFrozen: true }, places: NO_PLACES });
  await words.getByText('Black picture').waitFor();
  assert.deepEqual(await said(), ['Black picture']);
  tell({ places: { state: 'carried', reason: '' } });
  await page.getByText('Lines and zones move along with the camera.').waitFor();
  assert.deepEqual(await said(), []);
});
