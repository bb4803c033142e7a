// Encoders of graphics cards and systems through ffmpeg. That a build names one says nothing of
// the machine, so each is tried with one real picture, by the very words that a show would use,
// before it is offered. UNTRIED on a machine that has one: without a card the refusal is all that
// was seen.

import { readdirSync } from 'node:fs';
import type { Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { HardwareEncoder } from '../../core/contract/picture.ts';
import { H264Error, NAL_SPS, nalTypeOf, parseSps, splitAnnexB } from '../../core/media/h264.ts';
import { createNutReader } from '../../core/media/nut.ts';
import { levelOf, type PictureTarget } from '../../core/media/pictureTarget.ts';
import type { Ffmpeg } from './resolve.ts';
import { spawnFfmpeg } from './spawn.ts';

/** ffmpeg's name of each. */
const NAMES: Record<HardwareEncoder, string> = {
  nvenc: 'h264_nvenc',
  qsv: 'h264_qsv',
  amf: 'h264_amf',
  videotoolbox: 'h264_videotoolbox',
  vaapi: 'h264_vaapi',
};

/** As a person knows it. */
export const HARDWARE_TITLES: Record<HardwareEncoder, string> = {
  nvenc: 'NVENC (NVIDIA)',
  qsv: 'Quick Sync (Intel)',
  amf: 'AMF (AMD)',
  videotoolbox: 'VideoToolbox (Apple)',
  vaapi: 'VA-API (Linux)',
};

/** No B-frames, no look-ahead, no picture held back, key frames that decoders can begin at. */
const WORDS: Record<HardwareEncoder, readonly string[]> = {
  nvenc: [
    ...['-preset', 'p2', '-tune', 'ull', '-profile:v', 'baseline', '-rc', 'cbr'],
    ...['-delay', '0', '-zerolatency', '1', '-forced-idr', '1', '-no-scenecut', '1'],
  ],
  qsv: [
    ...['-preset', 'veryfast', '-profile:v', 'baseline', '-async_depth', '1'],
    ...['-look_ahead', '0', '-forced_idr', '1', '-idr_interval', '0'],
  ],
  amf: ['-usage', 'ultralowlatency', '-profile:v', 'constrained_baseline', '-rc', 'cbr'],
  videotoolbox: ['-realtime', '1', '-profile:v', 'baseline', '-allow_sw', '0'],
  vaapi: ['-profile:v', 'constrained_baseline', '-rc_mode', 'CBR', '-idr_interval', '0'],
};

/** The words for one, up to its container. @param keyFrames words that place key frames */
export function hardwareArguments(
  encoder: HardwareEncoder,
  target: PictureTarget,
  bufferBits: number,
  keyFrames: readonly string[],
): string[] {
  const { bitsPerSecond } = target;
  return [
    ...(encoder === 'vaapi' ? ['-vaapi_device', renderDevice()] : []),
    ...['-c:v', NAMES[encoder], ...WORDS[encoder], '-level:v', levelOf(target).level, '-bf', '0'],
    ...['-b:v', String(bitsPerSecond), '-maxrate', String(bitsPerSecond)],
    ...['-bufsize', String(bufferBits), ...keyFrames],
    // They put their parameter sets beside the stream; viewers who join need them in it.
    ...['-bsf:v', 'dump_extra=freq=keyframe'],
  ];
}

/** The filters that bring a picture to one, after all others. */
export function hardwareFilters(encoder: HardwareEncoder): string[] {
  return encoder === 'vaapi' ? ['format=nv12', 'hwupload'] : ['format=nv12'];
}

function renderDevice(): string {
  const folder = '/dev/dri';
  try {
    const node = readdirSync(folder).find((name) => name.startsWith('renderD'));
    if (node) return `${folder}/${node}`;
  } catch {
    // There is no such folder; ffmpeg then names the device that it lacks.
  }
  return `${folder}/renderD128`;
}

/** A driver that needs longer than this to open is not one for a live show, ms. */
export const TRIAL_MS_MAX = 8_000;

/**
 * Encodes one picture.
 *
 * @returns why the encoder is not to be used; empty when it made a key frame that viewers can show
 */
export async function tryHardwareEncoder(
  ffmpeg: Ffmpeg,
  encoder: HardwareEncoder,
  target: PictureTarget,
  around: {
    timers: Timers;
    logger: Logger;
    onHelper?: ((pid: number, alive: boolean) => void) | undefined;
    msMax?: number;
  },
): Promise<string> {
  const { timers, logger, onHelper, msMax = TRIAL_MS_MAX } = around;
  const name = NAMES[encoder];
  if (!ffmpeg.encoders.has(name))
    return `this ffmpeg (${ffmpeg.version}) was built without ${name}`;
  const pictures: Uint8Array[] = [];
  const reader = createNutReader({ onFrame: ({ bytes }) => pictures.push(bytes) });
  return new Promise((done) => {
    let isLate = false;
    const child = spawnFfmpeg({
      ...{ ffmpeg, timers, logger, onHelper, outputs: [1], silenceMsMax: 0 },
      arguments: trialArguments(encoder, target),
      onData: (_output, bytes) => {
        try {
          reader.push(bytes);
        } catch {
          void child.kill();
        }
      },
      onEnd: ({ code, reason }) => {
        cancel();
        if (isLate) done(`it gave no picture within ${msMax / 1000} s`);
        else if (pictures[0]) done(misfitOf(pictures[0]));
        else done(plainRefusal(child.lastLines(), code === 0 ? 'it gave no picture' : reason));
      },
    });
    const cancel = timers.after(msMax, () => {
      isLate = true;
      void child.kill();
    });
  });
}

function trialArguments(encoder: HardwareEncoder, target: PictureTarget): string[] {
  const { width, height, framesPerSecond, bitsPerSecond } = target;
  const picture = `color=c=gray:s=${width}x${height}:r=${framesPerSecond}`;
  const every = ['-g', String(framesPerSecond)];
  return [
    ...['-f', 'lavfi', '-i', picture, '-frames:v', '1'],
    ...['-vf', hardwareFilters(encoder).join(',')],
    ...hardwareArguments(encoder, target, Math.round((bitsPerSecond * 4) / 30), every),
    ...['-f', 'nut', '-write_index', '0', '-flush_packets', '1', 'pipe:1'],
  ];
}

/** Why what it made cannot be shown; empty when it can. */
function misfitOf(bytes: Uint8Array): string {
  try {
    const sps = splitAnnexB(bytes).find((unit) => nalTypeOf(unit) === NAL_SPS);
    if (!sps) return 'its picture is none that a viewer could begin at';
    const { profile, reorderFramesMax } = parseSps(sps);
    if (profile !== 66 && profile !== 77) return `it makes profile ${profile}, not baseline`;
    return reorderFramesMax ? 'it holds pictures back (B-frames)' : '';
  } catch (cause) {
    if (!(cause instanceof H264Error)) throw cause;
    return `its picture cannot be read (${cause.message})`;
  }
}

/** What drivers say, in words; the line itself stands behind. */
const PLAIN: readonly [RegExp, string][] = [
  [/Unknown encoder/, 'this ffmpeg was built without it'],
  [/Cannot load (libcuda|nvcuda|libnvidia)/i, 'no NVIDIA driver is installed here'],
  [/required Nvidia driver|nvenc API version/i, 'the NVIDIA driver is too old'],
  [/No capable devices|OpenEncodeSession|CUDA_ERROR/i, 'no NVIDIA card here can encode'],
  [/MFX|VPL/i, 'no Intel graphics driver answers here'],
  [/amfrt|AMF/i, 'no AMD driver is installed here'],
  [/VA display|vaInitialize|libva|VAAPI|renderD/i, 'no graphics device answers by VA-API here'],
  [/VideoToolbox/i, 'this Mac’s encoder did not open'],
  [/Option not found|Unrecognized option|Undefined constant/i, 'this ffmpeg is too old for it'],
];

function plainRefusal(lines: readonly string[], otherwise: string): string {
  for (const [pattern, words] of PLAIN) {
    const line = lines.find((said) => pattern.test(said));
    if (line) return `${words} (${shortLine(line)})`;
  }
  return shortLine(lines[0] ?? otherwise);
}

/** Without the address of ffmpeg's part and the numbers of its streams. */
function shortLine(line: string): string {
  return line
    .replace(/^(\[[^\]]*\] *)+/, '')
    .trim()
    .slice(0, 160);
}
