// The command line of `npm start`, as a pure function from arguments to options. It is an
// interface: flags are added, never changed. Every refusal is one line that names the flag and the
// fix; the process then exits with 2.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const STUDIO_PORT_DEFAULT = 47_800;
export const RELAY_PORT_DEFAULT = 47_801;
/** The port that RTMP has at IANA; encoders need not be told another one. */
export const RTMP_PORT_DEFAULT = 1_935;
/** The one that OBS proposes; the next free one is taken. */
export const SRT_PORT_DEFAULT = 9_998;

/** A port to listen on. A named one that is taken is refused; else the next free one is used. */
export type PortChoice = { port: number; isNamed: boolean };

export type StudioOptions = {
  isHeadless: boolean;
  isLive: boolean;
  source: string;
  /** Nothing says what to show: whoever is new is asked. */
  isFirstRunOffered: boolean;
  /** Absolute path, or null for the platform's user-data folder. */
  dataFolder: string | null;
  host: string;
  port: PortChoice;
  /** Where OBS sends to. */
  rtmp: {
    host: string;
    port: PortChoice;
    certificateFile: string | null;
    certificateKeyFile: string | null;
  };
  seed: number;
  readyFile: string | null;
  /** A flag names the relay or how our own is started: what was paired then waits. */
  isRelayNamed: boolean;
  /** Remote relay, or null to start our own with `relay`. */
  relayUrl: string | null;
  relay: {
    host: string;
    port: PortChoice;
    publicUrl: string | null;
    certificateFile: string | null;
    keyFile: string | null;
    /** One UDP port for all viewers; null: any free ones. */
    udpPort: number | null;
    announce: string[];
  };
  iceServers: string[];
};

/** The command line is wrong. `message` is the line for the person. */
export class BadCommandLine extends Error {}

const flags = {
  headless: { type: 'boolean' },
  live: { type: 'boolean' },
  source: { type: 'string' },
  data: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'rtmp-host': { type: 'string' },
  'rtmp-port': { type: 'string' },
  'rtmp-cert': { type: 'string' },
  'rtmp-cert-key': { type: 'string' },
  seed: { type: 'string' },
  'ready-file': { type: 'string' },
  relay: { type: 'string' },
  'relay-host': { type: 'string' },
  'relay-port': { type: 'string' },
  'relay-public-url': { type: 'string' },
  'relay-cert': { type: 'string' },
  'relay-key': { type: 'string' },
  'relay-udp-port': { type: 'string' },
  'relay-announce': { type: 'string', multiple: true },
  'ice-server': { type: 'string', multiple: true },
} as const;

/**
 * Reads the studio's command line.
 *
 * @param callerFolder folder that relative paths refer to: where the person typed the command
 * @throws BadCommandLine
 */
export function readCommandLine(args: readonly string[], callerFolder: string): StudioOptions {
  const values = parse(args);
  const path = (value: string | undefined) => (value ? resolve(callerFolder, value) : null);
  const relayUrl = values.relay === undefined ? null : checkUrl('--relay', values.relay);
  refuseRelayMix(relayUrl, values);
  if ((values['relay-cert'] === undefined) !== (values['relay-key'] === undefined)) {
    throw new BadCommandLine('--relay-cert and --relay-key belong together: give both or neither.');
  }
  if ((values['rtmp-cert'] === undefined) !== (values['rtmp-cert-key'] === undefined)) {
    throw new BadCommandLine(
      '--rtmp-cert and --rtmp-cert-key belong together: give both or neither.',
    );
  }
  return {
    isHeadless: values.headless ?? false,
    isLive: values.live ?? false,
    source: values.source ?? 'demo:',
    isFirstRunOffered: values.source === undefined && !values.live,
    dataFolder: path(values.data),
    host: values.host ?? '127.0.0.1',
    port: checkPort('--port', values.port, STUDIO_PORT_DEFAULT),
    rtmp: {
      host: values['rtmp-host'] ?? '127.0.0.1',
      port: checkPort('--rtmp-port', values['rtmp-port'], RTMP_PORT_DEFAULT),
      certificateFile: path(values['rtmp-cert']),
      certificateKeyFile: path(values['rtmp-cert-key']),
    },
    seed: checkInteger('--seed', values.seed, 1, 0, 0xffff_ffff),
    readyFile: path(values['ready-file']),
    isRelayNamed: Object.keys(values).some((flag) => flag.startsWith('relay')),
    relayUrl,
    relay: {
      host: values['relay-host'] ?? '127.0.0.1',
      port: checkPort('--relay-port', values['relay-port'], RELAY_PORT_DEFAULT),
      publicUrl: values['relay-public-url']
        ? checkUrl('--relay-public-url', values['relay-public-url'])
        : null,
      certificateFile: path(values['relay-cert']),
      keyFile: path(values['relay-key']),
      udpPort:
        values['relay-udp-port'] === undefined
          ? null
          : checkInteger('--relay-udp-port', values['relay-udp-port'], 0, 1, 65_535),
      announce: values['relay-announce'] ?? [],
    },
    iceServers: (values['ice-server'] ?? []).map(checkIceServer),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false })
      .values;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const flag = /'(-[^' ]*)/.exec(text)?.[1];
    if (text.startsWith('Unknown option')) {
      throw new BadCommandLine(
        `Unknown flag ${flag}. Known flags: ${Object.keys(flags)
          .map((name) => `--${name}`)
          .join(' ')}.`,
      );
    }
    if (text.startsWith('Unexpected argument')) {
      const argument = /'([^']*)'/.exec(text)?.[1] ?? '';
      throw new BadCommandLine(
        `Unexpected argument ${argument}. Flags start with two dashes, for example --source demo:`,
      );
    }
    const first = text.split('\n')[0]?.replace(/\.$/, '') ?? '';
    throw new BadCommandLine(`${first}. Check ${flag ?? 'the flags'} and try again.`);
  }
}

function refuseRelayMix(relayUrl: string | null, values: ReturnType<typeof parse>): void {
  if (relayUrl === null) return;
  const ours = [
    'relay-host',
    'relay-port',
    'relay-public-url',
    'relay-cert',
    'relay-key',
    'relay-udp-port',
    'relay-announce',
  ] as const;
  const mixed = ours.find((name) => values[name] !== undefined);
  if (mixed) {
    throw new BadCommandLine(
      `--relay uses a remote relay and starts none: remove --${mixed} or remove --relay.`,
    );
  }
}

function checkPort(flag: string, text: string | undefined, standard: number): PortChoice {
  if (text === undefined) return { port: standard, isNamed: false };
  return { port: checkInteger(flag, text, standard, 0, 65_535), isNamed: true };
}

function checkInteger(
  flag: string,
  text: string | undefined,
  standard: number,
  minimum: number,
  maximum: number,
): number {
  if (text === undefined) return standard;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum)) {
    throw new BadCommandLine(
      `${flag} takes a whole number from ${minimum} to ${maximum}, not ${text}.`,
    );
  }
  return value;
}

function checkUrl(flag: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new BadCommandLine(`${flag} takes an http:// or https:// address, not ${text}.`);
  }
  return url.href.replace(/\/$/, '');
}

function checkIceServer(text: string): string {
  if (!/^(stuns?|turns?):/.test(text)) {
    throw new BadCommandLine(
      '--ice-server takes stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT; one flag for each.',
    );
  }
  return text;
}
