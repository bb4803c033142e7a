// Figures `motionids`, `motionfalse` and `motiondefault`: the default mode over the whole person clip,
// decoded as the product decodes, against intervals read by eye. An id belongs to the person on whose
// interval it is first seen; any other is a false blob. The mode was tuned on this very clip.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { resolveFfmpeg } from '../native/ffmpeg/resolve.ts';
import { BlobTracker, JOINED_BLOBS } from '../native/vision/tracking/blobTracker.ts';
import { makeIds } from '../native/vision/tracking/track.ts';
import { Highlights } from '../native/vision/vibrio/highlights.ts';
import { PICTURE } from '../native/vision/vibrio/motion.ts';
import { normalised } from '../native/vision/vibrio/place.ts';
import { Vibrio } from '../native/vision/vibrio/vibrio.ts';
import { root } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';

const CLIP = join(root, '../shared/media/intel_one_by_one_person.mp4');
const FRAME_BYTES = (PICTURE.width * PICTURE.height * 3) / 2;
const MINIMUM_AREA = 500;
const FIGURES = ['motionids', 'motionfalse', 'motiondefault'];
/** A blob is confirmed on its third picture; it belongs to who was there on its first. */
const CONFIRMED_LATER = 2;

const labelsSchema = z.object({
  frameCount: z.number().int(),
  framesPerSecond: z.number(),
  persons: z.array(z.tuple([z.number().int(), z.number().int()])),
});

function decode(ffmpeg: string): Promise<Buffer> {
  const { width, height } = PICTURE;
  const filter = ['-vf', `scale=${width}:${height}`, '-pix_fmt', 'yuv420p', '-f', 'rawvideo'];
  const args = ['-v', 'error', '-i', CLIP, ...filter, 'pipe:1'];
  return new Promise((done, fail) => {
    execFile(ffmpeg, args, { encoding: 'buffer', maxBuffer: 2 ** 30 }, (error, stdout) => {
      if (error) fail(error);
      else done(stdout);
    });
  });
}

export async function measureDefaultMotion(context: BenchContext): Promise<Measured[]> {
  const { path } = await resolveFfmpeg();
  if (!existsSync(CLIP) || !path) {
    return FIGURES.map((name) => notMeasured(name, path ? 'the clip is not here' : 'no ffmpeg'));
  }
  await context.quiet();
  const text = readFileSync(join(import.meta.dirname, 'personClip.json'), 'utf8');
  const labels = labelsSchema.parse(JSON.parse(text));
  const video = await decode(path);
  const count = Math.floor(video.length / FRAME_BYTES);
  if (count !== labels.frameCount) {
    throw new Error(`The person clip has ${count} pictures, ${labels.frameCount} were labelled`);
  }
  const rounds = Array.from({ length: ROUNDS }, () => judge(video, labels.framesPerSecond));
  const [first] = rounds;
  const births = first?.births ?? [];
  const owners = births.map((frame) =>
    labels.persons.findIndex(([from, to]) => frame >= from && frame <= to),
  );
  const ofPersons = owners.filter((owner) => owner >= 0).length;
  const unseen = labels.persons.filter((_, index) => !owners.includes(index)).length;
  const minutes = count / labels.framesPerSecond / 60;
  const said =
    `${births.length} ids in ${minutes.toFixed(1)} minutes, ${labels.persons.length} persons, ` +
    `${unseen} of them never seen; tuned on this clip, no other is labelled`;
  return [
    {
      figure: 'motionids',
      rounds: [[ofPersons / labels.persons.length + (unseen > 0 ? Number.MAX_VALUE : 0)]],
      remarks: [said],
    },
    { figure: 'motionfalse', rounds: [[(births.length - ofPersons) / minutes]], remarks: [] },
    {
      figure: 'motiondefault',
      rounds: rounds.map(({ samplesMs }) => samplesMs),
      remarks: ['background, camera motion, scene, highlights and blob tracks of one picture'],
    },
  ];
}

/** When each id was first seen, and what each picture took, ms. */
function judge(video: Buffer, framesPerSecond: number): { births: number[]; samplesMs: number[] } {
  const vibrio = new Vibrio(new Highlights());
  const tracker = new BlobTracker(makeIds(), JOINED_BLOBS);
  const born = new Map<number, number>();
  const samplesMs: number[] = [];
  for (let frame = 0; frame * FRAME_BYTES < video.length; frame++) {
    const yuv = video.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES);
    const captureUs = Math.round(((frame + 1) * 1_000_000) / framesPerSecond);
    const startedMs = performance.now();
    const { components } = vibrio.judge(yuv, captureUs);
    const large = components.filter(({ area }) => area >= MINIMUM_AREA);
    const tracks = tracker.update(large.map(normalised), captureUs);
    samplesMs.push(performance.now() - startedMs);
    for (const { id } of tracks) if (!born.has(id)) born.set(id, frame - CONFIRMED_LATER);
  }
  return { births: [...born.values()], samplesMs: samplesMs.slice(CONFIRMED_LATER) };
}
