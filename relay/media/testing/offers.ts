// For tests: whole offers of the programs that people use. Those of Chromium were taken from
// Debian's Chromium 156 (addresses replaced); OBS' is what libdatachannel writes, which OBS uses;
// those of Firefox, ffmpeg and GStreamer were written from their documented forms, because these
// programs are not here. None has ever been changed to please the relay.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The offer of `NAME.sdp` in this folder, with the line ends of SDP. */
function offerOf(name: string): string {
  const text = readFileSync(join(import.meta.dirname, `${name}.sdp`), 'utf8');
  return text.replace(/\r?\n/g, '\r\n');
}

export const PUBLISHERS = {
  OBS: { sdp: offerOf('obs-publish'), payloadTypes: ['111', '96'], mids: ['0', '1'] },
  Chromium: { sdp: offerOf('chromium-publish'), payloadTypes: ['111', '108'], mids: ['0', '1'] },
  Firefox: { sdp: offerOf('firefox-publish'), payloadTypes: ['109', '126'], mids: ['0', '1'] },
  ffmpeg: { sdp: offerOf('ffmpeg-publish'), payloadTypes: ['111', '106'], mids: ['0', '1'] },
  GStreamer: {
    sdp: offerOf('gstreamer-publish'),
    payloadTypes: ['96', '97'],
    mids: ['video0', 'audio1'],
  },
};

export const WATCHERS = {
  Chromium: { sdp: offerOf('chromium-watch'), playoutDelayId: 5, payloadTypes: ['108', '111'] },
  Firefox: { sdp: offerOf('firefox-watch'), playoutDelayId: 6, payloadTypes: ['109', '126'] },
};

export const CHROMIUM_SIMULCAST = offerOf('chromium-simulcast');
