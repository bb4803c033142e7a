// Section `recording`: SIGKILL at random moments of a process that writes four recordings at four
// paces; each file is opened by ffprobe, which must find every picture of every whole fragment, and
// the lines beside it must be whole up to the last. KILLS=n and SEED=n as elsewhere.

import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readFmp4 } from '../../core/media/fmp4Reader.ts';
import { createFragmenter } from '../../core/media/fragmenter.ts';
import { COMMANDS_FILE } from '../../native/recording/recorder.ts';
import { makeTestVideo } from '../../native/webrtc/testVideo.ts';

const KILLS = Number(process.env.KILLS ?? 100);
const RECORDERS = 4;
const KILLS_A_LINE = 25;
/** From the first writes until a file has hundreds of fragments. */
const AFTER_MS_MAX = 1_500;
const RUN = resolve(import.meta.dirname, '../../native/recording/testing/recordRun.ts');

type Found = { pictures: number; isEmpty: boolean; tornBytes: number };

export async function runRecording(say: (line: string) => void): Promise<boolean> {
  const made = makeTestVideo({ frames: 30, size: '160x90', kilobits: 200 });
  const hasFfprobe = spawnSync('ffprobe', ['-version']).status === 0;
  if (typeof made === 'string' || !hasFfprobe) {
    say(`recording: not run, ${typeof made === 'string' ? made : 'ffprobe is not installed'}`);
    return true;
  }
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  say(`recording: ${KILLS} kills of ${RECORDERS} recordings each, seed ${seed}`);
  const root = mkdtempSync(join(tmpdir(), 'endurance-recording-'));
  const video = join(root, 'video.mp4');
  writeFileSync(video, fileOf(made.frames));
  const sums = { kills: 0, files: 0, empty: 0, torn: 0, pictures: 0 };
  const faults: string[] = [];
  const begun = performance.now();
  let next = 0;
  const lane = async () => {
    for (let kill = next++; kill < KILLS; kill = next++) {
      const afterMs = momentOf(seed, kill);
      try {
        for (const found of await killOnce(root, video, kill, afterMs)) {
          sums.files++;
          if (found.isEmpty) sums.empty++;
          if (found.tornBytes > 0) sums.torn++;
          sums.pictures += found.pictures;
        }
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        faults.push(`kill ${kill} after ${afterMs} ms: ${reason}`);
        say(`  BROKEN ${faults.at(-1)}`);
      }
      sums.kills++;
      if (sums.kills % KILLS_A_LINE === 0) say(`  ${lineOf(sums, faults, begun)}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  rmSync(root, { recursive: true, force: true });
  say(`recording: ${lineOf(sums, faults, begun)}`);
  return faults.length === 0 && sums.pictures > 0;
}

function lineOf(
  sums: { kills: number; files: number; empty: number; torn: number; pictures: number },
  faults: readonly string[],
  begun: number,
): string {
  return (
    `${sums.kills} kills, ${sums.files} files opened (${sums.torn} cut inside a fragment, ` +
    `${sums.empty} before their first), ${sums.pictures} pictures found, ${faults.length} broken, ` +
    `${Math.round((performance.now() - begun) / 1000)} s`
  );
}

/** The same moment for the same seed. */
function momentOf(seed: number, kill: number): number {
  const mixed = Math.imul(seed ^ Math.imul(kill + 1, 0x9e37_79b1), 0x85eb_ca6b) >>> 0;
  return mixed % AFTER_MS_MAX;
}

async function killOnce(
  root: string,
  video: string,
  kill: number,
  afterMs: number,
): Promise<Found[]> {
  const folders = Array.from({ length: RECORDERS }, (_, at) => join(root, `${kill}-${at}`));
  const child = spawn(process.execPath, [RUN, video, ...folders], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended]);
  await new Promise((done) => setTimeout(done, afterMs));
  child.kill('SIGKILL');
  await ended;
  const found: Found[] = [];
  for (const folder of folders) {
    found.push(await look(folder));
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

/** Throws when a file does not open, lacks a whole fragment, or a line was torn in the middle. */
async function look(folder: string): Promise<Found> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const commands = names.find((name) => name.endsWith(COMMANDS_FILE));
  const lines = commands ? readFileSync(join(folder, commands), 'utf8').split('\n') : [];
  // The last one may be torn, and is then no line.
  for (const line of lines.slice(0, -1)) JSON.parse(line);
  const path = names.find((name) => name.endsWith('.mp4'));
  const bytes = path ? readFileSync(join(folder, path)) : Buffer.alloc(0);
  const wholeBytes = wholeLength(bytes);
  // Killed before its first fragment was there: nothing to open.
  if (!path || !bytes.subarray(0, wholeBytes).includes('moof')) {
    return { pictures: 0, isEmpty: true, tornBytes: 0 };
  }
  const own = [...readFmp4(bytes)].filter(({ track }) => track === 'video').length;
  if (own === 0) throw new Error('A whole fragment holds no picture');
  const arguments_ = '-v error -select_streams v -show_entries packet=pts -of csv=p=0'.split(' ');
  const probe = spawn('ffprobe', [...arguments_, join(folder, path)]);
  let text = '';
  probe.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  const [code] = (await once(probe, 'close')) as [number | null];
  const seen = text.split('\n').filter(Boolean).length;
  if (code !== 0) throw new Error(`ffprobe ended with ${code}`);
  if (seen < own) throw new Error(`ffprobe found ${seen} of ${own} pictures`);
  return { pictures: own, isEmpty: false, tornBytes: bytes.length - wholeBytes };
}

/** Bytes of whole boxes (ISO/IEC 14496-12 section 4.2). */
function wholeLength(bytes: Buffer): number {
  let at = 0;
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    if (length < 8 || at + length > bytes.length) break;
    at += length;
  }
  return at;
}

function fileOf(frames: readonly { bytes: Uint8Array; keyFrame: boolean }[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const fragmenter = createFragmenter({
    onPiece: ({ header, bytes }) => void parts.push(...(header ? [header] : []), bytes),
  });
  for (const [at, frame] of frames.entries()) {
    const captureUs = 1_700_000_000_000_000 + at * 33_333;
    fragmenter.push({ track: 'video', captureUs, rtpTimestamp: 0, config: 0, ...frame });
  }
  fragmenter.flush();
  return Buffer.concat(parts);
}
