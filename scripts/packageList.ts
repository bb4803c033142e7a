// What electron-builder would pack for a system, computed without packing: its own file matcher over
// its own configuration, the built files, and the packages that run. Says which files are unpacked
// from the archive, which binaries they are, and what a system lacks. `npm run packages` prints sizes.

import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { readLock, runtimePackages } from './licences.ts';

export type Target = { platform: 'linux' | 'darwin' | 'win32'; arch: 'x64' | 'arm64' };
export type PackedFile = {
  path: string;
  bytes: number;
  isUnpacked: boolean;
  /** What a binary is for; null for everything else. */
  binary: Target | 'other' | null;
};
export type Packed = {
  files: PackedFile[];
  /** Packages of this system that are not installed on the one that asks. */
  elsewhere: string[];
};

type Stat = { isDirectory(): boolean };
type Matcher = {
  addPattern(pattern: string): void;
  prependPattern(pattern: string): void;
  createFilter(): (file: string, stat: Stat) => boolean;
};
type MatcherMaker = new (from: string, to: string, expand: (text: string) => string) => Matcher;
type Packing = Record<string, unknown> & { files: string[]; asarUnpack: string[] };

const PLATFORM_KEYS = { linux: 'linux', darwin: 'mac', win32: 'win' } as const;

