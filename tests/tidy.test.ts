// Proves that the repository keeps its own laws, by reading it: the import table of
// ARCHITECTURE.md, lengths, banned calls, exports by name, leftovers, and that the lockfile names
// no other registry. Imports are read with a real parser (oxc).

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { parseSync } from 'oxc-parser';

const root = resolve(import.meta.dirname, '..');
const ROOMS = ['core', 'native', 'relay', 'electron', 'renderer'];
const DOORS = [
  ...['native/webrtc', 'native/sqlite', 'native/ffmpeg', 'native/link', 'native/child'],
  'native/hash',
];
const RELAY_DOORS = [
  'native/webrtc',
  'native/sqlite',
  'native/link',
  'native/child',
  'native/hash',
  'native/telemetry',
];

/** Packages and the only places that may import them. */
const PACKAGE_DOORS: Record<string, string[]> = {
  'node-datachannel': ['native/webrtc/'],
  'better-sqlite3': ['native/sqlite/'],
  'onnxruntime-node': ['native/vision/models/'],
  '@ffmpeg-installer/ffmpeg': ['native/ffmpeg/'],
  ws: ['native/serve/webSocket.ts', 'native/upstream/studioSocket.ts', 'relay/webSocket.ts'],
  'prom-client': ['native/telemetry/'],
  pg: ['relay/postgres.ts'],
  '@redis/client': ['relay/redis.ts'],
  'obs-websocket-js': ['native/obs/'],
  'openid-client': ['relay/openId.ts'],
  pino: ['native/telemetry/'],
  electron: ['electron/'],
  'electron-updater': ['electron/updates.ts'],
  'builder-util-runtime': ['electron/updates.ts'],
};
const CORE_PACKAGES = ['zod', '@bufbuild/protobuf', '@noble/curves', '@noble/hashes'];

type Import = { from: string; isTypeOnly: boolean };
type SourceFile = { path: string; text: string; imports: Import[] };

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.includes('/gen/'))
    .sort();
}

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const parsed = parseSync(path, text);
  assert.equal(parsed.errors.length, 0, `${path} does not parse`);
  const imports: Import[] = [];
  for (const statement of parsed.module.staticImports) {
    const isTypeOnly =
      statement.entries.length > 0 && statement.entries.every((entry) => entry.isType);
    imports.push({ from: statement.moduleRequest.value, isTypeOnly });
  }
  for (const statement of parsed.module.staticExports) {
    for (const entry of statement.entries) {
      if (entry.moduleRequest) {
        imports.push({ from: entry.moduleRequest.value, isTypeOnly: entry.isType });
      }
    }
  }
  for (const match of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) {
    imports.push({ from: match[1] ?? '', isTypeOnly: false });
  }
  return { path, text, imports };
}

const sources = ROOMS.flatMap(filesOf)
  .filter((path) => !/\.test\.tsx?$/.test(path) && !path.includes('/testing/'))
  .map(read);

/** Repository path of a relative import, or undefined for a package or node: module. */
function targetOf(file: SourceFile, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined;
  return relative(root, resolve(root, dirname(file.path), from)).replaceAll('\\', '/');
}

function packageOf(from: string): string {
  const parts = from.split('/');
  return from.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? from);
}

const isIn = (path: string, folder: string) => path.startsWith(`${folder}/`);
const nativeRoom = (path: string) => path.split('/').slice(0, 2).join('/');
const mayJoin = (path: string) =>
  path === 'native/engine.ts' || isIn(path, 'native/host') || isIn(path, 'native/engine');

