// Whether this machine's own decoders may decode for vision: each one has to decode a clip made on
// the spot to exactly the pictures of the software decoder. ffmpeg falls back to software without a
// word, so a trial asks for pictures in the device's memory, which only a real one has. UNTRIED on
// a machine with such a decoder; without one the reason is all there is.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';

export type HardwareChoice = {
  /** ffmpeg's name of it; empty for software. */
  name: string;
  /** Why it is software; empty when hardware works, and before anything was tried. */
  reason: string;
  /** Stand before the input. */
  inputArguments: readonly string[];
  /** Stands before the filters: brings pictures out of the device. */
  filter: string;
};

export const NO_HARDWARE: HardwareChoice = { name: '', reason: '', inputArguments: [], filter: '' };

/** A decoder of ffmpeg and the pixel format that only it gives. */
export type HardwareDecoder = { name: string; format: string };

const DECODERS: Record<string, readonly HardwareDecoder[]> = {
  linux: [
    { name: 'cuda', format: 'cuda' },
    { name: 'vaapi', format: 'vaapi' },
  ],
  darwin: [{ name: 'videotoolbox', format: 'videotoolbox_vld' }],
  win32: [{ name: 'd3d11va', format: 'd3d11' }],
};
/** A driver that takes longer to open is not one to rely on, ms. */
const TRIAL_WAIT_MS = 8_000;

/** Which decoders are worth a trial here; without a device a trial only costs time. */
export function hardwareHere(platform: string): HardwareDecoder[] {
  const all = DECODERS[platform] ?? [];
  if (platform !== 'linux') return [...all];
  return all.filter(({ name }) => (name === 'cuda' ? existsSync('/dev/nvidia0') : hasRenderNode()));
}

/** Tries each decoder in turn. Never rejects: a failure is the reason for software. */
export async function tryHardware(
  ffmpeg: Ffmpeg,
  decoders: readonly HardwareDecoder[],
): Promise<HardwareChoice> {
  if (decoders.length === 0) {
    return { ...NO_HARDWARE, reason: 'this machine has no decoder of its own' };
  }
  const reasons: string[] = [];
  try {
    const clip = await run(ffmpeg.path, CLIP_ARGUMENTS, null);
    const expected = await hashesOf(ffmpeg, clip, NO_HARDWARE);
    for (const { name, format } of decoders) {
      const choice: HardwareChoice = {
        ...{ name, reason: '', filter: 'hwdownload,format=nv12,' },
        inputArguments: ['-hwaccel', name, '-hwaccel_output_format', format],
      };
      try {
        const found = await hashesOf(ffmpeg, clip, choice);
        if (found === expected) return choice;
        reasons.push(`${name} decodes to other pictures`);
      } catch (cause) {
        reasons.push(`${name}: ${lineOf(cause)}`);
      }
    }
  } catch (cause) {
    reasons.push(`no clip for a trial: ${lineOf(cause)}`);
  }
  return { ...NO_HARDWARE, reason: reasons.join('; ') };
}

const CLIP_ARGUMENTS = [
  ...['-f', 'lavfi', '-i', 'testsrc2=size=320x192:rate=30', '-frames:v', '8', '-c:v', 'libx264'],
  ...['-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline'],
  ...['-pix_fmt', 'yuv420p', '-f', 'h264', 'pipe:1'],
];

/** H.264 is exact: every right decoder gives the same pictures. */
async function hashesOf(ffmpeg: Ffmpeg, clip: Buffer, choice: HardwareChoice): Promise<string> {
  const told = await run(
    ffmpeg.path,
    [
      ...choice.inputArguments,
      ...['-f', 'h264', '-i', 'pipe:0', '-vf', `${choice.filter}format=yuv420p`],
      ...['-f', 'framemd5', 'pipe:1'],
    ],
    clip,
  );
  const lines = told.toString('utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim())
    .join(' ');
}

function run(path: string, args: readonly string[], input: Buffer | null): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      path,
      ['-hide_banner', '-v', 'error', ...(input ? [] : ['-nostdin']), ...args],
      { timeout: TRIAL_WAIT_MS, maxBuffer: 8 * 1024 * 1024, windowsHide: true, encoding: 'buffer' },
      (error, stdout, stderr) => {
        const said = stderr.toString('utf8').trim().split('\n')[0] ?? '';
        if (error) reject(new Error(said || error.message));
        else resolve(stdout);
      },
    );
    child.stdin?.on('error', () => {});
    if (input) child.stdin?.end(input);
  });
}

function lineOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n')[0]?.slice(0, 160) ?? '';
}

function hasRenderNode(): boolean {
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    return false;
  }
}
