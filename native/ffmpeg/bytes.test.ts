// Proves against each real ffmpeg build that what it writes as NUT is read right (H.264, Opus, raw
// pictures), and that an access unit written as FLV comes back as a picture before the next one is
// sent, with its time to the millisecond.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  createFlvWriter,
  FLV_LOW_DELAY_INPUT,
  RAW_LOW_DELAY_OUTPUT,
} from '../../core/media/flv.ts';
import { isKeyFrame, parseSps, splitAnnexB } from '../../core/media/h264.ts';
import { createNutReader, type NutFrame, type NutStream } from '../../core/media/nut.ts';
import { createNutPcmWriter } from '../../core/media/nutWriter.ts';
import type { Ffmpeg } from './resolve.ts';
import { builds } from './testing/builds.ts';

function runAndRead(ffmpeg: Ffmpeg, args: readonly string[]) {
  const result = spawnSync(ffmpeg.path, ['-v', 'error', ...args, '-f', 'nut', 'pipe:1'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(result.stderr.toString(), '');
  const frames: NutFrame[] = [];
  const streams: NutStream[] = [];
  const reader = createNutReader({
    onStream: (stream) => streams.push(stream),
    onFrame: (frame) => frames.push(frame),
  });
  // Pipes give 64 KiB at a time at most.
  for (let at = 0; at < result.stdout.length; at += 65_536) {
    reader.push(result.stdout.subarray(at, at + 65_536));
  }
  reader.end();
  return { frames, streams };
}

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=30:d=2'];
const BASELINE = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0', '-g', '15'],
  ...['-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-x264-params', 'repeat-headers=1'],
];

for (const { name, ffmpeg, skip } of builds) {
  test(`H.264 of ${name}`, { skip }, () => {
    if (!ffmpeg) return;
    const { frames, streams } = runAndRead(ffmpeg, [...PICTURE, ...BASELINE]);
    const [stream] = streams;
    assert.equal(stream?.fourcc, 'H264');
    assert.deepEqual([stream.width, stream.height], [640, 360]);
    const facts = parseSps(splitAnnexB(stream.extradata)[0] ?? new Uint8Array());
    assert.deepEqual([facts.width, facts.height, facts.reorderFramesMax], [640, 360, 0]);
    assert.equal(frames.length, 60);
    for (const [index, frame] of frames.entries()) {
      assert.equal(frame.ptsUs, Math.round((index * 1_000_000) / 30));
      assert.equal(frame.keyFrame, index % 15 === 0);
      assert.equal(isKeyFrame(splitAnnexB(frame.bytes)), frame.keyFrame);
    }
  });

  test(`Opus and a second stream of ${name}`, { skip }, () => {
    if (!ffmpeg) return;
    const sound = ['-f', 'lavfi', '-i', 'sine=r=48000:d=2', '-c:a', 'libopus'];
    const { frames, streams } = runAndRead(ffmpeg, [...PICTURE, ...sound, ...BASELINE]);
    assert.deepEqual(
      streams.map((stream) => stream.kind),
      ['video', 'audio'],
    );
    const packets = frames.filter((frame) => frame.stream === 1);
    assert.ok(packets.length >= 100);
    for (const [index, packet] of packets.entries()) {
      const previous = packets[index - 1];
      if (previous && index < 100) assert.equal(packet.ptsUs - previous.ptsUs, 20_000);
    }
  });

  test(`raw pictures of ${name}`, { skip }, () => {
    if (!ffmpeg) return;
    const raw = ['-pix_fmt', 'yuv420p', ...RAW_LOW_DELAY_OUTPUT];
    const { frames, streams } = runAndRead(ffmpeg, [...PICTURE, ...raw]);
    assert.equal(streams[0]?.fourcc, 'I420');
    assert.equal(frames.length, 60);
    assert.ok(frames.every((frame) => frame.bytes.length === (640 * 360 * 3) / 2));
    const first = spawnSync(
      ffmpeg.path,
      [...['-v', 'error'], ...PICTURE, ...['-frames:v', '1', '-pix_fmt', 'yuv420p']].concat([
        ...['-f', 'rawvideo', 'pipe:1'],
      ]),
      { maxBuffer: 1e6 },
    );
    assert.ok(first.stdout.equals(frames[0]?.bytes ?? new Uint8Array()));
  });

  test(`one picture per access unit, at once, by ${name}`, { skip }, async () => {
    if (!ffmpeg) return;
    const { frames } = runAndRead(ffmpeg, [...PICTURE, ...BASELINE]);
    const child = spawn(
      ffmpeg.path,
      [
        ...['-v', 'error', ...FLV_LOW_DELAY_INPUT, '-i', 'pipe:0', ...ffmpeg.passthrough],
        ...['-copyts', '-pix_fmt', 'yuv420p', ...RAW_LOW_DELAY_OUTPUT, '-f', 'nut', 'pipe:1'],
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    const writer = createFlvWriter();
    assert.equal(writer.write(frames[1]?.bytes ?? new Uint8Array(), 0).length, 0);
    const decoded: NutFrame[] = [];
    let wake = () => {};
    const reader = createNutReader({
      onFrame: (frame) => {
        decoded.push(frame);
        wake();
      },
    });
    child.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
    const times: number[] = [];
    for (const frame of frames) {
      const timeMs = 5_000 + Math.round(frame.ptsUs / 1000);
      times.push(timeMs * 1000);
      const came = new Promise<void>((done) => {
        wake = done;
      });
      child.stdin.write(writer.write(frame.bytes, timeMs));
      // The next one is not sent before: a decoder that holds pictures back never gets on.
      await came;
    }
    assert.deepEqual(
      decoded.map((frame) => frame.ptsUs),
      times,
    );
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  test(`written PCM is taken by ${name}`, { skip }, () => {
    if (!ffmpeg) return;
    const writer = createNutPcmWriter(48_000, 2);
    const chunks = Array.from({ length: 100 }, (_, i) => new Uint8Array(3840).fill(i));
    const input = Buffer.concat([
      writer.header(),
      ...chunks.map((chunk, i) => writer.write(chunk, i * 960)),
    ]);
    const args = ['-v', 'error', '-f', 'nut', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'];
    const result = spawnSync(ffmpeg.path, args, { input, maxBuffer: 1e7 });
    assert.ok(result.stdout.equals(Buffer.concat(chunks)));
  });
}

test('times that FLV cannot hold are refused', () => {
  const writer = createFlvWriter();
  for (const timeMs of [-1, 0.5, 2 ** 31, Number.NaN]) {
    assert.throws(() => writer.write(new Uint8Array(), timeMs), RangeError);
  }
});