/** Why an import breaks the table, or undefined when it keeps it. */
function faultOf(file: SourceFile, { from, isTypeOnly }: Import): string | undefined {
  const { path } = file;
  const target = targetOf(file, from);
  const isNode = from.startsWith('node:');
  if (isIn(path, 'core')) {
    if (isNode) return 'core knows no node:';
    if (target !== undefined) return isIn(target, 'core') ? undefined : 'core imports only core';
    return CORE_PACKAGES.includes(packageOf(from)) ? undefined : 'core imports no such package';
  }
  if (isNode) return isIn(path, 'renderer') ? 'pages know no node:' : undefined;
  if (target === undefined) return packageFault(path, packageOf(from));
  if (isIn(target, 'core') || target.startsWith(`${path.split('/')[0]}/`) === false) {
    if (isIn(target, 'core')) return undefined;
    if (isIn(path, 'relay')) {
      return RELAY_DOORS.some((door) => isIn(target, door)) ? undefined : 'relay uses doors only';
    }
    if (isIn(path, 'electron')) {
      return isIn(target, 'native/host') || isIn(target, 'native/telemetry')
        ? undefined
        : 'the shell knows the host only';
    }
    return `${path.split('/')[0]} may not import ${target.split('/')[0]}`;
  }
  if (isIn(path, 'native')) return nativeFault(path, target, isTypeOnly);
  if (isIn(path, 'renderer')) {
    const isOwn = path.split('/')[1] === target.split('/')[1] || isPartOf(path, target);
    // The crew's page is the studio's own panels over another line.
    if (isIn(path, 'renderer/crew') && isIn(target, 'renderer/studio')) return undefined;
    return isOwn || isIn(target, 'renderer/ui') || path.split('/').length === 2
      ? undefined
      : 'pages share renderer/ui only';
  }
  return undefined;
}

/** The overlay is a viewer that only looks, the dock a part of the studio in another window. */
function isPartOf(path: string, target: string): boolean {
  return (
    (isIn(path, 'renderer/overlay') && isIn(target, 'renderer/viewer')) ||
    (isIn(path, 'renderer/dock') && isIn(target, 'renderer/studio'))
  );
}

function packageFault(path: string, name: string): string | undefined {
  const doors = PACKAGE_DOORS[name];
  if (!doors) return undefined;
  return doors.some((door) => path.startsWith(door)) ? undefined : `${name} has another door`;
}

function nativeFault(path: string, target: string, isTypeOnly: boolean): string | undefined {
  if (mayJoin(path) || nativeRoom(path) === nativeRoom(target) || isTypeOnly) return undefined;
  return DOORS.some((door) => isIn(target, door))
    ? undefined
    : 'rooms import types of siblings, never values';
}

test('the import table holds', () => {
  const faults = sources.flatMap((file) =>
    file.imports.flatMap((one) => {
      const fault = faultOf(file, one);
      return fault ? [`${file.path} imports ${one.from}: ${fault}`] : [];
    }),
  );
  assert.ok(sources.length > 40, 'the rooms were found');
  assert.deepEqual(faults, []);
});

test('nothing that sees may know how the demo draws', () => {
  const faults = sources.filter(
    (file) =>
      isIn(file.path, 'native/vision') &&
      file.imports.some(({ from }) => targetOf(file, from)?.includes('capture/demo')),
  );
  assert.deepEqual(
    faults.map((file) => file.path),
    [],
  );
});

test('files stay below 600 lines, lines below 101 columns', () => {
  const faults = sources.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    const long = lines.findIndex((line) => line.length > 100 && !line.includes('http'));
    return [
      ...(lines.length > 600 ? [`${path} has ${lines.length} lines`] : []),
      ...(long >= 0 ? [`${path}:${long + 1} is ${lines[long]?.length} columns wide`] : []),
    ];
  });
  assert.deepEqual(faults, []);
});

test('functions stay at or below 70 lines', () => {
  const faults: string[] = [];
  for (const { path, text } of sources) {
    // A component's markup is a picture of the page, not a procedure; logic stays in .ts files.
    if (path.endsWith('.tsx')) continue;
    const tree = parseSync(path, text).program;
    visit(tree, (node) => {
      if (!FUNCTION_TYPES.test(node.type)) return;
      // A function inside is a function of its own, so a factory counts only what it does itself.
      const lines = ownLines(node, text);
      if (lines > 70) faults.push(`${path}: a function of ${lines} lines`);
    });
  }
  assert.deepEqual(faults, []);
});

const FUNCTION_TYPES = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;

function linesOf(node: Node, text: string): number {
  return text.slice(node.start, node.end).split('\n').length;
}

