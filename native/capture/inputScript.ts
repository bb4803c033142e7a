// How ffmpeg is told a network address. Never in its arguments, which every user of the machine can
// read: the address goes to its stdin as a list of one entry (ffconcat), with the options of that
// entry. Old builds know no options there; they take the transport from the address.

import type { Ffmpeg } from '../ffmpeg/resolve.ts';

/** What a network source may open in turn; the machine's own files are not among it. */
const PROTOCOLS = 'pipe,rtsp,rtp,srtp,udp,tcp,tls,srt,http,https,httpproxy,crypto,data,hls';

/** Reads the list from stdin. */
export const SCRIPT_INPUT = [
  ...['-protocol_whitelist', PROTOCOLS, '-safe', '0', '-f', 'concat', '-i', 'pipe:0'],
] as const;

/** Looks only as long as needed: the rest of the time is delay before the first picture. */
const QUICK = { fflags: 'nobuffer', analyzeduration: '700000', probesize: '500000' };

/** The list for stdin. `transport` matters to rtsp: only. */
export function inputScript(url: string, transport: 'tcp' | 'udp', ffmpeg: Ffmpeg): string {
  const isNew = ffmpeg.passthrough.includes('-fps_mode');
  const isRtsp = /^rtsps?:/i.test(url);
  if (!isNew) {
    const mark = url.includes('?') ? '&' : '?';
    return listOf(isRtsp && transport === 'tcp' ? `${url}${mark}tcp` : url);
  }
  const options: Record<string, string> = isRtsp ? { ...QUICK, rtsp_transport: transport } : QUICK;
  const lines = Object.entries(options).map(([name, value]) => `option ${name} ${value}\n`);
  return listOf(url) + lines.join('');
}

function listOf(url: string): string {
  return `ffconcat version 1.0\n${entryOf(url)}`;
}

function entryOf(url: string): string {
  return `file '${url.replaceAll("'", String.raw`'\''`)}'\n`;
}
