// Opens the relay's port: plain or with a certificate, the named port or the next free one.

import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { BadRelaySetting } from './badRelaySetting.ts';
import { type Certificate, type CertificateOptions, openCertificate } from './certificate.ts';
import { plainHttpWarning } from './plainHttp.ts';

/** Ports tried after an unnamed one that is taken. */
const PORTS_TRIED_MAX = 50;
/** A request must be whole by then, ms: slow senders must not hold connections. */
const REQUEST_MS_MAX = 10_000;
/** Node looks for slow senders only every 30 s by itself; a TLS handshake may take two minutes. */
const CONNECTION_LIMITS = {
  connectionsCheckingInterval: 1_000,
  handshakeTimeout: REQUEST_MS_MAX,
  maxHeaderSize: 16 * 1024,
};

export type ListenOptions = CertificateOptions & {
  host: string;
  port: number;
  portIsNamed: boolean;
  publicUrl: string | null;
};

export type Listening = {
  server: Server;
  port: number;
  isSecure: boolean;
  /** What plain HTTP lacks here; null where nothing is to be said. */
  plainWarning: string | null;
  /** Stops looking after the certificate. */
  closeCertificate(): void;
};

/**
 * Listens. TLS is 1.3 at least: every browser that plays WebRTC H.264 has it.
 *
 * @throws BadRelaySetting for a taken named port, an address that is not here, a bad certificate,
 *   and plain HTTP where it would be public
 */
export async function listen(options: ListenOptions): Promise<Listening> {
  const certificate = await openCertificate(options);
  try {
    const plainWarning = certificate ? null : plainHttpWarning(options);
    const server = certificate ? makeSecureServer(certificate) : createServer(CONNECTION_LIMITS);
    server.requestTimeout = REQUEST_MS_MAX;
    server.headersTimeout = REQUEST_MS_MAX;
    await takePort(server, options);
    if (plainWarning !== null) options.logger.warn(plainWarning);
    return {
      server,
      port: (server.address() as AddressInfo).port,
      isSecure: certificate !== null,
      plainWarning,
      closeCertificate: () => certificate?.close(),
    };
  } catch (error) {
    certificate?.close();
    throw error;
  }
}

function makeSecureServer(certificate: Certificate): Server {
  const minVersion = 'TLSv1.3';
  const server = createSecureServer({ ...certificate.pair, minVersion, ...CONNECTION_LIMITS });
  certificate.onChange((pair) => server.setSecureContext({ ...pair, minVersion }));
  return server;
}

async function takePort(server: Server, options: ListenOptions): Promise<void> {
  const lastPort =
    options.portIsNamed || options.port === 0
      ? options.port
      : Math.min(65_535, options.port + PORTS_TRIED_MAX);
  for (let port = options.port; port <= lastPort; port++) {
    const failure = await tryListen(server, options.host, port);
    if (failure === null) return;
    if (failure !== 'EADDRINUSE') throw refusalOf(failure, options);
  }
  throw refusalOf('EADDRINUSE', options);
}

/** Null when it listens, else the error's code. */
function tryListen(server: Server, host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off('listening', listening);
      resolve(error.code ?? 'UNKNOWN');
    };
    const listening = () => {
      server.off('error', failed);
      resolve(null);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, host);
  });
}

function refusalOf(code: string, options: ListenOptions): BadRelaySetting {
  const { host, port } = options;
  if (code === 'EADDRINUSE') {
    const fix = 'stop what uses it, or name another (0 is any free one)';
    return new BadRelaySetting('port', `${port} is in use; ${fix}.`);
  }
  if (code === 'EACCES') {
    return new BadRelaySetting('port', `${port} may not be opened here; use one above 1023.`);
  }
  return new BadRelaySetting('host', `${host} is no address of this machine (${code}).`);
}

/** The address that links are made of: what we listen on, in a form that others can open. */
export function addressOf(host: string, port: number, isSecure: boolean): string {
  const scheme = isSecure ? 'https' : 'http';
  const name = isWildcard(host) ? firstOutsideAddress() : host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** The same server for somebody on this machine. */
export function localAddressOf(host: string, port: number, isSecure: boolean): string {
  return addressOf(isWildcard(host) ? '127.0.0.1' : host, port, isSecure);
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function firstOutsideAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const address of addresses ?? []) {
      if (address.family === 'IPv4' && !address.internal) return address.address;
    }
  }
  return '127.0.0.1';
}
