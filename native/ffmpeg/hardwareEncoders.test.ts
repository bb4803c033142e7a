// Proves the trial of each hardware encoder with the real ffmpeg builds: none passes without having
// made a picture, and each refusal names its cause. That one which works is let through, and that
// one which hangs is ended, is shown with programs that stand in for ffmpeg: no machine with such an
// encoder has run this.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { HARDWARE_ENCODERS, type HardwareEncoder } from '../../core/contract/picture.ts';
import { FIRST_PICTURE_TARGET } from '../../core/media/pictureTarget.ts';
import { abilitiesOf, ffmpegView } from './abilities.ts';
import { tryHardwareEncoder } from './hardwareEncoders.ts';
import { type Ffmpeg, hasFfmpeg, resolveFfmpeg } from './resolve.ts';
import { builds } from './testing/builds.ts';

const folder = mkdtempSync(join(tmpdir(), 'encoders-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const around = { timers: realTimers, logger: silentLogger };
const maker = builds.find(({ ffmpeg }) => ffmpeg)?.ffmpeg ?? null;
const standInSkip =
  process.platform === 'win32' ? 'the stand-ins are shell scripts' : maker ? false : 'no ffmpeg';

function targetOf(encoder: HardwareEncoder) {
  return { ...FIRST_PICTURE_TARGET, encoder };
}

/** Causes that a machine without the device may name. */
const CAUSES: Record<HardwareEncoder, RegExp> = {
  nvenc: /NVIDIA|too old|built without/,
  qsv: /Intel|too old|built without/,
  amf: /AMD|too old|built without/,
  videotoolbox: /Mac|too old|built without/,
  vaapi: /VA-API|too old|built without/,
};

for (const { name, ffmpeg, skip } of builds) {
  for (const encoder of HARDWARE_ENCODERS) {
    test(`${encoder} by ${name}: refused with its cause, or it made a picture`, {
      skip,
    }, async (t) => {
      if (!ffmpeg) return;
      const reason = await tryHardwareEncoder(ffmpeg, encoder, targetOf(encoder), around);
      t.diagnostic(reason === '' ? 'works on this machine' : reason);
      if (reason !== '') assert.match(reason, CAUSES[encoder]);
      if (!ffmpeg.encoders.has(`h264_${encoder}`)) assert.match(reason, /built without/);
      // A build that only says that it has one is believed no more.
      const boasting = { ...ffmpeg, encoders: new Set([`h264_${encoder}`]) };
      const said = await tryHardwareEncoder(boasting, encoder, targetOf(encoder), around);
      assert.equal(said === '', reason === '', said);
    });
  }
}

/** A program in place of ffmpeg. */
function standIn(name: string, script: string): Ffmpeg {
  assert.ok(maker);
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { ...maker, path, encoders: new Set(['h264_nvenc']) };
}

test('one that works is let through; one with B-frames is not', { skip: standInSkip }, async () => {
  assert.ok(maker);
  const source = `-v error -f lavfi -i color=c=gray:s=320x180:r=30 -frames:v 1`;
  const nut = '-x264-params repeat-headers=1 -f nut pipe:1';
  const encode = (words: string) =>
    `exec '${maker.path}' ${source} -c:v libx264 -pix_fmt yuv420p ${words} ${nut}`;
  const works = standIn('works', encode('-profile:v baseline'));
  assert.equal(await tryHardwareEncoder(works, 'nvenc', targetOf('nvenc'), around), '');
  const holds = standIn('holds', encode('-profile:v main -bf 2'));
  const refusal = await tryHardwareEncoder(holds, 'nvenc', targetOf('nvenc'), around);
  assert.match(refusal, /B-frames/);
  const empty = standIn('empty', 'exit 0');
  assert.match(
    await tryHardwareEncoder(empty, 'nvenc', targetOf('nvenc'), around),
    /gave no picture/,
  );
});

test('one that hangs is ended in time, and nothing of it stays', {
  skip: standInSkip,
}, async () => {
  const hangs = standIn('hangs', 'exec sleep 600');
  const alive = new Set<number>();
  const reason = await tryHardwareEncoder(hangs, 'nvenc', targetOf('nvenc'), {
    ...{ ...around, msMax: 100 },
    onHelper: (pid, isAlive) => void (isAlive ? alive.add(pid) : alive.delete(pid)),
  });
  assert.match(reason, /no picture within 0\.1 s/);
  assert.equal(alive.size, 0);
});

test('of several builds the one that can do more is chosen, a named one before all', {
  skip: standInSkip,
}, async () => {
  assert.ok(maker);
  const poor = mkdtempSync(join(folder, 'poor-'));
  const rich = mkdtempSync(join(folder, 'rich-'));
  const make = (at: string, filter: string) => {
    writeFileSync(join(at, 'ffmpeg'), `#!/bin/sh\n'${maker.path}' "$@" ${filter}\n`);
    chmodSync(join(at, 'ffmpeg'), 0o755);
    return join(at, 'ffmpeg');
  };
  const poorPath = make(poor, "| sed -e '/^ *https$/d' -e '/^ *rtmps$/d'");
  const richPath = make(rich, '');
  const searchPath = `${poor}:${rich}`;
  const found = await resolveFfmpeg({ searchPath, packagedPath: null });
  assert.ok(hasFfmpeg(found));
  assert.equal(found.path, abilitiesOf(maker).includes('https') ? richPath : poorPath);
  const named = await resolveFfmpeg({
    ...{ searchPath, packagedPath: null, environmentPath: poorPath, configuredPath: richPath },
  });
  assert.ok(hasFfmpeg(named));
  assert.deepEqual([named.path, named.origin], [poorPath, 'environment']);
  const view = ffmpegView(named);
  assert.ok(view.lacks.includes('https') && view.lacks.includes('rtmps'));
  assert.ok(!view.protocols.includes('https'));
  assert.deepEqual(ffmpegView({ path: null, reason: 'none' }).has, []);
});
