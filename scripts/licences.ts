// Collects the licence of everything that goes into the product, from the packages that are
// installed, and makes the About page of it: the packages that run, those that are bundled into
// pages, the fonts, Electron, and ffmpeg with the offer of its source. Nothing is fetched.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FONT = /^@fontsource/;
const FONT_NAMES: Record<string, string> = {
  '@fontsource-variable/inter': 'Inter',
  '@fontsource-variable/jetbrains-mono': 'JetBrains Mono',
  '@fontsource-variable/noto-sans-sc': 'Noto Sans SC',
};

export type Licence = {
  name: string;
  version: string;
  /** As the package names it: "MIT". */
  licence: string;
  /** The licence's own text, from the package where it brings one. */
  text: string;
};

type LockEntry = {
  version?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};
type Lock = Record<string, LockEntry>;

/** Node itself is for `npm start`; the packed app runs on Electron's. */
const NOT_PACKED = /^node_modules\/node-(linux|darwin|win)-/;
const LICENCE_FILE = /^(licen[cs]e|copying|unlicense)([.-].*)?$/i;

export function readLock(root: string): Lock {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
}

/** Packages that the pages import; the bundler puts them into the pages. */
function importedByPages(root: string): string[] {
  const names = new Set<string>();
  for (const one of readdirSync(join(root, 'renderer'), { recursive: true, withFileTypes: true })) {
    if (!one.isFile() || !/\.(tsx?|css)$/.test(one.name) || one.name.includes('.test.')) continue;
    const text = readFileSync(join(one.parentPath, one.name), 'utf8');
    for (const [, from = ''] of text.matchAll(/(?:from|import)\s+["']([^."'][^"']*)["']/g)) {
      names.add(
        from
          .split('/')
          .slice(0, from.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    }
  }
  return [...names].filter((name) => !name.startsWith('node:') && name !== 'vite');
}

/** Paths in the lockfile of a package's whole tree. */
function treeOf(lock: Lock, from: string, names: readonly string[], found: Set<string>): void {
  for (const name of names) {
    const path = resolveIn(lock, from, name);
    if (path === null || found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies } = lock[path] ?? {};
    treeOf(lock, path, Object.keys({ ...dependencies, ...optionalDependencies }), found);
  }
}

function resolveIn(lock: Lock, from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (lock[path]) return path;
    if (at === '') return null;
  }
}

/** Lockfile paths of what runs outside pages. */
export function runtimePackages(root: string, lock: Lock = readLock(root)): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const found = new Set<string>();
  treeOf(lock, '', Object.keys(manifest.dependencies), found);
  return [...found].filter((path) => !NOT_PACKED.test(path)).sort();
}

/** The licence of every package that the product carries on this system, by name. */
export function collectLicences(root: string): Licence[] {
  const lock = readLock(root);
  const paths = new Set(runtimePackages(root, lock));
  treeOf(lock, '', [...importedByPages(root), ...Object.keys(FONT_NAMES)], paths);
  // Of Electron's package only itself: what its installer needs is not packed.
  return [...paths, 'node_modules/electron']
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .map((path) => licenceOf(root, path, lock[path] ?? {}))
    .sort((one, other) => one.name.localeCompare(other.name, 'en'));
}

function licenceOf(root: string, path: string, entry: LockEntry): Licence {
  const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, path)).find((name) => LICENCE_FILE.test(name));
  const given = manifest.license ?? manifest.licenses?.[0]?.type ?? entry.license ?? '';
  const name = String(typeof given === 'object' ? given.type : given);
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    licence: name,
    text: file ? readFileSync(join(root, path, file), 'utf8').trim() : textOf(root, name),
  };
}

