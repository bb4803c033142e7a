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
import { createWhipIngest, WHIP_PATH, type WhipIngest } from '../capture/whip/whipIngest.ts';
import type { MediaHandler } from '../serve/mediaAnswers.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'whipIngest.json';
const schema = z.strictObject({
  version: z.literal(1),
  whipToken: z.string().regex(/^[0-9a-f]{64}$/),
  rtmpKey: z.string().regex(/^[0-9a-f]{32}$/),
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
};

export type IngestDoor = {
  whip: WhipIngest;
  rtmp: RtmpListener;
  /** Publishers' requests at the studio's HTTP door. */
  answer: MediaHandler;
  view(): IngestView;
  /** A new token; whoever publishes by the old one is let go. */
  renewWhipToken(): Promise<IngestView>;
  close(): Promise<void>;
};

export type IngestAddress = {
  dataFolder: string;
  host: string;
  rtmpHost: string;
  rtmpPort: number;
  rtmpPortIsNamed: boolean;
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
  { clock, timers, random, logger }: IngestSurroundings,
  /** Of the studio's HTTP door, once it stands. */
  doorUrl: () => string,
): Promise<IngestDoor> {
  const { dataFolder, host } = address;
  const path = join(dataFolder, FILE);
  const write = (secrets: Secrets) =>
    replaceFile(path, `${JSON.stringify({ version: 1, ...secrets })}\n`);
  const known = await read(path);
  const whipToken = known.whipToken ?? toHex(random(32));
  let secrets = { whipToken, rtmpKey: known.rtmpKey ?? toHex(random(16)) };
  if (!known.whipToken || !known.rtmpKey) await write(secrets);
  const rtmp = await openRtmp(address, secrets.rtmpKey, { clock, timers, random, logger });
  // OBS comes in by loopback unless the studio is served to other machines, too.
  const isHere = host === '127.0.0.1' || host === 'localhost' || host === '::1';
  const whip = createWhipIngest({
    ...{ clock, timers, random, logger: logger.with({ part: 'whip' }) },
    token: secrets.whipToken,
    peer: { iceServers: [], ...(isHere ? { bindAddress: '127.0.0.1' } : {}) },
  });
  const view = () => ({
    rtmp: { url: rtmp.url, key: rtmp.key },
    whip: { url: `${doorUrl()}${WHIP_PATH}`, token: secrets.whipToken },
  });
  return {
    whip,
    rtmp,
    answer: (request) => whip.handle(request),
    view,
    async renewWhipToken() {
      const next = { ...secrets, whipToken: toHex(random(32)) };
      await write(next);
      secrets = next;
      whip.setToken(next.whipToken);
      return view();
    },
    close() {
      whip.close();
      return rtmp.close();
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
  { logger, ...around }: IngestSurroundings,
): Promise<RtmpListener> {
  const { rtmpHost: host, rtmpPort: port, rtmpPortIsNamed } = address;
  const tls = await certificateOf(address);
  try {
    return await openRtmpListener({
      ...{ host, port, key, tls, ...around, logger: logger.with({ part: 'rtmp' }) },
      nextPortsMax: rtmpPortIsNamed ? 0 : NEXT_PORTS_MAX,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IngestRefused(
      `--rtmp-port ${port} cannot be opened on ${host} (${reason}). Name another port or host.`,
    );
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
