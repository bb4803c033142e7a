// Which file runs a source of which scheme. The only place that knows all of them.

import { unreachable } from '../../core/base/assert.ts';
import { type Ffmpeg, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { openCameraSource } from './cameraSource.ts';
import type { CapturePages } from './capturePages.ts';
import type { SourceFacts } from './checkSource.ts';
import { openDemoSource } from './demoSource.ts';
import type { Played } from './fileSource.ts';
import { inputScript, SCRIPT_INPUT } from './inputScript.ts';
import { openLiveSource } from './liveSource.ts';
import { openPlayedSource } from './playedSource.ts';
import { endlessProgramme, fileProgramme, type Programme, playlistProgramme } from './programme.ts';
import type { RtmpListener } from './rtmp/rtmpListener.ts';
import { openRtmpSource } from './rtmp/rtmpSource.ts';
import type { Source, SourceSurroundings } from './source.ts';
import type { SrtListener } from './srtListener.ts';
import type { WhipIngest } from './whip/whipIngest.ts';
import { openWhipSource } from './whip/whipSource.ts';

/** Where pictures come in that somebody else sends; each stands whichever source is on air. */
export type Ways = {
  pages: CapturePages;
  whip?: WhipIngest;
  rtmp?: RtmpListener;
  srt?: SrtListener;
};

/** Seconds of HLS are fetched before the first picture comes, ms. */
const STREAM_SILENCE_MS_MAX = 15_000;
/** Not known before it plays: whatever it is, it is made what was chosen. */
const STREAM_RATE = 240;

const TEST_PATTERN: Played = {
  name: 'Test pattern',
  input: [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=330:beep_factor=4:sample_rate=48000'],
  ],
  ...{ picture: '0:v:0', sound: '1:a:0', framesPerSecond: 30 },
};

/**
 * Starts a source that checkSource has understood.
 *
 * @returns null when it cannot run here; it has said why
 */
export function openSource(
  facts: SourceFacts,
  ways: Ways,
  around: SourceSurroundings,
): Source | null {
  if (facts.scheme === 'page') return openCameraSource(facts.program, ways.pages, around);
  if (facts.scheme === 'whip') return ways.whip ? openWhipSource(ways.whip, around) : null;
  if (facts.scheme === 'rtmp') return ways.rtmp ? openRtmpSource(ways.rtmp, around) : null;
  if (!hasFfmpeg(around.ffmpeg)) {
    around.onState({ state: 'failed', reason: around.ffmpeg.reason });
    return null;
  }
  if (facts.scheme === 'demo') return openDemoSource(facts.hasBarcode, around);
  if (facts.scheme === 'srt' && ways.srt) return ways.srt.receive(around);
  if (facts.scheme === 'srt') return openLiveSource({ ...facts, isListener: true }, around);
  if (facts.scheme === 'live') return openLiveSource(facts, around);
  const programme = programmeOf(facts, around.ffmpeg);
  return programme ? openPlayedSource(programme, around) : null;
}

type PlayedFacts = Extract<SourceFacts, { scheme: 'test' | 'stream' | 'playlist' | 'file' }>;

function programmeOf(facts: PlayedFacts, ffmpeg: Ffmpeg): Programme | null {
  switch (facts.scheme) {
    case 'test':
      return endlessProgramme(TEST_PATTERN);
    case 'stream':
      return endlessProgramme({
        name: facts.title,
        input: SCRIPT_INPUT,
        script: inputScript(facts.url, 'tcp', ffmpeg),
        ...{ picture: '0:v:0', sound: '0:a:0', framesPerSecond: STREAM_RATE },
        silenceMsMax: STREAM_SILENCE_MS_MAX,
      });
    case 'playlist':
      return playlistProgramme(facts.title, facts.paths, ffmpeg);
    case 'file':
      return facts.media && fileProgramme(facts.path, facts.media);
    default:
      return unreachable(facts);
  }
}
