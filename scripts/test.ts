// `npm test`: builds what is stale, then runs every test file in a process of its own (native
// addons allow only one JavaScript environment). Quick files run two at a time; files under tests/
// start whole studios and run alone. The last line is `N passed, N failed, N skipped`.
// A file with a failure is run once more, alone, at the end: on two cores a browser, ffmpeg and four
// processes can starve each other. A test that fails twice fails; one that passes then is named as
// unsteady on a line of its own, so that it is seen and mended.
// Arguments narrow the run to files whose path contains one of them.

import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { buildIfStale } from './build.ts';
import { findChromium } from './chromium.ts';

const root = resolve(import.meta.dirname, '..');
/** A file that has not ended by then hangs, ms; it guards the run and judges no speed. */
const FILE_HANG_MS = 300_000;

const say = (line: string) => void process.stdout.write(`${line}\n`);

function testFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Every folder of ours but tests/, so that no test file can be forgotten. */
function rooms(): string[] {
  const others = ['node_modules', 'out', 'tests'];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter((name) => !others.includes(name));
}

const totals = { passed: 0, failed: 0, skipped: 0 };
/** What each file gave in its latest run, and the names that failed in it. */
const byFile = new Map<string, { passed: number; failed: string[]; skipped: number }>();

/** Runs files and prints one line a test; a suite's own line is not counted twice. */
async function runFiles(files: string[], concurrency: number): Promise<void> {
  if (files.length === 0) return;
  const stream = run({ files, concurrency, timeout: FILE_HANG_MS, cwd: root });
  for await (const event of stream) {
    if (event.type === 'test:stderr' || event.type === 'test:stdout') {
      if (process.env.MORPHINE_TEST_OUTPUT) process.stdout.write(event.data.message);
    } else if (event.type === 'test:diagnostic' && /seed/i.test(event.data.message)) {
      say(`  # ${event.data.message}`);
    } else if (event.type === 'test:pass' || event.type === 'test:fail') {
      report(event);
    }
  }
}

type Outcome = {
  type: 'test:pass' | 'test:fail';
  data: {
    name: string;
    file?: string;
    skip?: string | boolean;
    details: { type?: string; duration_ms: number; error?: Error & { cause?: unknown } };
  };
};

function report({ type, data }: Outcome): void {
  if (data.details.type === 'suite') return;
  const where = data.file ? relative(root, data.file) : '';
  const counts = byFile.get(data.file ?? '') ?? { passed: 0, failed: [], skipped: 0 };
  byFile.set(data.file ?? '', counts);
  if (data.skip) {
    counts.skipped++;
    say(`skip  ${where}: ${data.name} (${data.skip === true ? 'no reason given' : data.skip})`);
    return;
  }
  if (type === 'test:pass') {
    counts.passed++;
    say(`pass  ${where}: ${data.name} (${Math.round(data.details.duration_ms)} ms)`);
    return;
  }
  counts.failed.push(data.name);
  const cause = data.details.error?.cause ?? data.details.error;
  say(`FAIL  ${where}: ${data.name}`);
  say(String(cause instanceof Error ? cause.stack : cause).replace(/^/gm, '      '));
}

/** Each file that failed, once more and alone; its second result counts. */
async function runFailedAgain(): Promise<void> {
  const failed = [...byFile].filter(([path, counts]) => path !== '' && counts.failed.length > 0);
  for (const [path, first] of failed) {
    say(`again ${relative(root, path)}`);
    byFile.delete(path);
    await runFiles([path], 1);
    const second = byFile.get(path);
    if (!second) byFile.set(path, first);
    for (const name of first.failed) {
      if (second && !second.failed.includes(name)) {
        say(`UNSTEADY  ${relative(root, path)}: ${name} failed once and then passed`);
      }
    }
  }
}

const wanted = process.argv.slice(2);
const isWanted = (path: string) =>
  wanted.length === 0 || wanted.some((part) => relative(root, path).includes(part));

await buildIfStale({ force: false, say });
if (!findChromium() && process.env.CI) {
  say('FAIL  No browser with H.264: run npm run setup first.');
  totals.failed++;
}
await runFiles(rooms().flatMap(testFiles).filter(isWanted), 2);
await runFiles(testFiles('tests').filter(isWanted), 1);
await runFailedAgain();
for (const counts of byFile.values()) {
  totals.passed += counts.passed;
  totals.failed += counts.failed.length;
  totals.skipped += counts.skipped;
}
say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