/** Texts for packages that name a licence and bring none, by what the name begins with. */
const TEXTS: readonly [RegExp, string][] = [
  [/^GPL-?v?3/i, 'GPL-3.0'],
  [/^LGPL-2\.1/, 'LGPL-2.1'],
  [/^MPL[- ]2\.0/, 'MPL-2.0'],
  [/^\(?Apache-2\.0/, 'Apache-2.0'],
  [/^\(?MIT/, 'MIT'],
];

/** @throws when a package names a licence whose text nobody has: it must not be packed so */
function textOf(root: string, licence: string): string {
  const [, file] = TEXTS.find(([pattern]) => pattern.test(licence)) ?? [];
  if (!file) throw new Error(`There is no text of the licence "${licence}" in resources/licences.`);
  return readFileSync(join(root, 'resources/licences', `${file}.txt`), 'utf8').trim();
}

/** What the packaged ffmpeg is, by the package that brings it. */
export type FfmpegBuild = { version: string; commit: string; homepage: string };

export function packagedFfmpeg(root: string): FfmpegBuild | null {
  const folder = join(root, 'node_modules/@ffmpeg-installer');
  const name = `${process.platform}-${process.arch}`;
  const file = join(folder, name, 'package.json');
  if (!existsSync(file)) return null;
  const { ffmpeg = '', homepage = '' } = JSON.parse(readFileSync(file, 'utf8'));
  const version = String(ffmpeg);
  return { version, commit: /-g([0-9a-f]{7,40})/.exec(version)?.[1] ?? '', homepage };
}

type AboutWords = Record<
  'lang' | 'title' | 'what' | 'ours' | 'packages' | 'fonts' | 'ffmpeg',
  string
> & {
  offer(build: FfmpegBuild | null): string;
  electron: string;
};

const ENGLISH: AboutWords = {
  lang: 'en',
  title: 'About Morphine Studio',
  what: 'A studio for streamers, with play-point markets for the audience. Play points have no cash value.',
  ours: 'Morphine Studio itself: MIT',
  packages: 'Packages',
  fonts: 'Fonts',
  ffmpeg: 'FFmpeg',
  offer: (build) =>
    `FFmpeg is another program that this one starts. ${buildWords(build, 'The build that comes with it')} ` +
    'It is free software under the GNU General Public License, version 3 (below). Written offer: whoever ' +
    'gave you this program gives you, for three years and for no more than the cost of sending it, the ' +
    'complete source of that build. It also lies at https://ffmpeg.org/download.html and at ' +
    `${build?.commit ? `https://github.com/FFmpeg/FFmpeg/commit/${build.commit}` : 'https://github.com/FFmpeg/FFmpeg'}.`,
  electron:
    'Electron brings Chromium and Node.js. Their licences lie beside the program as LICENSES.chromium.html.',
};

const CHINESE: AboutWords = {
  lang: 'zh-Hans',
  title: '关于 Morphine Studio',
  what: '为主播准备的工作室，观众可用游戏点数参与竞猜。游戏点数没有现金价值。',
  ours: 'Morphine Studio 本身：MIT',
  packages: '软件包',
  fonts: '字体',
  ffmpeg: 'FFmpeg',
  offer: (build) =>
    `FFmpeg 是由本程序启动的另一个程序。${buildWords(build, '随附的版本')} ` +
    '它是自由软件，采用 GNU 通用公共许可证第 3 版（见下）。书面承诺 (written offer)：向你提供本程序的人，在三年内，' +
    '以不超过寄送成本的费用，提供该版本的完整源代码。源代码也在 https://ffmpeg.org/download.html 和 ' +
    `${build?.commit ? `https://github.com/FFmpeg/FFmpeg/commit/${build.commit}` : 'https://github.com/FFmpeg/FFmpeg'}。`,
  electron: 'Electron 包含 Chromium 和 Node.js，其许可证在程序旁边的 LICENSES.chromium.html 中。',
};

function buildWords(build: FfmpegBuild | null, lead: string): string {
  return build ? `${lead}: ${build.version} (${build.homepage}).` : '';
}

const escaped = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** The page as text: no script, no address but its own style sheet. */
export function aboutPage(
  words: AboutWords,
  facts: { version: string; licences: readonly Licence[]; ffmpeg: FfmpegBuild | null; gpl: string },
): string {
  const line = ({ name, version, licence, text }: Licence) =>
    `<details><summary><b>${escaped(FONT_NAMES[name] ?? name)}</b> ${escaped(version)} ` +
    `<span>${escaped(licence)}</span></summary><pre>${escaped(text)}</pre></details>`;
  const fonts = facts.licences.filter(({ name }) => FONT.test(name));
  const others = facts.licences.filter(({ name }) => !FONT.test(name));
  return `<!doctype html>
<html lang="${words.lang}">
<head>
<meta charset="utf-8" />
<meta name="color-scheme" content="dark" />
<title>${escaped(words.title)}</title>
<link rel="stylesheet" href="./about.css" />
</head>
<body>
<h1>Morphine Studio ${escaped(facts.version)}</h1>
<p>${escaped(words.what)}</p>
<p>${escaped(words.ours)}</p>
<h2>${words.ffmpeg}</h2>
<p>${escaped(words.offer(facts.ffmpeg))}</p>
<details><summary><b>FFmpeg</b> <span>GPL-3.0-or-later</span></summary><pre>${escaped(facts.gpl)}</pre></details>
<h2>${words.fonts}</h2>
${fonts.map(line).join('\n')}
<h2>${words.packages}</h2>
<p>${escaped(words.electron)}</p>
${others.map(line).join('\n')}
</body>
</html>
`;
}

const STYLE = `body{margin:0;padding:24px 28px;background:#0a0c10;color:#f2f5fa;font:13px/20px system-ui,sans-serif}
h1{font-size:20px;line-height:28px;margin:0 0 8px}
h2{font-size:15px;margin:24px 0 8px}
p{margin:0 0 8px;color:#a9b3c5;overflow-wrap:anywhere}
details{border-top:1px solid #2a3140}
summary{padding:8px 0;cursor:pointer;font-variant-numeric:tabular-nums}
summary span{float:right;color:#a9b3c5}
summary:focus-visible{outline:2px solid #6e8bff;outline-offset:2px}
pre{margin:0 0 12px;padding:12px;background:#11141a;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font:12px/18px ui-monospace,monospace;color:#a9b3c5}
`;

/** Writes `index.html` and `zh.html` of About into a folder. */
export function writeAboutPages(root: string, folder: string): void {
  const facts = {
    version: String(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version),
    licences: collectLicences(root),
    ffmpeg: packagedFfmpeg(root),
    gpl: readFileSync(join(root, 'resources/licences/GPL-3.0.txt'), 'utf8'),
  };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'about.css'), STYLE);
  writeFileSync(join(folder, 'index.html'), aboutPage(ENGLISH, facts));
  writeFileSync(join(folder, 'zh.html'), aboutPage(CHINESE, facts));
}
