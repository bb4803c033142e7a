// The clips of a studio without a show: one of them can be played, and has a picture where there is
// an ffmpeg. Never shipped.

import { spawnSync } from 'node:child_process';
import type { Action } from '../../core/contract/actions.ts';
import type { ClipView } from '../../core/contract/recording.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';
import { TEST_FFMPEG_PATH } from '../../native/ffmpeg/testFfmpeg.ts';
import { clipOf } from '../../native/recording/clip.ts';
import { makeTestVideo, type TestVideo } from '../../native/webrtc/testVideo.ts';

type Kept = { view: ClipView; clip: Uint8Array; still: Uint8Array };
const READ_BYTES = 48 * 1024;

/** What is seen on clips and stills; a test picture where nothing was given. */
let shown: TestVideo | null = null;

export function showOnClips(video: TestVideo): void {
  shown = video;
}

function makeClips(): Kept[] {
  const made = shown ?? makeTestVideo({ frames: 60, size: '320x180', kilobits: 300 });
  if (typeof made === 'string') return [];
  const units = made.frames.map((frame, at) => {
    const captureUs = 1_000_000 + at * 33_333;
    return { track: 'video', captureUs, rtpTimestamp: 0, config: 0, ...frame } as const;
  });
  const clip = clipOf(units, 1_000_000)?.mp4 ?? new Uint8Array(0);
  const arguments_ = '-v error -i pipe:0 -frames:v 1 -f mjpeg pipe:1'.split(' ');
  const still = spawnSync(TEST_FFMPEG_PATH, arguments_, { input: clip }).stdout;
  const view = (name: string, title: string, reason: string): ClipView => ({
    ...{ name, title, reason, captureUs: 1_000_000, seconds: 2 },
    ...{ bytes: clip.length, stillBytes: still.length },
  });
  const why = 'shot 0.91: ball left foot of 7, 62 km/h, saved by the goalkeeper at the near post';
  return [
    { view: view('2026-11-21 18.43.07 Highlight.mp4', 'Highlight', why), clip, still },
    { view: view('2026-11-21 18.12.55 Moment.mp4', 'Moment', ''), clip, still },
  ];
}

let picture: Uint8Array | null = null;
/** A real JPEG, made once; empty without an ffmpeg. */
export function storyStill(): Uint8Array {
  picture ??= makeClips()[0]?.still ?? new Uint8Array(0);
  return picture;
}

export function storyClips(
  calls: string[],
  apply: (action: Action) => void,
  state: () => StudioState,
): Pick<Handlers['recording'], 'clips' | 'readClip' | 'removeClip' | 'configure'> {
  let kept: Kept[] | null = null;
  const all = () => {
    kept ??= makeClips();
    return kept;
  };
  return {
    clips: () => all().map(({ view }) => view),
    readClip({ name, part, offset }) {
      const bytes = all().find(({ view }) => view.name === name)?.[part] ?? new Uint8Array(0);
      const read = bytes.subarray(offset, offset + READ_BYTES);
      return { base64: Buffer.from(read).toString('base64') };
    },
    removeClip({ name }) {
      calls.push(`recording.removeClip ${name}`);
      kept = all().filter(({ view }) => view.name !== name);
      return {};
    },
    configure({ settings }) {
      calls.push(`recording.configure ${JSON.stringify(settings)}`);
      apply({ type: 'recording.changed', recording: { ...state().recording, settings } });
      return {};
    },
  };
}
