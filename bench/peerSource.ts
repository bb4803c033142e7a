// What the peer is fed with, a process of its own: the same drawn match, the barcode and the same
// encoder settings as the demo source, sent as RTP to a port. Its media clock is the monotonic
// clock. Each picture is drawn before its time and handed to ffmpeg when its time has come.

import { spawn } from 'node:child_process';
import { drawBarcode } from '../core/media/barcode.ts';
import { createMatch } from '../native/capture/demo/match.ts';
import { DEMO_PICTURE } from '../native/capture/demoMessages.ts';
import { videoEncoderArguments } from '../native/capture/encoder.ts';
import { resolveFfmpeg } from '../native/ffmpeg/resolve.ts';

const { width, height, framesPerSecond } = DEMO_PICTURE;
const FRAME_US = 1_000_000 / framesPerSecond;
const SEED = 3;

const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
if (ffmpeg.path === null) throw new Error(ffmpeg.reason);
const encoder = videoEncoderArguments(['-g', '30', '-keyint_min', '30']);
const [command = '', ...args] = [
  ...ffmpeg.deathPrefix,
  ffmpeg.path,
  ...['-loglevel', 'error', '-probesize', '32', '-analyzeduration', '0'],
  ...['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`],
  ...['-r', String(framesPerSecond), '-i', 'pipe:0'],
  // All of the encoder's settings up to its container.
  ...encoder.slice(0, encoder.indexOf('-f')),
  ...['-f', 'rtp', '-payload_type', '96', `rtp://127.0.0.1:${process.argv[2]}?pkt_size=1200`],
];
const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] });
child.on('error', () => process.exit(1));
child.on('exit', () => process.exit(1));
child.stdin.on('error', () => process.exit(1));
process.on('disconnect', () => {
  child.kill('SIGKILL');
  process.exit(0);
});

const nowUs = () => Number(process.hrtime.bigint() / 1000n);
const match = createMatch(SEED);
const anchorUs = nowUs();
const timeOf = (index: number) => anchorUs + Math.round(index * FRAME_US);
let picture = new Uint8Array((width * height * 3) / 2);
let spare = new Uint8Array(picture.length);
let drawn = -1;
const draw = (index: number) => {
  match.drawFrame(index, picture);
  drawBarcode(picture, width, height, timeOf(index));
  drawn = index;
};
draw(0);
let told = false;
let last = -1;
const tick = () => {
  const index = Math.floor((nowUs() - anchorUs) / FRAME_US);
  if (index > last) {
    last = index;
    if (drawn !== index) draw(index);
    const going = picture;
    [picture, spare] = [spare, picture];
    child.stdin.write(going, () => {
      if (!told) process.send?.('running');
      told = true;
      draw(index + 1);
    });
  }
  setTimeout(tick, Math.max(1, (timeOf(index + 1) - nowUs()) / 1000));
};
tick();
