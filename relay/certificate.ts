// The relay's certificate: from two files, read anew when they change, or from an authority. What
// is in use stays in use when a new one cannot be read.

import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Timers } from '../core/base/clock.ts';
import type { Logger } from '../core/base/logger.ts';
import { type AcmeSettings, openAcme } from './acme.ts';
import { BadRelaySetting } from './badRelaySetting.ts';

/** Renewals replace files a few times a year. */
const LOOK_MS = 60_000;

export type PemPair = { cert: string | Buffer; key: string | Buffer };

export type Certificate = {
  pair: PemPair;
  /** Told of each later pair. */
  onChange(run: (pair: PemPair) => void): void;
  close(): void;
};

export type CertificateOptions = {
  certificateFile: string | null;
  keyFile: string | null;
  /** A certificate from an authority; null without. */
  acme: AcmeSettings | null;
  /** Keeps what the authority gave. */
  dataFolder: string;
  wallMs(): number;
  timers: Timers;
  logger: Logger;
};

/**
 * Null without any: plain HTTP.
 *
 * @throws BadRelaySetting for files that are no pair, and for an authority that gives none
 */
export async function openCertificate(options: CertificateOptions): Promise<Certificate | null> {
  const { certificateFile, keyFile, acme } = options;
  if (acme !== null) {
    if (certificateFile === null && keyFile === null) return openAcme({ ...options, ...acme });
    throw new BadRelaySetting('acme', 'and a certificate of your own exclude each other.');
  }
  if (certificateFile === null && keyFile === null) return null;
  if (certificateFile === null || keyFile === null) {
    const missing = certificateFile === null ? 'certificateFile' : 'keyFile';
    throw new BadRelaySetting(missing, 'is missing: a certificate and its key belong together.');
  }
  return openFiles(certificateFile, keyFile, options);
}

async function openFiles(
  certificateFile: string,
  keyFile: string,
  { timers, logger }: CertificateOptions,
): Promise<Certificate> {
  const pair = await readPair(certificateFile, keyFile);
  const listeners: ((pair: PemPair) => void)[] = [];
  let seen = await stampOf(certificateFile, keyFile);
  async function look(): Promise<void> {
    const stamp = await stampOf(certificateFile, keyFile);
    if (stamp === seen) return;
    seen = stamp;
    try {
      const next = await readPair(certificateFile, keyFile);
      for (const run of listeners) run(next);
      logger.info('certificate read anew', { file: certificateFile });
    } catch (error) {
      // Half of a pair that is being replaced: the other half changes the stamp again.
      logger.warn('certificate not changed', { reason: String(error) });
    }
  }
  const cancel = timers.every(LOOK_MS, () => void look());
  return { pair, onChange: (run) => listeners.push(run), close: cancel };
}

async function stampOf(...paths: string[]): Promise<string> {
  const stamps = paths.map((path) => stat(path).then(({ mtimeMs }) => mtimeMs, String));
  return (await Promise.all(stamps)).join(' ');
}

async function readPair(certificateFile: string, keyFile: string): Promise<PemPair> {
  const cert = await readSetting('certificateFile', certificateFile);
  const key = await readSetting('keyFile', keyFile);
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch {
    const message = `${certificateFile} and the key are no matching PEM pair; check both files.`;
    throw new BadRelaySetting('certificateFile', message);
  }
}

async function readSetting(setting: 'certificateFile' | 'keyFile', path: string) {
  try {
    return await readFile(path);
  } catch {
    throw new BadRelaySetting(setting, `${path} cannot be read; name a readable PEM file.`);
  }
}
