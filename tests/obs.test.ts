// Proves against the real OBS Studio that it streams in by RTMP in three settings, is killed and
// comes back each time to the same port and feed, and that it shows why a wrong key is refused.
// The hundred times are `npm run endurance -- --only obs`.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hasFfmpeg, resolveFfmpeg } from '../native/ffmpeg/resolve.ts';
import { OBS_SETTINGS, type ObsSetting, obsSkip, startObs } from './harness/realObs.ts';
import { openRtmpFeed, type RtmpFeed } from './harness/rtmpFeed.ts';

const ffmpeg = await resolveFfmpeg();
const skip = obsSkip || (hasFfmpeg(ffmpeg) ? false : ffmpeg.reason);
let feed: RtmpFeed;

before(async () => {
  feed = await openRtmpFeed(ffmpeg);
});
after(() => feed.close());

for (const setting of Object.keys(OBS_SETTINGS) as ObsSetting[]) {
  test(`OBS ${setting}: streams in and is killed`, { skip }, async () => {
    feed.forget();
    const obs = startObs(feed.rtmp, setting);
    try {
      const { capture, pictures, until } = feed;
      await until('pictures', () => capture.state().state === 'live' && pictures().length >= 20);
      assert.equal(pictures()[0]?.keyFrame, true);
      assert.match(capture.state().reason, OBS_SETTINGS[setting].reason);
      assert.deepEqual([capture.state().width, capture.state().height], [640, 360]);
      await until('sound', () => capture.state().hasSound);
    } finally {
      await obs.kill();
    }
    await feed.until('OBS to be gone', () => feed.capture.state().state === 'reconnecting');
  });
}

test('OBS shows why a wrong key is refused, and does not try again', { skip }, async () => {
  const obs = startObs({ url: feed.rtmp.url, key: 'wrong' }, 'zerolatency', 1);
  await obs.ended;
  assert.match(obs.log(), /NetStream\.Publish\.BadName \(The stream key is wrong/);
  assert.equal(obs.log().match(/Connecting to RTMP URL/g)?.length, 1);
  await obs.kill();
});
