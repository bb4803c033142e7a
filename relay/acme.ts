// A certificate from an authority by ACME (RFC 8555), proved by http-01: the authority asks
// http://NAME/.well-known/acme-challenge/... on port 80, where a small server answers that and sends
// everything else to https. Account key, key and chain lie in the data folder, mode 0600. Renewed
// by timer while a third of its life is left; what is in use stays in use when that fails.

import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Timers } from '../core/base/clock.ts';
import type { Logger } from '../core/base/logger.ts';
import { BadRelaySetting } from './badRelaySetting.ts';
import type { Certificate, PemPair } from './certificate.ts';

/** How often the remaining life is looked at; also the wait after a failure. */
const LOOK_MS = 60 * 60 * 1000;
/** Renewed when less of its whole life is left: 30 of 90 days, as authorities wish. */
const RENEW_SHARE = 1 / 3;
/** How often an order's state is asked for: at first after half a second. */
const POLL = { backoffAttempts: 12, backoffMin: 500, backoffMax: 10_000 };
const CHALLENGE_PATH = '/.well-known/acme-challenge/';

export type AcmeSettings = {
  /** The public name, as in a browser's address bar. */
  name: string;
  /** The authority's directory; null: Let's Encrypt. */
  directoryUrl: string | null;
  /** Told of certificates that run out; null without. */
  email: string | null;
  /** Where the challenge server listens. The authority always asks port 80. */
  challengeHost: string;
  challengePort: number;
};

export type AcmeOptions = AcmeSettings & {
  dataFolder: string;
  wallMs(): number;
  timers: Timers;
  logger: Logger;
};

/** @throws BadRelaySetting when there is no certificate and none can be had */
export async function openAcme(options: AcmeOptions): Promise<Certificate> {
  const { name, timers, logger } = options;
  const folder = join(options.dataFolder, 'acme');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const challenges = new Map<string, string>();
  const server = await openChallengeServer(options, challenges);
  const listeners: ((pair: PemPair) => void)[] = [];
  let isBusy = false;
  let kept = await readKept(folder, name);
  if (!kept || lifeLeft(kept, options.wallMs()) <= 0) {
    try {
      kept = await order(options, folder, challenges);
    } catch (error) {
      server.close();
      const message = `${name} got no certificate (${reasonOf(error)})`;
      const fix = `the authority must reach us as http://${name}/ on port 80`;
      throw new BadRelaySetting('acme', `${message}; ${fix}.`);
    }
  }
  let pem = kept;

  async function renewIfDue(): Promise<void> {
    if (isBusy || lifeLeft(pem, options.wallMs()) > RENEW_SHARE) return;
    isBusy = true;
    try {
      pem = await order(options, folder, challenges);
      for (const run of listeners) run({ cert: pem, key: pem });
      logger.info('certificate renewed', { name });
    } catch (error) {
      logger.error('certificate not renewed; tried again', { name, reason: reasonOf(error) });
    } finally {
      isBusy = false;
    }
  }
  const cancel = timers.every(LOOK_MS, () => void renewIfDue());
  void renewIfDue();
  return {
    pair: { cert: pem, key: pem },
    onChange: (run) => listeners.push(run),
    close() {
      cancel();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** One file holds key and chain, so that they are never of two orders. */
async function readKept(folder: string, name: string): Promise<string | null> {
  try {
    const pem = await readFile(join(folder, `${name}.pem`), 'utf8');
    new X509Certificate(pem);
    return pem;
  } catch {
    return null;
  }
}

/** Share of a certificate's life that is left; 0 or less: none. */
function lifeLeft(pem: string, wallMs: number): number {
  const { validFrom, validTo } = new X509Certificate(pem);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return (to - wallMs) / (to - from);
}

async function order(
  options: AcmeOptions,
  folder: string,
  challenges: Map<string, string>,
): Promise<string> {
  const { name, email } = options;
  // Loaded only where it is used: it brings megabytes.
  const { default: acme } = await import('acme-client');
  const client = new acme.Client({
    ...POLL,
    directoryUrl: options.directoryUrl ?? acme.directory.letsencrypt.production,
    accountKey: await keptKey(join(folder, 'account-key.pem'), acme.crypto),
  });
  const [key, csr] = await acme.crypto.createCsr(
    { commonName: name, altNames: [name] },
    await acme.crypto.createPrivateEcdsaKey(),
  );
  const chain = await client.auto({
    csr,
    ...(email === null ? {} : { email }),
    // The person agreed by asking for a certificate; the relay says so when it starts.
    termsOfServiceAgreed: true,
    // Whether the authority gets through is the authority's to say: we may stand behind a router.
    skipChallengeVerification: true,
    challengePriority: ['http-01'],
    async challengeCreateFn(_authorization, challenge, proof) {
      challenges.set(challenge.token, proof);
    },
    async challengeRemoveFn(_authorization, challenge) {
      challenges.delete(challenge.token);
    },
  });
  const pem = `${key.toString()}\n${chain}`;
  await writeSecret(join(folder, `${name}.pem`), pem);
  return pem;
}

async function keptKey(
  path: string,
  crypto: { createPrivateEcdsaKey(): Promise<Buffer> },
): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const key = (await crypto.createPrivateEcdsaKey()).toString();
    await writeSecret(path, key);
    return key;
  }
}

async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text, { mode: 0o600, flush: true });
  await chmod(`${path}.tmp`, 0o600);
  await rename(`${path}.tmp`, path);
}

async function openChallengeServer(
  { name, challengeHost, challengePort }: AcmeOptions,
  challenges: ReadonlyMap<string, string>,
): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const proof = path.startsWith(CHALLENGE_PATH)
      ? challenges.get(path.slice(CHALLENGE_PATH.length))
      : undefined;
    if (proof !== undefined) {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(proof);
    } else if (path.startsWith(CHALLENGE_PATH)) response.writeHead(404).end();
    // The name is ours, never the request's; a path that is no path is left out.
    else {
      const isPath = /^\/[\w./~-]*$/.test(path) && !path.startsWith('//');
      response.writeHead(308, { Location: `https://${name}${isPath ? path : '/'}` }).end();
    }
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const fix = 'the authority asks there; free it, or forward port 80 and name where to';
      reject(new BadRelaySetting('acme', `needs port ${challengePort} (${code}): ${fix}.`));
    });
    server.listen(challengePort, challengeHost, resolve);
  });
  return server;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
