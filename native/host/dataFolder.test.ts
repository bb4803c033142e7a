// Proves that a data folder is really tried, on real small mounts where root may make them, that
// bad settings are named, and that the channel's clock never goes back.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  asideName,
  keepSettingsAside,
  prepareDataFolder,
  readChannelClock,
  readSettings,
} from './dataFolder.ts';
import { StartRefused } from './supervisor.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-data-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const refusedWith = (line: RegExp) => (cause: unknown) =>
  cause instanceof StartRefused && cause.exitCode === 2 && line.test(cause.message);

/** Mounts a small memory disk; false where this process may not. */
function mounted(path: string, options: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0;
}

const mayMount = process.getuid?.() === 0 && process.platform === 'linux';
const mountSkip = mayMount ? false : 'needs root on Linux to mount a small disk';

test('a read-only disk is refused in words', { skip: mountSkip }, (t) => {
  const path = mkdtempSync(join(folder, 'ro-'));
  if (!mounted(path, 'ro,size=64k')) return t.skip('mounting is not allowed here');
  t.after(() => spawnSync('umount', [path]));
  assert.throws(() => prepareDataFolder(path), refusedWith(/--data .*the disk is read-only/));
});

test('a full disk is refused in words', { skip: mountSkip }, (t) => {
  const path = mkdtempSync(join(folder, 'full-'));
  if (!mounted(path, 'size=64k')) return t.skip('mounting is not allowed here');
  t.after(() => spawnSync('umount', [path]));
  try {
    writeFileSync(join(path, 'filler'), Buffer.alloc(1_000_000));
  } catch {
    // Full now.
  }
  assert.throws(() => prepareDataFolder(path), refusedWith(/--data .*the disk is full/));
});

test('a path through a file is refused in words', () => {
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => prepareDataFolder(join(folder, 'file', 'x')), refusedWith(/is a file/));
});

test('settings: defaults, and each mistake named', () => {
  const path = mkdtempSync(join(folder, 'settings-'));
  assert.equal(readSettings(path).title, 'My show');
  const cases: [string, RegExp][] = [
    ['{"version":1,"titel":"x"}', /titel/],
    ['{"version":2}', /newer version \(2; this Morphine Studio reads 1\).*Mend or remove/],
    ['{"version":0}', /"version"/],
    ['{"version":1,"logLevel":"loud"}', /"logLevel"/],
    ['{"version":1', /not valid JSON/],
  ];
  for (const [text, line] of cases) {
    writeFileSync(join(path, 'settings.json'), text);
    assert.throws(() => readSettings(path), refusedWith(line), text);
  }
  rmSync(join(path, 'settings.json'));
  mkdirSync(join(path, 'settings.json'));
  assert.throws(() => readSettings(path), refusedWith(/cannot be read \(it is a folder\)/));
});

test('settings are kept aside under a name that no file has', () => {
  const path = join(mkdtempSync(join(folder, 'aside-')), 'settings.json');
  const atMs = Date.UTC(2026, 10, 21, 18, 30);
  const names = [1, 2, 3].map((number) => {
    writeFileSync(path, `${number}`);
    const name = asideName(path, atMs);
    keepSettingsAside(path, name);
    return name;
  });
  assert.deepEqual(names, [
    'settings.kept-2026-11-21-18-30-00.json',
    'settings.kept-2026-11-21-18-30-00-2.json',
    'settings.kept-2026-11-21-18-30-00-3.json',
  ]);
  for (const [at, name] of names.entries()) {
    assert.equal(readFileSync(join(dirname(path), name), 'utf8'), `${at + 1}`);
  }
  // Taken between the question and the answer: nothing is written over.
  writeFileSync(path, 'fourth');
  assert.throws(() => keepSettingsAside(path, String(names[0])), /is there already/);
  assert.equal(readFileSync(path, 'utf8'), 'fourth');
});

test('the media clock never goes back: reboots and a wall clock set anywhere', () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const start = fc.record({
    monotonicUs: fc.integer({ min: 0, max: 1e12 }),
    wallUs: fc.integer({ min: 1, max: 2e15 }),
    runUs: fc.integer({ min: 0, max: 1e10 }),
  });
  fc.assert(
    fc.property(fc.array(start, { minLength: 2, maxLength: 6 }), (starts) => {
      const path = mkdtempSync(join(folder, 'clock-'));
      let lastUs = 0;
      for (const { monotonicUs, wallUs, runUs } of starts) {
        const clock = readChannelClock(path, monotonicUs, wallUs);
        assert.ok(clock.epochUs + monotonicUs >= lastUs);
        lastUs = clock.epochUs + monotonicUs + runUs;
        writeFileSync(join(path, 'clock.json'), JSON.stringify({ ...clock, lastUs }));
      }
    }),
    { seed, numRuns: 100 },
  );
});

test('the wall clock set back an hour changes nothing while the machine stays up', () => {
  const path = mkdtempSync(join(folder, 'hour-'));
  const before = readChannelClock(path, 5_000_000, 1.8e15);
  const after = readChannelClock(path, 9_000_000, 1.8e15 - 3.6e9);
  assert.equal(after.epochUs, before.epochUs);
  const { mode } = statSync(join(path, 'clock.json'));
  if (process.platform !== 'win32') assert.equal(mode & 0o777, 0o600);
  assert.equal(JSON.parse(readFileSync(join(path, 'clock.json'), 'utf8')).version, 1);
});
