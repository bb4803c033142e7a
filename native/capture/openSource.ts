// Which file runs a source of which scheme. The only place that knows all of them.

import { hasFfmpeg } from '../ffmpeg/resolve.ts';
import { openCameraSource } from './cameraSource.ts';
import type { CapturePages } from './capturePages.ts';
import type { SourceFacts } from './checkSource.ts';
import { openDemoSource } from './demoSource.ts';
import { openFileSource } from './fileSource.ts';
import type { RtmpListener } from './rtmp/rtmpListener.ts';
import { openRtmpSource } from './rtmp/rtmpSource.ts';
import type { Source, SourceSurroundings } from './source.ts';
import type { WhipIngest } from './whip/whipIngest.ts';
import { openWhipSource } from './whip/whipSource.ts';

/** Where pictures come in that somebody else sends; each stands whichever source is on air. */
export type Ways = { pages: CapturePages; whip?: WhipIngest; rtmp?: RtmpListener };

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
  return facts.media ? openFileSource(facts.path, facts.media, around) : null;
}
