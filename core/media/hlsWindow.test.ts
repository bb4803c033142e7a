// Proves the playlist of a show against the rules of HTTP Live Streaming, whatever the pictures'
// times and key frames were, by a reader of its own: every name answers, durations keep what was
// promised, numbers never come again, memory is bounded; and ffprobe reads what the names answer.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeTestVideo } from '../../native/webrtc/testVideo.ts';
import { createFragmenter } from './fragmenter.ts';
import { NAL_SPS, nalTypeOf, splitAvcc } from './h264.ts';
import {
  createHlsWindow,
  type HlsWindow,
  hlsIndex,
  KEY_FRAME_US,
  PART_US_MAX,
  SEGMENT_US_MAX,
} from './hlsWindow.ts';

const seed = Number(process.env.SEED ?? 20261121);
console.log(`seed ${seed}`);
const made = makeTestVideo({ frames: 60, size: '160x90', kilobits: 100 });
const skip = typeof made === 'string' ? made : false;
const START_US = 60_000_000;
const PICTURE_US = 33_333;

type Picture = { gapUs: number; keyFrame: boolean };

/** Pictures into a window, as a show would; `each` runs after every one. */
function play(pictures: readonly Picture[], each: (window: HlsWindow) => void, bytesMax?: number) {
  assert.ok(typeof made !== 'string');
  const keys = made.frames.filter(({ keyFrame }) => keyFrame);
  const rest = made.frames.filter(({ keyFrame }) => !keyFrame);
  const window = createHlsWindow(100, bytesMax);
  const fragmenter = createFragmenter({
    ...{ entry: 'avc1', fragmentUsMax: PART_US_MAX, keyFrameUs: KEY_FRAME_US },
    onPiece: (piece) => window.push(piece, 1_800_000_000_000 + piece.fromUs / 1000),
  });
  let captureUs = START_US;
  for (const [at, { gapUs, keyFrame }] of pictures.entries()) {
    captureUs += gapUs;
    const frame = (keyFrame || at === 0 ? keys : rest)[0];
    assert.ok(frame);
    const plain = { track: 'video', captureUs, rtpTimestamp: 0, config: 1 } as const;
    fragmenter.push({ ...plain, ...frame });
    each(window);
  }
  const end = () => {
    fragmenter.flush();
    window.end();
  };
  return { window, end };
}

type Read = {
  sequence: number;
  segments: { uri: string; seconds: number; parts: { uri: string; seconds: number }[] }[];
  /** Parts of the segment that is not whole yet. */
  open: { uri: string; seconds: number }[];
  hint: string | null;
};

/** Reads a playlist as a player would, by RFC 8216 and its second edition. */
function read(playlist: string): Read {
  const found: Read = { sequence: -1, segments: [], open: [], hint: null };
  let seconds = 0;
  for (const line of playlist.split('\n')) {
    const [, name = '', rest = ''] = /^#(EXT[A-Z0-9-]+):?(.*)$/.exec(line) ?? [];
    if (name === 'EXT-X-MEDIA-SEQUENCE') found.sequence = Number(rest);
    else if (name === 'EXTINF') seconds = Number.parseFloat(rest);
    else if (name === 'EXT-X-PRELOAD-HINT') found.hint = /URI="(.*)"/.exec(rest)?.[1] ?? null;
    else if (name === 'EXT-X-PART') {
      const [, long, uri = ''] = /^DURATION=([\d.]+),URI="([^"]+)"/.exec(rest) ?? [];
      found.open.push({ uri, seconds: Number(long) });
    } else if (line !== '' && !line.startsWith('#')) {
      found.segments.push({ uri: line, seconds, parts: found.open });
      found.open = [];
    }
  }
  return found;
}

const numberIn = (uri: string) => Number(/\d+/.exec(uri)?.[0]);

test('a playlist keeps its promises after every picture', { skip }, () => {
  const steady = fc.constant(PICTURE_US);
  const gapUs = fc.oneof(steady, steady, steady, fc.integer({ min: 1_000, max: 900_000 }));
  const isKey = (weight: number, is: boolean) => ({ weight, arbitrary: fc.constant(is) });
  const keyFrame = fc.oneof(isKey(60, false), isKey(1, true));
  const picture = fc.record({ gapUs, keyFrame });
  const shows = fc.array(picture, { minLength: 100, maxLength: 400 });
  const named = new Map<string, number>();
  const run = (pictures: Picture[]) => {
    named.clear();
    let was = '';
    play(pictures, (window) => {
      const text = window.playlist('notice');
      if (text === was || window.newestSegment() === null) return;
      was = text;
      const { sequence, segments, open, hint } = read(text);
      for (const [at, { uri, seconds, parts }] of segments.entries()) {
        assert.equal(numberIn(uri), sequence + at, 'segments are numbered in order');
        assert.ok(Math.round(seconds) <= SEGMENT_US_MAX / 1e6, `${seconds} s of a segment`);
        assert.equal(named.get(uri) ?? seconds, seconds, 'a name never comes to mean another');
        named.set(uri, seconds);
        for (const [index, part] of parts.entries()) {
          assert.ok(part.seconds <= PART_US_MAX / 1e6, `${part.seconds} s of a part`);
          const isLast = index === parts.length - 1;
          assert.ok(isLast || part.seconds >= (0.85 * PART_US_MAX) / 1e6);
        }
        if (parts.length > 0) {
          const whole = parts.reduce((sum, part) => sum + part.seconds, 0);
          assert.ok(Math.abs(whole - seconds) < 1e-5);
        }
        assert.ok(window.segment(numberIn(uri)));
      }
      for (const { uri } of open) assert.ok(window.part(numberIn(uri)));
      assert.equal(window.part(numberIn(hint ?? '')), null, 'what is hinted at is yet to come');
    });
  };
  fc.assert(fc.property(shows, run), { seed, numRuns: 25 });
});