/** Lines of a function without those of the functions directly inside it. */
function ownLines(node: Node, text: string): number {
  let inner = 0;
  const descend = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) descend(item);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if (value !== node && 'type' in value && FUNCTION_TYPES.test(String(value.type))) {
      inner += linesOf(value as Node, text) - 1;
      return;
    }
    for (const item of Object.values(value)) descend(item);
  };
  descend(node);
  return linesOf(node, text) - inner;
}

type Node = { type: string; start: number; end: number };

function visit(value: unknown, run: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, run);
  } else if (typeof value === 'object' && value !== null) {
    if ('type' in value && typeof value.type === 'string') run(value as Node);
    for (const item of Object.values(value)) visit(item, run);
  }
}

/** Calls with the replacement that the message names. */
const BANNED: { pattern: RegExp; instead: string; allowedIn: RegExp }[] = [
  {
    pattern: /\bDate\.now\(/,
    instead: 'take a MediaClock (core/base/clock.ts)',
    allowedIn: /^(native\/host\/|electron\/|relay\/entry\.ts|renderer\/)/,
  },
  {
    pattern: /\bMath\.random\(/,
    instead: 'take RandomBytes (core/base/ids.ts)',
    allowedIn: /^$/,
  },
  {
    pattern: /\bset(Timeout|Interval)\(/,
    instead: 'take Timers (core/base/clock.ts)',
    allowedIn: /^(core\/base\/clock\.ts|native\/(host\/entries|link|child)\/|renderer\/)/,
  },
  { pattern: /\bconsole\.\w+\(/, instead: 'take a Logger', allowedIn: /^$/ },
  { pattern: /\bdebugger\b/, instead: 'nothing', allowedIn: /^$/ },
  { pattern: /\b(FIXME|XXX|HACK|TODO)\b/, instead: 'an issue', allowedIn: /^$/ },
  { pattern: /^export default/m, instead: 'a named export', allowedIn: /vite\.config\.ts$/ },
  { pattern: /@ts-(ignore|nocheck)/, instead: 'a type', allowedIn: /^$/ },
];

test('banned calls have their replacement', () => {
  const faults = sources.flatMap(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
    return BANNED.filter((rule) => rule.pattern.test(code) && !rule.allowedIn.test(path)).map(
      (rule) => `${path}: ${rule.pattern.source} - use ${rule.instead}`,
    );
  });
  assert.deepEqual(faults, []);
});

test('each file says what it is for', () => {
  const faults = sources.filter(({ text }) => !/^(\/\/|\/\*)/.test(text));
  assert.deepEqual(
    faults.map((file) => file.path),
    [],
  );
});

test('no source file is dead: each is imported or is an entry', () => {
  const entries =
    /^(native\/host\/(entries\/|headless\.ts)|relay\/entry\.ts|electron\/(main|preload)\.ts|renderer\/vite\.config\.ts|renderer\/(?:viewer\/early|viewer\/unsealWorker|\w+\/main)\.tsx?|native\/capture\/demoWorker\.ts|renderer\/capture\/ticker\.ts|native\/vision\/models\/worker\.ts|relay\/witness\/storeThread\.ts|relay\/shards\/shardEntry\.ts|.*\.d\.ts$)/;
  const everything = [
    ...sources,
    ...['scripts', 'tests', 'bench', 'models', ...ROOMS].flatMap(filesOf).map(read),
  ];
  const imported = new Set(
    everything.flatMap((file) => file.imports.map(({ from }) => targetOf(file, from))),
  );
  const dead = sources.filter(({ path }) => !entries.test(path) && !imported.has(path));
  assert.deepEqual(
    dead.map((file) => file.path),
    [],
  );
});

test('the lockfile names no registry but the public one, and versions are exact', () => {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hosts = [...lock.matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map((match) => match[1]);
  assert.deepEqual(
    [...new Set(hosts)].filter((host) => host !== 'registry.npmjs.org'),
    [],
  );
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const versions = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
    Object.entries<string>(manifest[group] ?? {}),
  );
  assert.deepEqual(
    versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
});

test('the lockfile is whole: npm ci refuses one that lacks a platform’s package', () => {
  type Entry = { optionalDependencies?: Record<string, string> };
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const packages: Record<string, Entry> = lock.packages;
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
    ),
  );
  assert.deepEqual(missing, []);
});
