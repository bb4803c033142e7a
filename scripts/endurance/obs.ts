// Section `obs`: the real OBS, in its three settings in turns, streams in, is killed and comes back,
// a hundred times; the listener and the capture room stay the same all the while. OBS_ROUNDS=n
// makes it shorter. An OBS that does not even try to connect (its display, its sound server) is no
// round: it is counted apart and started again. Without OBS on the machine the section says so and has not failed.

import { hasFfmpeg, resolveFfmpeg } from '../../native/ffmpeg/resolve.ts';
import { OBS_SETTINGS, type ObsSetting, obsSkip, startObs } from '../../tests/harness/realObs.ts';
import { openRtmpFeed, type RtmpFeed } from '../../tests/harness/rtmpFeed.ts';

const ROUNDS = 100;
const PICTURES = 20;
const NOT_STARTED_MAX = 10;

export async function runObs(say: (line: string) => void): Promise<boolean> {
  const ffmpeg = await resolveFfmpeg();
  const reason = obsSkip || (hasFfmpeg(ffmpeg) ? false : ffmpeg.reason);
  if (reason) {
    say(`obs: not run, ${reason}`);
    return true;
  }
  const rounds = Number(process.env.OBS_ROUNDS ?? ROUNDS);
  const feed = await openRtmpFeed(ffmpeg);
  const settings = Object.keys(OBS_SETTINGS) as ObsSetting[];
  const counts = new Map<ObsSetting, number>();
  let failed = 0;
  let notStarted = 0;
  for (let round = 0; round < rounds; round++) {
    const setting = settings[round % settings.length] ?? 'zerolatency';
    try {
      while (!(await oneRound(feed, setting))) {
        notStarted++;
        if (notStarted > NOT_STARTED_MAX) throw new Error('OBS does not start here');
      }
      counts.set(setting, (counts.get(setting) ?? 0) + 1);
    } catch (error) {
      failed++;
      say(`obs: round ${round + 1}, ${setting}: ${error instanceof Error ? error.message : error}`);
    }
    if ((round + 1) % 10 === 0) say(`obs: ${round + 1} rounds, ${failed} failed`);
  }
  const { arrayBuffers } = process.memoryUsage();
  await feed.close();
  const each = [...counts].map(([setting, count]) => `${setting} ${count}`).join(', ');
  say(
    `obs: ${rounds - failed} of ${rounds} times streamed in, killed and gone (${each}); OBS itself did not come up ` +
      `${notStarted} times; ` +
      `${Math.round(arrayBuffers / 1024)} KiB of buffers in the end`,
  );
  return failed === 0;
}

/** False: OBS never tried to connect. */
async function oneRound(feed: RtmpFeed, setting: ObsSetting): Promise<boolean> {
  const { capture, pictures, until } = feed;
  feed.forget();
  const obs = startObs(feed.rtmp, setting);
  try {
    await until(
      'pictures',
      () => capture.state().state === 'live' && pictures().length >= PICTURES,
    );
    const { reason } = capture.state();
    if (!OBS_SETTINGS[setting].reason.test(reason)) throw new Error(`It said "${reason}"`);
    if (!pictures()[0]?.keyFrame) throw new Error('The first picture is no key frame');
  } catch (error) {
    if (!obs.log().includes('Connecting to RTMP URL')) return false;
    throw error;
  } finally {
    await obs.kill();
  }
  await until('OBS to be gone', () => capture.state().state === 'reconnecting');
  return true;
}