test('what is waited for is there when it is, and stays so', { skip }, () => {
  const pictures = Array.from({ length: 200 }, (_, at) => ({
    gapUs: PICTURE_US,
    keyFrame: at % 60 === 0,
  }));
  const hinted: number[] = [];
  let next = { segment: 100, part: 0 };
  play(pictures, (window) => {
    while (window.isThere(next.segment, next.part)) {
      const { segments, open } = read(window.playlist(''));
      const whole = segments.find(({ uri }) => numberIn(uri) === next.segment);
      const parts = whole?.parts ?? (window.newestSegment() === next.segment ? open : []);
      const found = parts[next.part];
      // A part that never came means the first one of the segment behind.
      if (found) next.part++;
      else {
        assert.ok(whole, 'only a whole segment has no further part');
        next = { segment: next.segment + 1, part: 0 };
      }
    }
    hinted.push(numberIn(read(window.playlist('')).hint ?? ''));
  });
  assert.equal(next.segment, 102);
  const firsts = [...new Set(hinted)];
  assert.deepEqual(
    firsts,
    firsts.map((_, at) => 100 + at),
    'each hint names the next part',
  );
});

test('memory is bounded by time and by bytes', { skip }, () => {
  const second = [{ gapUs: PICTURE_US, keyFrame: true }].concat(
    Array.from({ length: 29 }, () => ({ gapUs: PICTURE_US, keyFrame: false })),
  );
  const long = Array.from({ length: 40 }, () => second).flat();
  const { window } = play(long, () => {});
  const { segments, sequence } = read(window.playlist(''));
  const held = segments.reduce((sum, { seconds }) => sum + seconds, 0);
  assert.ok(held >= 18 && held < 27, `${held} s are held`);
  assert.ok(sequence > 100 && window.segment(sequence - 1) === null);
  const few = play(long, (each) => assert.ok(each.bytes() < 60_000), 30_000);
  assert.ok(read(few.window.playlist('')).segments.length < segments.length);
});

test('a hole, a new size and the end are said', { skip }, () => {
  assert.ok(typeof made !== 'string');
  const window = createHlsWindow(7);
  const bytes = made.frames[0]?.bytes ?? new Uint8Array(0);
  const piece = { bytes, startsWithKeyFrame: true, config: 1, header: null };
  window.push({ ...piece, header: bytes, fromUs: 0, toUs: 900_000 }, 0);
  window.push({ ...piece, fromUs: 9_000_000, toUs: 9_900_000 }, 9_000);
  window.push({ ...piece, header: bytes, fromUs: 9_900_000, toUs: 10_800_000 }, 9_900);
  window.end();
  const kinds = window
    .playlist('')
    .split('\n')
    .filter((line) => /DISCONTINUITY$|MAP|ENDLIST|^segment/.test(line));
  assert.deepEqual(kinds, [
    ...['#EXT-X-MAP:URI="header8.mp4"', 'segment7.m4s', '#EXT-X-DISCONTINUITY', 'segment8.m4s'],
    ...['#EXT-X-DISCONTINUITY', '#EXT-X-MAP:URI="header9.mp4"', 'segment9.m4s', '#EXT-X-ENDLIST'],
  ]);
  assert.ok(window.isThere(99, null), 'nobody waits for what never comes');
});

test('ffprobe reads the pieces; parameter sets stand in the header only', { skip }, () => {
  const pictures = Array.from({ length: 95 }, (_, at) => ({
    gapUs: PICTURE_US,
    keyFrame: at % 30 === 0,
  }));
  const { window, end } = play(pictures, () => {});
  end();
  const names = read(window.playlist('')).segments.map(({ uri }) => numberIn(uri));
  const media = names.flatMap(
    (name) => window.segment(name)?.parts.map((part) => part.bytes) ?? [],
  );
  const header = window.header(window.newestHeader() ?? 0);
  assert.ok(header);
  const arguments_ =
    '-v error -of csv=p=0 -count_packets -show_entries stream=nb_read_packets,width';
  const probe = spawnSync('ffprobe', [...arguments_.split(' '), '-'], {
    input: Buffer.concat([header, ...media]),
    encoding: 'utf8',
  });
  assert.equal(probe.stdout.trim(), `160,${pictures.length}`, probe.stderr);
  const first = media[0] ?? new Uint8Array(0);
  const at = Buffer.from(first).indexOf('mdat') + 4;
  const types = splitAvcc(first.subarray(at), 4).map(nalTypeOf);
  assert.ok(types.length > 0 && !types.includes(NAL_SPS), `${types}`);
});

test('the list names what a player has to decode, and what is said to people', () => {
  const list = hlsIndex({
    ...{ codecs: 'avc1.42C01F,opus', width: 640, height: 360, bitsPerSecond: 1_500_000 },
    notices: { en: 'Later' },
  });
  assert.match(list, /BANDWIDTH=1500000,CODECS="avc1.42C01F,opus",RESOLUTION=640x360\nlive.m3u8\n/);
  assert.match(list, /SESSION-DATA:DATA-ID="studio.notice",LANGUAGE="en",VALUE="Later"/);
});
