// What died, kept on this computer and sent nowhere: the system's own dumps, and one small file of
// words for each crash. Tokens, keys and passwords are taken out of the words; a dump holds stacks
// of memory and may hold one, which docs/desktop.md says.

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, crashReporter } from 'electron';

/** Reports and dumps that are kept; older ones go. */
const KEPT_MAX = 20;
const LENGTH_MAX = 16_384;

const SECRETS: readonly [RegExp, string][] = [
  // A person and a password inside an address, turn: included.
  [/\b([a-z][a-z0-9+.-]*:(?:\/\/)?)[^\s/:@]+:[^\s/@]+@/gi, '$1[masked]@'],
  [/([?&;#](?:[\w-]*(?:token|code|key|secret|password|auth)[\w-]*)=)[^&\s"'#]+/gi, '$1[masked]'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [masked]'],
  [/("?\b\w*(?:token|secret|password|streamKey|apiKey)\w*"?\s*[:=]\s*"?)[^\s",}]+/gi, '$1[masked]'],
  // What is long and random is a key, whatever it is called: 24 digits of hex, 32 of base64.
  [/\b[0-9a-f]{24,}\b/gi, '[masked]'],
  [/[A-Za-z0-9_+-]{32,}={0,2}/g, '[masked]'],
];

/** A text in which whatever opens something is masked. */
export function withoutSecrets(text: string): string {
  let masked = text;
  for (const [pattern, instead] of SECRETS) masked = masked.replace(pattern, instead);
  return masked.slice(0, LENGTH_MAX);
}

export type CrashReports = {
  folder: string;
  /** Keeps a report. Never throws: it is called when things are bad already. */
  keep(what: string, facts: Readonly<Record<string, unknown>>): void;
};

/** Starts the system's reporter before anything can die. Call it before the app is ready. */
export function startCrashReports(app: App, folder: string, nowMs: () => number): CrashReports {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    app.setPath('crashDumps', folder);
  } catch {
    // The studio refuses such a folder by itself, with its name.
  }
  crashReporter.start({ uploadToServer: false, compress: false });
  let count = 0;
  const keep: CrashReports['keep'] = (what, facts) => {
    try {
      const at = new Date(nowMs()).toISOString();
      const words = JSON.stringify({ at, what, version: app.getVersion(), ...facts }, null, 2);
      const name = `${at.replace(/[:.]/g, '-')}-${process.pid}-${++count}.json`;
      writeFileSync(join(folder, name), `${withoutSecrets(words)}\n`, { mode: 0o600 });
      removeOld(folder);
    } catch {
      // A full disk: the show matters more.
    }
  };
  return { folder, keep };
}

function removeOld(folder: string): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && /\.(json|dmp)$/.test(one.name))
    .map((one) => join(one.parentPath, one.name))
    .map((path) => ({ path, keptMs: statSync(path).mtimeMs }))
    .sort((one, other) => other.keptMs - one.keptMs);
  for (const { path } of files.slice(KEPT_MAX)) rmSync(path, { force: true });
}

/** Keeps a report of each process of ours that dies, and of this one's own mistakes. */
export function watchCrashes(app: App, reports: CrashReports, end: () => void): void {
  app.on('render-process-gone', (_signal, contents, { reason, exitCode }) => {
    if (reason === 'clean-exit') return;
    reports.keep('page', { page: contents.getURL(), reason, exitCode });
  });
  app.on('child-process-gone', (_signal, { type, reason, exitCode, name, serviceName }) => {
    if (reason === 'clean-exit') return;
    reports.keep('process', { type, reason, exitCode, name, serviceName });
  });
  const own = (cause: unknown) => {
    const detail = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    reports.keep('shell', { detail });
    process.stderr.write(`The shell failed: ${withoutSecrets(detail)}\n`);
    end();
  };
  process.on('uncaughtException', own);
  process.on('unhandledRejection', own);
}
