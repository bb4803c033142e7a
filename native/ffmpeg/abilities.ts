// What a build of ffmpeg can and cannot do for this product: by this one is chosen before another,
// and by this the studio says what is not to be had with it. Whether an encoder works here is not
// among it: that is tried (hardwareEncoders.ts).

import {
  FFMPEG_ABILITIES,
  type FfmpegAbility,
  type FfmpegView,
} from '../../core/contract/picture.ts';
import type { Ffmpeg, FfmpegChoice } from './resolve.ts';

const CHECKS: Record<FfmpegAbility, (ffmpeg: Ffmpeg) => boolean> = {
  srt: ({ protocols }) => protocols.has('srt'),
  https: ({ protocols }) => protocols.has('https'),
  rtmps: ({ protocols }) => protocols.has('rtmps'),
  rtsp: ({ demuxers }) => demuxers.has('rtsp'),
  hls: ({ demuxers }) => demuxers.has('hls'),
  exactTimes: ({ passthrough }) => passthrough.includes('-fps_mode'),
};

/** What this build can do, of all that the product can make use of. */
export function abilitiesOf(ffmpeg: Ffmpeg): FfmpegAbility[] {
  return FFMPEG_ABILITIES.filter((ability) => CHECKS[ability](ffmpeg));
}

/** What the studio shows of it. */
export function ffmpegView(choice: FfmpegChoice): FfmpegView {
  if (choice.path === null) {
    return {
      ...{ path: null, reason: choice.reason, origin: null, version: '' },
      ...{ has: [], lacks: [...FFMPEG_ABILITIES], protocols: [], encoders: [] },
    };
  }
  const { path, origin, version, protocols, encoders } = choice;
  const has = abilitiesOf(choice);
  return {
    ...{ path, reason: '', origin, version, has },
    lacks: FFMPEG_ABILITIES.filter((ability) => !has.includes(ability)),
    protocols: [...protocols].sort(),
    encoders: [...encoders].filter((name) => /264/.test(name)).sort(),
  };
}
