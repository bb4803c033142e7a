// Looks at the address of a network source before anything starts. Whether anybody answers there
// is not asked: a camera that is off now may be on in a minute, and the source says so itself.

import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { maskCredentials } from '../ffmpeg/spawn.ts';
import { SourceError } from './sourceError.ts';

/** `live` comes when it likes; a `stream` comes as fast as it is asked for, and is paced by us. */
export type NetworkFacts =
  | { scheme: 'live'; title: string; url: string; isListener: boolean }
  | { scheme: 'stream'; title: string; url: string }
  /** The studio's own port for whoever calls; the address where the studio holds none. */
  | { scheme: 'srt'; title: string; url: string };

export const NETWORK_SCHEMES = ['rtsp:', 'rtsps:', 'http:', 'https:', 'udp:', 'srt:'];

/** Where "srt:" waits for a caller: this machine only, on the port that OBS proposes. */
const SRT_LISTENER = 'srt://127.0.0.1:9998?mode=listener';

/** @throws SourceError when this address cannot be used by this ffmpeg */
export function checkNetwork(url: string, ffmpeg: FfmpegChoice): NetworkFacts {
  const whole = url === 'srt:' ? SRT_LISTENER : url;
  const scheme = whole.slice(0, whole.indexOf(':') + 1);
  const shown = maskCredentials(url);
  if (shown === url && url.includes('***')) {
    throw new SourceError('bad-options', `The password of ${url} is not known here; give it again`);
  }
  const isWhole = URL.canParse(whole) && whole.startsWith(`${scheme}//`);
  if (hasControls(whole) || !isWhole || new URL(whole).hostname === '') {
    const example = scheme === 'udp:' ? 'udp://127.0.0.1:5004' : `${scheme}//host/path`;
    throw new SourceError('bad-options', `${shown} is no address; one looks like ${example}`);
  }
  const { hostname, port, pathname, searchParams } = new URL(whole);
  const isListener = scheme === 'srt:' && searchParams.get('mode') === 'listener';
  if ((scheme === 'udp:' || scheme === 'srt:') && port === '') {
    throw new SourceError(
      'bad-options',
      `${shown} names no port; add one, as in ${scheme}//host:5004`,
    );
  }
  refuseLackingProtocol(scheme, ffmpeg);
  if (url === 'srt:') return { scheme: 'srt', title: 'OBS (SRT)', url: whole };
  const title = isListener ? `SRT on port ${port}` : `${hostname}${pathname.replace(/\/$/, '')}`;
  if (/^https?:$/.test(scheme)) return { scheme: 'stream', title, url: whole };
  return { scheme: 'live', title, url: whole, isListener };
}

function refuseLackingProtocol(scheme: string, ffmpeg: FfmpegChoice): void {
  if (!hasFfmpeg(ffmpeg)) return;
  const needed = { 'https:': 'https', 'srt:': 'srt', 'rtsps:': 'tls' }[scheme];
  if (!needed || ffmpeg.protocols.has(needed)) return;
  throw new SourceError(
    'needs-ffmpeg',
    `${scheme} needs a newer ffmpeg: ${ffmpeg.path} (${ffmpeg.version}) has no ${needed}. ` +
      `Install one that lists "${needed}" in ffmpeg -protocols and set MORPHINE_FFMPEG to its path`,
  );
}

/** A line break would be a second entry of ffmpeg's list. */
function hasControls(text: string): boolean {
  return [...text].some((letter) => letter.charCodeAt(0) < 32);
}
