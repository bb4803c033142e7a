// Where other programs publish into this studio, and with what secrets: a token (WHIP) and a stream
// key (RTMP), kept in the data folder (mode 0600), the same after a restart, so that OBS is set up
// once. They are told to the owner and in the ready file, and nowhere else.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import { type RandomBytes, toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { IngestView } from '../../core/contract/ingest.ts';
import { openRtmpListener, type RtmpListener } from '../capture/rtmp/rtmpListener.ts';
import { openSrtListener, type SrtListener, srtRefusal } from '../capture/srtListener.ts';
import { createWhipIngest, WHIP_PATH, type WhipIngest } from '../capture/whip/whipIngest.ts';
import type { FfmpegChoice } from '../ffmpeg/resolve.ts';
import type { MediaHandler } from '../serve/mediaAnswers.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'whipIngest.json';
const schema = z.strictObject({
  version: z.literal(1),
  whipToken: z.string().regex(/^[0-9a-f]{64}$/),
  rtmpKey: z.string().regex(/^[0-9a-f]{32}$/),
  srtPassphrase: z.string().regex(/^[0-9a-f]{32}$/),
});
type Secrets = Omit<z.infer<typeof schema>, 'version'>;
/** A file of before there was the other secret has one of them. */
type Known = { [Name in keyof Secrets]?: string | undefined };
/** Ports tried after the standard one when nobody named one. */
const NEXT_PORTS_MAX = 50;

/** A port for encoders that is not to be had; the message is for the person. */
export class IngestRefused extends Error {
  override name = 'IngestRefused';
}

export type IngestSurroundings = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  ffmpeg: FfmpegChoice;
  onHelper(pid: number, alive: boolean): void;
};

export type IngestDoor = {
  whip: WhipIngest;
  rtmp: RtmpListener;
  /** Null where this ffmpeg has no SRT. */
  srt: SrtListener | null;
  /** Publishers' requests at the studio's HTTP door. */
  answer: MediaHandler;
  view(): IngestView;
  /** A new token; whoever publishes by the old one is let go. */
  renewWhipToken(): Promise<IngestView>;
  /** A new stream key; whoever sends by the old one is let go. */
  renewRtmpKey(): Promise<IngestView>;
  close(): Promise<void>;
};

export type IngestAddress = {
  dataFolder: string;
  host: string;
  rtmpHost: string;
  rtmpPort: number;
  rtmpPortIsNamed: boolean;
  srtPort: number;
  rtmpCertificateFile: string | null;
  rtmpCertificateKeyFile: string | null;
};

/**
 * Reads the secrets, or makes them. A damaged file is replaced: OBS then needs the new ones.
 *
 * @throws IngestRefused when the RTMP port is not to be had
 */
export async function openIngestDoor(
  address: IngestAddress,
  around: IngestSurroundings,
  /** Of the studio's HTTP door, once it stands. */
  doorUrl: () => string,
): Promise<IngestDoor> {
  const { clock, timers, random, logger } = around;
  const { dataFolder, host } = address;
  const path = join(dataFolder, FILE);
  const write = (secrets: Secrets) =>
    replaceFile(path, `${JSON.stringify({ version: 1, ...secrets })}\n`);
  const known = await read(path);
  const whipToken = known.whipToken ?? toHex(random(32));
  const rtmpKey = known.rtmpKey ?? toHex(random(16));
  const srtPassphrase = known.srtPassphrase ?? toHex(random(16));
  let secrets = { whipToken, rtmpKey, srtPassphrase };
  if (!known.whipToken || !known.rtmpKey || !known.srtPassphrase) await write(secrets);
  const rtmp = await openRtmp(address, rtmpKey, around);
  const { srt, srtReason } = await openSrt(address, srtPassphrase, around);
  // OBS comes in by loopback unless the studio is served to other machines, too.
  const isHere = host === '127.0.0.1' || host === 'localhost' || host === '::1';
  const whip = createWhipIngest({
    ...{ clock, timers, random, logger: logger.with({ part: 'whip' }) },
    token: secrets.whipToken,
    peer: { iceServers: [], ...(isHere ? { bindAddress: '127.0.0.1' } : {}) },
  });
  const view = () => ({
    rtmp: { url: rtmp.url, key: rtmp.key },
    ...(srt ? { srt: srt.url } : { srtReason }),
    whip: { url: `${doorUrl()}${WHIP_PATH}`, token: secrets.whipToken },
  });
  return {
    whip,
    rtmp,
    srt,
    answer: (request) => whip.handle(request),
    view,
    async renewWhipToken() {
      const next = { ...secrets, whipToken: toHex(random(32)) };
      await write(next);
      secrets = next;
      whip.setToken(next.whipToken);
      return view();
    },
    async renewRtmpKey() {
      const next = { ...secrets, rtmpKey: toHex(random(16)) };
      await write(next);
      secrets = next;
      rtmp.setKey(next.rtmpKey);
      return view();
    },
    async close() {
      whip.close();
      await Promise.all([rtmp.close(), srt?.close()]);
    },
  };
}

/** @throws IngestRefused when a file cannot be read */
async function certificateOf(address: IngestAddress) {
  const { rtmpCertificateFile: file, rtmpCertificateKeyFile: keyFile } = address;
  if (file === null || keyFile === null) return null;
  try {
    const [certificate, privateKey] = await Promise.all(
      [file, keyFile].map((path) => readFile(path, 'utf8')),
    );
    return { certificate: certificate ?? '', privateKey: privateKey ?? '' };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IngestRefused(`--rtmp-cert and --rtmp-cert-key: ${reason}. Name files in PEM.`);
  }
}

async function openRtmp(
  address: IngestAddress,
  key: string,
  { logger, clock, timers, random }: IngestSurroundings,
): Promise<RtmpListener> {
  const { rtmpHost: host, rtmpPort: port, rtmpPortIsNamed } = address;
  const tls = await certificateOf(address);
  try {
    return await openRtmpListener({
      ...{ host, port, key, tls, clock, timers, random, logger: logger.with({ part: 'rtmp' }) },
      nextPortsMax: rtmpPortIsNamed ? 0 : NEXT_PORTS_MAX,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IngestRefused(
      `--rtmp-port ${port} cannot be opened on ${host} (${reason}). Name another port or host.`,
    );
  }
}

/** A port that is not to be had leaves the studio without SRT, and says so: the rest goes on. */
async function openSrt(
  { rtmpHost: host, srtPort: port }: IngestAddress,
  passphrase: string,
  { clock, timers, logger, ffmpeg, onHelper }: IngestSurroundings,
): Promise<{ srt: SrtListener | null; srtReason: string }> {
  const refusal = srtRefusal(ffmpeg);
  if (refusal !== '') return { srt: null, srtReason: refusal };
  try {
    const srt = await openSrtListener({
      ...{ host, port, passphrase, ffmpeg, clock, timers, onHelper },
      ...{ nextPortsMax: NEXT_PORTS_MAX, logger: logger.with({ part: 'srt' }) },
    });
    return { srt, srtReason: '' };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { srt: null, srtReason: `No port for SRT is free on ${host} (${reason}).` };
  }
}

/** What is known of the secrets; nothing of a damaged file. */
async function read(path: string): Promise<Known> {
  try {
    const found = schema.partial().safeParse(JSON.parse(await readFile(path, 'utf8')));
    return found.success ? found.data : {};
  } catch {
    return {};
  }
}
