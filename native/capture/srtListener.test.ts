// Proves with ffmpeg as the encoder that the studio's SRT port is held whichever source is on air:
// who calls while another picture is shown is on air at the next key frame, goes off and on again
// without calling anew, and without the passphrase nobody gets in.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { builds } from '../ffmpeg/testing/builds.ts';
import { openSrtListener, srtRefusal } from './srtListener.ts';
import { watchCapture } from './testing/watchCapture.ts';

const ffmpeg = builds.find((build) => build.ffmpeg?.protocols.has('srt'))?.ffmpeg ?? null;
const anyFfmpeg = builds.find((build) => build.ffmpeg)?.ffmpeg ?? null;
const children = new Set<ChildProcess>();
let isOver = false;
after(() => {
  isOver = true;
  for (const child of children) child.kill('SIGKILL');
});

/** As OBS does: a caller that is not let in tries again. Counts how often it ended. */
function call(program: string, url: string, size: string): { ends: number } {
  const seen = { ends: 0 };
  const words = `-v error -re -f lavfi -i testsrc2=s=${size}:r=25 -pix_fmt yuv420p -c:v libx264`;
  const rest = '-preset ultrafast -tune zerolatency -g 25 -f mpegts'.split(' ');
  const begin = () => {
    const child = spawn(program, [...words.split(' '), ...rest, url], { stdio: 'ignore' });
    children.add(child);
    child.once('exit', () => {
      children.delete(child);
      seen.ends++;
      if (!isOver) begin();
    });
  };
  begin();
  return seen;
}

test('who calls by SRT is on air when wanted, and needs the passphrase', {
  skip: ffmpeg ? false : 'no ffmpeg with SRT',
}, async (t) => {
  if (!ffmpeg) return;
  const passphrase = '0123456789abcdef0123456789abcdef';
  const around = { ffmpeg, timers: realTimers, logger: silentLogger, onHelper() {} };
  const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };
  const srt = await openSrtListener({
    ...{ ...around, clock, host: '127.0.0.1', port: 0, nextPortsMax: 0, passphrase },
  });
  const { capture, until, states } = watchCapture(ffmpeg, '.', { clock, srt });
  t.after(() => Promise.all([capture.close(), srt.close()]));
  await capture.select('test:');
  await until(() => capture.state().state === 'live');
  const wrong = call(ffmpeg.path, srt.url.replace(passphrase, 'wrong-passphrase'), '160x120');
  await until(() => wrong.ends > 0);
  await capture.select('srt:');
  assert.match(capture.state().next?.reason ?? '', /Waits for OBS .* by SRT on port \d+/);
  const right = call(ffmpeg.path, srt.url, '320x240');
  await until(() => capture.state().url === 'srt:' && capture.state().width === 320);
  const { ends } = right;
  await capture.select('test:');
  await until(() => capture.state().url === 'test:' && capture.state().width === 1280);
  await capture.select('srt:');
  await until(() => capture.state().url === 'srt:' && capture.state().width === 320);
  assert.equal(right.ends, ends, 'the same call');
  assert.ok(states.every(({ width }) => width !== 160));
  assert.ok(!JSON.stringify(states).includes(passphrase));
});

test('an ffmpeg without SRT is named with what to do', {
  skip: anyFfmpeg ? false : 'no ffmpeg',
}, () => {
  if (!anyFfmpeg) return;
  const old = { ...anyFfmpeg, protocols: new Set(['file', 'tcp']) };
  assert.match(srtRefusal(old), /SRT needs a newer ffmpeg: .* set MORPHINE_FFMPEG/);
  assert.equal(srtRefusal({ path: null, reason: 'No ffmpeg.' }), 'No ffmpeg.');
});