/** electron-builder's configuration, read by its own parser. */
export function readPacking(root: string): Packing {
  const ofBuilder = createRequire(join(root, 'node_modules/app-builder-lib/package.json'));
  const { load } = ofBuilder('js-yaml') as { load(text: string): unknown };
  return load(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as Packing;
}

/** Everything that would be in the archive or beside it, for one system. */
export function packedFiles(root: string, target: Target): Packed {
  const packing = readPacking(root);
  const platform = packing[PLATFORM_KEYS[target.platform]] as { files?: string[] };
  const patterns = [...packing.files, ...(platform.files ?? [])];
  const isWanted = filterOf(root, target, patterns);
  // The builder copies packages by the exclusions only, as it does itself.
  const exclusions = patterns.filter((one) => one.startsWith('!'));
  const isWantedOfPackage = filterOf(root, target, ['**/*', ...exclusions]);
  const isUnpacked = filterOf(root, target, packing.asarUnpack);
  const { installed, elsewhere } = packagesFor(root, target);
  const paths = [
    ...filesIn(root, '.', ['node_modules']).filter(isWanted),
    ...installed.flatMap((path) => filesIn(root, path, ['node_modules'])).filter(isWantedOfPackage),
  ];
  const files = paths.map((path) => ({
    path,
    ...factsOf(join(root, path)),
    isUnpacked: isUnpacked(path),
  }));
  return { files, elsewhere };
}

/** Systems share most files: each is looked into once. */
const factsKnown = new Map<string, Pick<PackedFile, 'bytes' | 'binary'>>();

function factsOf(file: string): Pick<PackedFile, 'bytes' | 'binary'> {
  let facts = factsKnown.get(file);
  if (!facts) {
    facts = { bytes: statSync(file).size, binary: binaryOf(file) };
    factsKnown.set(file, facts);
  }
  return facts;
}

function filterOf(root: string, { arch, platform }: Target, patterns: readonly string[]) {
  const path = join(root, 'node_modules/app-builder-lib/out/fileMatcher.js');
  const { FileMatcher } = createRequire(import.meta.url)(path) as { FileMatcher: MatcherMaker };
  const expand = (text: string) =>
    text.replace(/\$\{arch\}/g, arch).replace(/\$\{platform\}/g, platform);
  const matcher = new FileMatcher(root, root, expand);
  for (const pattern of patterns) matcher.addPattern(pattern);
  const filter = matcher.createFilter();
  return (file: string) => filter(join(root, file), { isDirectory: () => false });
}

/** Folders that hold nothing of the product; walking them would take long. */
const NEVER = new Set(['.git', 'types', 'packages']);

function filesIn(root: string, folder: string, without: readonly string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((one) => {
    const path = relative(root, join(root, folder, one.name)).replaceAll('\\', '/');
    if (one.isFile()) return [path];
    if (!one.isDirectory() || NEVER.has(one.name) || without.includes(one.name)) return [];
    return filesIn(root, path, without);
  });
}

/** Packages that run on a system; those of another system are not installed here. */
function packagesFor(root: string, target: Target): { installed: string[]; elsewhere: string[] } {
  const lock = readLock(root);
  const isFor = (list: readonly string[] | undefined, value: string) =>
    list === undefined || list.includes(value);
  const fitting = runtimePackages(root, lock).filter((path) => {
    const { os, cpu, libc } = lock[path] ?? {};
    const hasLibrary = libc === undefined || target.platform !== 'linux' || libc.includes('glibc');
    return isFor(os, target.platform) && isFor(cpu, target.arch) && hasLibrary;
  });
  const isHere = (path: string) => {
    try {
      return statSync(join(root, path, 'package.json')).isFile();
    } catch {
      return false;
    }
  };
  return {
    installed: fitting.filter(isHere),
    elsewhere: fitting
      .filter((path) => !isHere(path))
      .map((path) => path.slice('node_modules/'.length)),
  };
}

const BINARY_NAME = /(\.(node|dll|dylib|exe)|\.so(\.\d+)*|\/[^./]+)$/;

/** Reads a file's first bytes: names deceive. Knows ELF, Mach-O and PE. */
export function binaryOf(file: string): PackedFile['binary'] {
  if (!BINARY_NAME.test(file.replaceAll('\\', '/'))) return null;
  const head = Buffer.alloc(1024);
  const handle = openSync(file, 'r');
  readSync(handle, head, 0, head.length, 0);
  closeSync(handle);
  const of = (platform: Target['platform'], x64: boolean, arm64: boolean) =>
    x64 || arm64 ? { platform, arch: x64 ? ('x64' as const) : ('arm64' as const) } : 'other';
  if (head.readUInt32BE(0) === 0x7f454c46) {
    const machine = head.readUInt16LE(18);
    return of('linux', machine === 0x3e, machine === 0xb7);
  }
  if (head.readUInt32LE(0) === 0xfeedfacf) {
    const cpu = head.readUInt32LE(4);
    return of('darwin', cpu === 0x01000007, cpu === 0x0100000c);
  }
  if (head.toString('latin1', 0, 2) === 'MZ') {
    const at = head.readUInt32LE(0x3c);
    const machine = at + 6 <= head.length ? head.readUInt16LE(at + 4) : 0;
    return of('win32', machine === 0x8664, machine === 0xaa64);
  }
  return null;
}

/** What a system cannot do, because nobody built that part for it; empty where all is there. */
export function lacksOn({ platform, arch }: Target): string[] {
  if (platform !== 'darwin' || arch !== 'x64') return [];
  return [
    'ONNX Runtime has no build for macOS on Intel: no model runs there, so players and ball are not ' +
      'recognised, and markets that need them are opened and resolved by hand.',
  ];
}

const TARGETS: readonly Target[] = [
  { platform: 'linux', arch: 'x64' },
  { platform: 'win32', arch: 'x64' },
  { platform: 'darwin', arch: 'arm64' },
  { platform: 'darwin', arch: 'x64' },
];

function report(root: string, target: Target): string[] {
  const { files, elsewhere } = packedFiles(root, target);
  const groups = new Map<string, { count: number; bytes: number }>();
  for (const { path, bytes } of files) {
    const parts = path.split('/');
    const length = parts[0] === 'node_modules' ? (parts[1]?.startsWith('@') ? 3 : 2) : 2;
    const name = parts.slice(0, length).join('/');
    const group = groups.get(name) ?? { count: 0, bytes: 0 };
    groups.set(name, { count: group.count + 1, bytes: group.bytes + bytes });
  }
  const sum = (list: readonly { bytes: number }[]) =>
    list.reduce((all, { bytes }) => all + bytes, 0);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const unpacked = files.filter(({ isUnpacked }) => isUnpacked);
  const largest = [...groups].sort(([, one], [, other]) => other.bytes - one.bytes).slice(0, 8);
  return [
    `${target.platform} ${target.arch}: ${files.length} files, ${megabytes(sum(files))}, of which ` +
      `${megabytes(sum(unpacked))} beside the archive (without Electron, about 250 MB)`,
    ...largest.map(([name, { count, bytes }]) => `  ${megabytes(bytes)}  ${name} (${count} files)`),
    ...(elsewhere.length > 0
      ? [`  not installed here, counted there: ${elsewhere.join(', ')}`]
      : []),
    ...lacksOn(target).map((line) => `  lacks: ${line}`),
  ];
}

if (process.argv[1] === import.meta.filename) {
  const root = resolve(import.meta.dirname, '..');
  for (const target of TARGETS) process.stdout.write(`${report(root, target).join('\n')}\n`);
}
