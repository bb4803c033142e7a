// Writes training frames for the demo's own detector: drawn, encoded as a show is, decoded, scaled.
// It must never share seeds between training and the held-out set: `firstSeed` names them.
// usage: exportFrames.ts OUT_FOLDER FIRST_SEED CLIPS   (needs ffmpeg with libx264 on the path)
// OUT_FOLDER gets frames.rgb (N x 288 x 512 x 3 bytes) and labels.jsonl (one line per frame, in
// pixels of the 1280 x 720 picture).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { chanceStream } from '../../native/capture/demo/chance.ts';
import { createMatch, type Match, PICTURE_BYTES } from '../../native/capture/demo/match.ts';

const FRAMES_PER_CLIP = 42;
const KEEP_EVERY = 3;
const WIDTH = 512;
const HEIGHT = 288;
const FRAME_BYTES = WIDTH * HEIGHT * 3;
// What is judged was scaled to 640 x 360 by the decoder first; the last two help on other paths.
const SCALERS = [
  'scale=640:360:flags=fast_bilinear,format=yuv420p,scale=512:288:flags=bilinear',
  'scale=640:360:flags=fast_bilinear,format=yuv420p,scale=512:288:flags=bilinear',
  'scale=512:288:flags=bilinear',
  'scale=512:288:flags=area',
];
const RATES = [2_500_000, 2_500_000, 4_000_000, 1_500_000];

/** Encodes as the capture of the demo does: fast, without B-frames, a key frame a second. */
function encoder(rate: number) {
  const input = '-f rawvideo -pix_fmt yuv420p -s 1280x720 -r 30 -colorspace bt709 -color_range tv';
  const h264 = '-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -bf 0';
  const limits = `-b:v ${rate} -maxrate ${rate} -bufsize ${rate / 5} -g 30 -threads 1 -f nut -`;
  const args = `-v error ${input} -i - ${h264} ${limits}`.split(' ');
  return spawn('ffmpeg', args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

function decoder(scaler: string) {
  const filter = `select=not(mod(n\\,${KEEP_EVERY})),${scaler}`;
  const args = ['-v', 'error', '-threads', '1', '-i', '-', '-vf', filter, '-vsync', '0'];
  const output = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  return spawn('ffmpeg', [...args, ...output], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Every eighth clip is drawn without the ball, so that its absence is learned and measured. */
const isBallHidden = (index: number): boolean => index % 8 === 5;

/** Draws one clip and returns its frames as they look after encoding and scaling. */
async function clip(match: Match, start: number, index: number): Promise<Buffer> {
  const hideBall = isBallHidden(index);
  const enc = encoder(RATES[index % RATES.length] ?? 2_500_000);
  const dec = decoder(SCALERS[(index >> 2) % SCALERS.length] ?? '');
  enc.stdout.pipe(dec.stdin);
  const chunks: Buffer[] = [];
  dec.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(dec, 'close');
  for (let i = 0; i < FRAMES_PER_CLIP; i += 1) {
    const frame = new Uint8Array(PICTURE_BYTES);
    match.drawFrame(start + i, frame, { hideBall });
    if (!enc.stdin.write(frame)) await once(enc.stdin, 'drain');
  }
  enc.stdin.end();
  await ended;
  return Buffer.concat(chunks);
}

function clipStart(match: Match, unit: () => number): number {
  const from = Math.floor(unit() * 9000);
  const kind = unit();
  const lead = Math.floor(unit() * FRAMES_PER_CLIP);
  if (kind < 0.25) return Math.max(0, match.nextGoalFrame(from) - lead);
  if (kind < 0.4) return Math.max(0, match.nextKickOffFrame(from) - lead);
  return from;
}

async function main(): Promise<void> {
  const [folder, firstSeed, clips] = process.argv.slice(2);
  if (folder === undefined || firstSeed === undefined || clips === undefined) {
    throw new Error('usage: exportFrames.ts OUT_FOLDER FIRST_SEED CLIPS');
  }
  mkdirSync(folder, { recursive: true });
  const pixels = createWriteStream(`${folder}/frames.rgb`);
  const labels = createWriteStream(`${folder}/labels.jsonl`);
  for (let index = 0; index < Number(clips); index += 1) {
    const seed = Number(firstSeed) + index;
    const match = createMatch(seed);
    const start = clipStart(match, chanceStream(seed, 0xc11b).unit);
    const bytes = await clip(match, start, index);
    const frames = Math.ceil(FRAMES_PER_CLIP / KEEP_EVERY);
    if (bytes.length !== frames * FRAME_BYTES) {
      throw new Error(`Clip ${index} gave ${bytes.length / FRAME_BYTES} of ${frames} frames.`);
    }
    if (!pixels.write(bytes)) await once(pixels, 'drain');
    for (let i = 0; i < frames; i += 1) {
      const frame = start + i * KEEP_EVERY;
      const { ball: drawn, players } = match.truth(frame);
      const ball = isBallHidden(index) ? null : drawn;
      labels.write(`${JSON.stringify({ seed, frame, ball, players })}\n`);
    }
  }
  pixels.end();
  labels.end();
}

await main();
