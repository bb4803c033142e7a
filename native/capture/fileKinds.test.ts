// Proves ten kinds of files with a real ffmpeg, each made here: odd sizes, rotated, varying frame
// rate, no sound, 5.1, HEVC, 10-bit, anamorphic, cut off, empty. Each plays upright in square pixels
// with its sound, as decoded from what leaves the studio, or is refused with its reason and what to
// do. The picture's left half is white, so that its shape and its upright are seen.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builds } from '../ffmpeg/testing/builds.ts';
import { checkSource, SourceError } from './checkSource.ts';
import { decodePictures, decodeSound } from './testing/decode.ts';
import { watchCapture } from './testing/watchCapture.ts';

const ffmpeg = builds.find((build) => build.ffmpeg)?.ffmpeg ?? null;
const folder = mkdtempSync(join(tmpdir(), 'kinds-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];
const SOUND = ['-f', 'lavfi', '-i', 'sine=frequency=400:r=48000:d=1.2', '-c:a', 'aac'];
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'];

type Kind = {
  name: string;
  /** Before the size is 320x240; of the file, whatever it says of itself. */
  size?: string;
  encoder?: string[];
  needs?: string;
  /** As viewers get it. */
  width: number;
  height: number;
  /** Where the white half is, seen by viewers. */
  white?: 'left' | 'top';
  isSilent?: boolean;
};

const KINDS: Kind[] = [
  {
    name: 'odd.mp4',
    size: '321x241',
    encoder: [...X264, '-pix_fmt', 'yuv444p'],
    width: 320,
    height: 240,
  },
  { name: 'rotated.mp4', width: 240, height: 320, white: 'top' },
  {
    name: 'varying.mp4',
    encoder: ['-vf', 'select=gt(t\\,0.6)+not(mod(n\\,3))', '-vsync', 'vfr', ...X264],
    ...{ width: 320, height: 240 },
  },
  { name: 'silent.mp4', width: 320, height: 240, isSilent: true },
  { name: 'surround.mkv', encoder: [...X264, '-ac', '6'], width: 320, height: 240 },
  { name: 'hevc.mp4', encoder: HEVC, needs: 'libx265', width: 320, height: 240 },
  {
    name: 'tenBit.mkv',
    encoder: ['-c:v', 'ffv1', '-pix_fmt', 'yuv420p10le'],
    width: 320,
    height: 240,
  },
  { name: 'anamorphic.mp4', encoder: ['-vf', 'setsar=2/1', ...X264], width: 640, height: 240 },
  {
    name: 'cut.mp4',
    encoder: [...X264, '-g', '5', '-movflags', 'faststart'],
    width: 320,
    height: 240,
  },
];

function makeClip({ name, size = '320x240', encoder = X264, isSilent }: Kind): string {
  const path = join(folder, name);
  const half = 'drawbox=x=0:y=0:w=iw/2:h=ih:color=white:t=fill';
  const picture = ['-f', 'lavfi', '-i', `color=black:s=${size}:r=30:d=1.2,${half}`];
  const format = encoder.includes('-pix_fmt') ? [] : ['-pix_fmt', 'yuv420p'];
  ask([...picture, ...(isSilent ? [] : SOUND), ...format, ...encoder, path]);
  if (name === 'rotated.mp4') {
    const upright = join(folder, 'upright.mp4');
    copyFileSync(path, upright);
    ask(['-i', upright, '-c', 'copy', '-metadata:s:v:0', 'rotate=270', path]);
  }
  if (name === 'cut.mp4') truncateSync(path, Math.round(statSync(path).size * 0.7));
  return path;
}

function ask(words: string[]): void {
  const made = spawnSync(ffmpeg?.path ?? '', ['-v', 'error', '-y', ...words]);
  assert.equal(made.status, 0, made.stderr.toString());
}

/** Mean brightness of the left and of the upper half. */
function halves(picture: Uint8Array, width: number, height: number) {
  let [left, top] = [0, 0];
  for (const [at, luma] of picture.entries()) {
    if (at % width < width / 2) left += luma;
    if (at < picture.length / 2) top += luma;
  }
  const points = (width * height) / 2;
  return { left: left / points, top: top / points };
}

test('nine kinds of files play upright, in square pixels, with their sound', {
  skip: ffmpeg ? false : 'no ffmpeg',
}, async (t) => {
  if (!ffmpeg) return;
  const { capture, units, until, pictures } = watchCapture(ffmpeg, folder);
  t.after(() => capture.close());
  for (const kind of KINDS) {
    if (kind.needs && !ffmpeg.encoders.has(kind.needs)) {
      t.diagnostic(`${kind.name} is not made here: this ffmpeg has no ${kind.needs}`);
      continue;
    }
    makeClip(kind);
    await capture.select(`file:${kind.name}`);
    await until(() => capture.state().title === kind.name && capture.state().width > 0);
    const from = units.length;
    const own = () => units.slice(from);
    const isKey = () => own().findIndex(({ track, keyFrame }) => track === 'video' && keyFrame);
    const ownPictures = () => pictures().filter((unit) => units.indexOf(unit) >= from + isKey());
    const sounds = () => own().filter(({ track }) => track === 'audio');
    await until(() => isKey() >= 0 && ownPictures().length >= 3 && sounds().length >= 30);
    const { width, height, hasSound, state } = capture.state();
    const { isSilent = false, white = 'left' } = kind;
    assert.deepEqual(
      { state, width, height, hasSound },
      { state: 'live', width: kind.width, height: kind.height, hasSound: !isSilent },
      kind.name,
    );
    const [picture] = decodePictures(ffmpeg, ownPictures().slice(0, 3), width, height);
    assert.ok(picture, kind.name);
    const { left, top } = halves(picture, width, height);
    const [bright, even] = white === 'left' ? [left, top] : [top, left];
    assert.ok(bright > 200 && Math.abs(even - 128) < 30, `${kind.name}: ${left}, ${top}`);
    const loudest = Math.max(...decodeSound(ffmpeg, sounds().slice(0, 30)).map(Math.abs));
    assert.equal(loudest > 1_000, !isSilent, `${kind.name} is as loud as ${loudest}`);
  }
});

test('a file that is empty, cut before its index, or lies is refused with what to do', {
  skip: ffmpeg ? false : 'no ffmpeg',
}, async () => {
  if (!ffmpeg) return;
  const whole = makeClip({ name: 'whole.mp4', width: 320, height: 240 });
  truncateSync(whole, Math.round(statSync(whole).size / 2));
  writeFileSync(join(folder, 'empty.mp4'), '');
  writeFileSync(join(folder, 'lie.mp4'), 'no picture at all');
  writeFileSync(join(folder, 'lie.txt'), 'no picture at all');
  const expected = {
    'empty.mp4': /empty\.mp4 is empty; copy or record it again/,
    'whole.mp4':
      /whole\.mp4 has no index: it is cut off, or no video; copy it again, or record to MKV/,
    'lie.mp4': /lie\.mp4 has no index: it is cut off, or no video/,
    'lie.txt': /lie\.txt is no media file .*; give a video, such as MP4 or MKV/,
  };
  for (const [name, reason] of Object.entries(expected)) {
    await assert.rejects(
      checkSource(`file:${name}`, { callerFolder: folder, ffmpeg }),
      (error) => error instanceof SourceError && reason.test(error.message),
      name,
    );
  }
});
