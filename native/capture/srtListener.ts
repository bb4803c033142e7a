// Where OBS and others send to by SRT: one port, held from start to end of the studio, whichever
// source is on air. ffmpeg is the one that listens, and it reads whoever calls, so that a source
// which is chosen later has a picture at the next key frame; what nobody takes is thrown away. The
// passphrase is SRT's own: whoever does not know it is not let in, and nothing goes in the clear.

import { createSocket } from 'node:dgram';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { SourceState } from '../../core/contract/state.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { openLiveSource } from './liveSource.ts';
import { pictureOf, type Source, type SourceSurroundings } from './source.ts';

export type SrtListener = {
  /** What OBS is to be told, with the passphrase. */
  readonly url: string;
  readonly port: number;
  /** Hears everything until it is closed; the latest one does. */
  receive(around: SourceSurroundings): Source;
  close(): Promise<void>;
};

export type SrtListenerOptions = {
  host: string;
  port: number;
  /** Ports tried after this one when it is taken. */
  nextPortsMax: number;
  /** 10 to 79 letters, as SRT wants it. */
  passphrase: string;
  ffmpeg: FfmpegChoice;
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
  onHelper(pid: number, alive: boolean): void;
};

/** Why there is none here, as a sentence with the fix; empty where there can be one. */
export function srtRefusal(ffmpeg: FfmpegChoice): string {
  if (!hasFfmpeg(ffmpeg)) return ffmpeg.reason;
  if (ffmpeg.protocols.has('srt')) return '';
  return (
    `SRT needs a newer ffmpeg: ${ffmpeg.path} (${ffmpeg.version}) has no srt. ` +
    'Install one that lists "srt" in ffmpeg -protocols and set MORPHINE_FFMPEG to its path'
  );
}

/** Opens the port. Rejects with the bind error when it is not to be had. */
export async function openSrtListener(options: SrtListenerOptions): Promise<SrtListener> {
  const { host, passphrase, clock, timers, ffmpeg, onHelper } = options;
  const port = await freePort(options);
  let receiver: SourceSurroundings | null = null;
  let known: Partial<SourceState> = { state: 'connecting', reason: waiting(port) };
  const url = (mode: string) => `srt://${host}:${port}?mode=${mode}&passphrase=${passphrase}`;
  const listening = openLiveSource(
    { title: `SRT on port ${port}`, url: url('listener'), isListener: true },
    {
      ...{ clock, timers, ffmpeg, onHelper, logger: options.logger },
      ...{ callerFolder: '.', seed: 0, demoAnchorUs: 0, demoWorkerUrl: new URL('file:///none') },
      onFrame: (frame) => receiver?.onFrame(frame),
      onState(change) {
        known = { ...known, ...change };
        receiver?.onState(change);
      },
      onJump() {},
      onDropped: (count) => receiver?.onDropped(count),
    },
  );
  return {
    port,
    url: url('caller'),
    receive(around) {
      receiver = around;
      listening.setPicture(pictureOf(around));
      around.onState(known);
      return {
        waitsForOthers: true,
        requestKeyFrame: () => false,
        setBitrate: () => false,
        setPicture: (picture) => listening.setPicture(picture),
        async close() {
          if (receiver === around) receiver = null;
        },
      };
    },
    close() {
      receiver = null;
      return listening.close();
    },
  };
}

function waiting(port: number): string {
  return `Waits for OBS or another encoder to call by SRT on port ${port}`;
}

/** ffmpeg shares a port that another studio has; so it is asked for alone first. */
async function freePort({ host, port, nextPortsMax }: SrtListenerOptions): Promise<number> {
  for (let next = port; ; next++) {
    try {
      return await boundPort(host, next);
    } catch (cause) {
      if (port === 0 || next >= port + nextPortsMax) throw cause;
    }
  }
}

function boundPort(host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (cause) => {
      socket.close();
      fail(cause);
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => done(bound));
    });
  });
}
