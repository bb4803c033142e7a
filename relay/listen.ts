// Opens the relay's port: plain or with a certificate, the named port or the next free one.

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { BadRelaySetting } from './badRelaySetting.ts';

/** Ports tried after an unnamed one that is taken. */
const PORTS_TRIED_MAX = 50;
/** A request must be whole by then, ms: slow senders must not hold connections. */
const REQUEST_MS_MAX = 10_000;

export type ListenOptions = {
  host: string;
  port: number;
  portIsNamed: boolean;
  certificateFile: string | null;
  keyFile: string | null;
};

/**
 * Listens.
 *
 * @throws BadRelaySetting for a taken named port, an address that is not here, a bad certificate
 */
export async function listen(
  options: ListenOptions,
): Promise<{ server: Server; port: number; isSecure: boolean }> {
  const { server, isSecure } = await makeServer(options);
  server.requestTimeout = REQUEST_MS_MAX;
  server.headersTimeout = REQUEST_MS_MAX;
  const lastPort =
    options.portIsNamed || options.port === 0
      ? options.port
      : Math.min(65_535, options.port + PORTS_TRIED_MAX);
  for (let port = options.port; port <= lastPort; port++) {
    const failure = await tryListen(server, options.host, port);
    if (failure === null) return { server, port: (server.address() as AddressInfo).port, isSecure };
    if (failure !== 'EADDRINUSE') throw refusalOf(failure, options);
  }
  throw refusalOf('EADDRINUSE', options);
}

async function makeServer(options: ListenOptions): Promise<{ server: Server; isSecure: boolean }> {
  const { certificateFile, keyFile } = options;
  if (certificateFile === null && keyFile === null) {
    return { server: createServer(), isSecure: false };
  }
  if (certificateFile === null || keyFile === null) {
    const missing = certificateFile === null ? 'certificateFile' : 'keyFile';
    throw new BadRelaySetting(missing, 'is missing: a certificate and its key belong together.');
  }
  const cert = await readSetting('certificateFile', certificateFile);
  const key = await readSetting('keyFile', keyFile);
  try {
    return { server: createSecureServer({ cert, key }), isSecure: true };
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
