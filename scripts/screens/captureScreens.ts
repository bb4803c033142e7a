// The page that owns the camera, joined to the studio's real capture room; the camera is Chromium's
// own, which plays a film of the match.

import type { Browser } from 'playwright-core';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createCapture } from '../../native/capture/capture.ts';
import { resolveFfmpeg } from '../../native/ffmpeg/resolve.ts';
import { testClock } from '../../native/webrtc/testVideo.ts';
import { builtPage } from '../../tests/harness/builtPage.ts';
import { startStory } from '../../tests/studio/story.ts';
import { type Album, LANGUAGES, LOCALES, SCREEN_MS_MAX } from './album.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1280, height: 720 },
];

export async function captureScreens(album: Album, browser: Browser): Promise<void> {
  const folder = await builtPage('studio');
  const capture = createCapture({
    ...{ clock: testClock, timers: realTimers, logger: silentLogger },
    ...{ ffmpeg: await resolveFfmpeg(), onHelper() {}, callerFolder: folder },
    ...{ seed: 1, demoAnchorUs: 0, demoWorkerUrl: new URL('file:///no-demo-here') },
    ...{ lowerLayers: [], videoClockOffset: 7, audioClockOffset: 11 },
  });
  const story = await startStory(folder, {
    onCapture: (port) => capture.attachCapturePage(port),
  });
  try {
    await capture.select('camera:');
    for (const language of LANGUAGES) {
      const [viewport = { width: 1440, height: 900 }] = SIZES;
      const context = await browser.newContext({
        ...{ viewport, locale: LOCALES[language], reducedMotion: 'reduce' },
      });
      const page = await context.newPage();
      page.setDefaultTimeout(SCREEN_MS_MAX);
      await album.screen(page, 'capture-page', { sizes: SIZES, language }, async () => {
        await page.goto(story.server.issueLink('/capture/'));
        await page.locator('.capturePage[data-state=live]').waitFor();
        await page.waitForFunction(
          () => Number(document.querySelectorAll('.capturePage-foot b')[2]?.textContent) > 0,
        );
      });
      await context.close();
    }
  } finally {
    await capture.close();
    await story.close();
  }
}
