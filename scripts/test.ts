// `npm test`: builds what is stale, then runs every test file in a process of its own (native
// addons allow only one JavaScript environment). Files that play a show are heavy: each has the
// machine to itself, but for one of those that only wait, and then one of those that only compute,
// which gets what the show leaves. The others run two at a time, the pages without a show after what
// needs no browser. What judges times runs alone, first.
// The last line is `N passed, N failed, N skipped`.
// A file with a failure is run once more, alone, at the end: on two cores a browser, ffmpeg and four
// processes can starve each other. A test that fails twice fails; one that passes then is named as
// unsteady on a line of its own, so that it is seen and mended.
// Arguments narrow the run to files whose path contains one of them.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { buildIfStale } from './build.ts';
import { findChromium } from './chromium.ts';

const root = resolve(import.meta.dirname, '..');
/** A test that has not ended by then hangs, ms; it guards the run and judges no speed. */
const TEST_HANG_MS = 150_000;
/** A file that has not: its tests are over and something of it still runs. */
const FILE_HANG_MS = 270_000;
/** So much of a file's last words is kept. */
const COMPLAINT_CHARACTERS = 4_000;
/** So many are named at the end. */
const SLOWEST = 25;
/** What a file's neighbour would falsify: they run before everything else, with nothing beside. */
const ALONE = ['tests/lipSync.test.ts', 'tests/show.test.ts'];
/** What waits for time and hardly computes: these run beside all others, one at a time. */
const WAITING = [
  'native/publish/weakUplink.test.ts',
  'relay/attacks.test.ts',
  'native/ffmpeg/spawn.test.ts',
  'relay/nodes/nodes.test.ts',
  'relay/linkChaos.test.ts',
  'native/upstream/pairing.test.ts',
  'native/capture/hungSource.test.ts',
  'native/obs/obs.test.ts',
  'native/webrtc/pathCheck.test.ts',
];
/** Folders whose tests compute and wait for nobody: beside a show, at the lowest priority. */
const PATIENT = [
  ...['core/', 'bench/', 'electron/', 'renderer/', 'native/markets/'],
  ...['native/vision/moriarty/', 'native/vision/tracking/', 'native/vision/vibrio/'],
  ...['native/vision/models/geometry', 'native/vision/models/golden'],
];
/** Whatever such a file starts has its priority, too. */
const LOWEST_PRIORITY = "import { setPriority } from 'node:os'; setPriority(19);";
/** With a browser or under tests/, but without a picture that would stall for want of a core. */
const WITHOUT_SHOW = [
  'tests/refusals.test.ts',
  'renderer/viewer/viewerPage.test.ts',
  'tests/studio/studioPage.test.ts',
  'renderer/viewer/viewerVerbs.test.ts',
  'tests/studio/studioDialogs.test.ts',
  'tests/studio/sceneWords.test.ts',
  'tests/studio/studioFrame.test.ts',
  'tests/studio/studioReach.test.ts',
  'renderer/viewer/chat.test.ts',
  'renderer/viewer/viewerFeatures.test.ts',
  'tests/bench.test.ts',
  'tests/crewPage.test.ts',
  'tests/models.test.ts',
  'tests/offline.test.ts',
  'tests/pairing.test.ts',
  'tests/signals.test.ts',
  'tests/tidy.test.ts',
  'tests/electron.test.ts',
];
/** The longest first, so that no lane waits for one at the end; for the rest any order does. */
const LONGEST = [
  'tests/studio/studioPage.test.ts',
  'renderer/viewer/viewerPage.test.ts',
  'renderer/viewer/viewerFeatures.test.ts',
  'tests/studio/studioDialogs.test.ts',
  'tests/refusals.test.ts',
  'tests/bench.test.ts',
  'tests/viewerMoney.test.ts',
  'tests/show.test.ts',
  'native/capture/capture.test.ts',
  'native/vision/placesShow.test.ts',
  'native/capture/liveSource.test.ts',
  'native/capture/playback.test.ts',
  'native/vision/demoShow.test.ts',
];

const say = (line: string) => void process.stdout.write(`${line}\n`);

function testFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Every folder of ours, so that no test file can be forgotten. */
function folders(): string[] {
  const others = ['node_modules', 'out'];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter((name) => !others.includes(name));
}

const totals = { passed: 0, failed: 0, skipped: 0 };
/** What each file gave in its latest run, and the names that failed in it. */
const byFile = new Map<string, { passed: number; failed: string[]; skipped: number }>();

/** As the lists above name it. */
const nameOf = (path: string) => relative(root, path).replaceAll('\\', '/');

/** True where a file starts whole studios or a browser. */
const needsMuch = (path: string) =>
  path.startsWith(join(root, 'tests')) ||
  /harness\/(browser|liveShow|studio)|playwright/.test(readFileSync(path, 'utf8'));

function longestFirst(files: readonly string[]): string[] {
  const rank = (path: string) => {
    const at = LONGEST.indexOf(nameOf(path));
    return at < 0 ? LONGEST.length : at;
  };
  return [...files].sort((one, other) => rank(one) - rank(other));
}

/** Two at a time; a heavy one only beside one that waits or is patient. */
async function runPaired(files: readonly string[]): Promise<void> {
  const much = longestFirst(files.filter(needsMuch));
  const pages = much.filter((path) => WITHOUT_SHOW.includes(nameOf(path)));
  const heavy = much.filter((path) => !pages.includes(path));
  const little = longestFirst(files.filter((path) => !much.includes(path)));
  const waiting = little.filter((path) => WAITING.includes(nameOf(path)));
  const patient = little.filter(
    (path) => !waiting.includes(path) && PATIENT.some((begin) => nameOf(path).startsWith(begin)),
  );
  const quick = little.filter((path) => !waiting.includes(path) && !patient.includes(path));
  const runAll = async (own: string[], isPatient = () => false) => {
    for (let path = own.shift(); path; path = own.shift()) await runFile(path, isPatient());
  };
  await Promise.all([runAll(quick), runAll(quick)]);
  await Promise.all([runAll(pages), runAll(pages)]);
  let isShown = true;
  const shows = runAll(heavy).then(() => {
    isShown = false;
    // Nothing is left to make way for.
    return runAll(patient);
  });
  await Promise.all([shows, runAll(waiting).then(() => runAll(patient, () => isShown))]);
}

/** What each file's latest run took, s. */
const secondsByFile = new Map<string, number>();

/** Runs a file and prints one line a test; a suite's own line is not counted twice. */
async function runFile(file: string, isPatient = false): Promise<void> {
  const startedMs = performance.now();
  const stream = run({
    ...{ files: [file], concurrency: 1, timeout: TEST_HANG_MS, cwd: root },
    execArgv: isPatient ? ['--import', `data:text/javascript,${LOWEST_PRIORITY}`] : [],
    signal: AbortSignal.timeout(FILE_HANG_MS),
  });
  let complaint = '';
  for await (const event of stream) {
    if (event.type === 'test:stderr' || event.type === 'test:stdout') {
      if (process.env.MORPHINE_TEST_OUTPUT) process.stdout.write(event.data.message);
      if (event.type === 'test:stderr') {
        complaint = (complaint + event.data.message).slice(-COMPLAINT_CHARACTERS);
      }
    } else if (event.type === 'test:diagnostic' && /seed/i.test(event.data.message)) {
      say(`  # ${event.data.message}`);
    } else if (event.type === 'test:pass' || event.type === 'test:fail') {
      report(event);
      // Its tests passed and the process did not end well: only its last words say why.
      if (event.type === 'test:fail' && event.data.name === file) say(complaint);
    }
  }
  secondsByFile.set(nameOf(file), (performance.now() - startedMs) / 1000);
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
    await runFile(path);
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
// Half of a short file's time went into compiling the same modules again; children inherit it.
process.env.NODE_COMPILE_CACHE ??= join(root, 'out', 'compile-cache');
mkdirSync(process.env.NODE_COMPILE_CACHE, { recursive: true });
const files = folders().flatMap(testFiles).filter(isWanted);
const isAlone = (path: string) => ALONE.includes(nameOf(path));
for (const path of files.filter(isAlone)) await runFile(path);
await runPaired(files.filter((path) => !isAlone(path)));
await runFailedAgain();
const slowest = [...secondsByFile].sort(([, one], [, other]) => other - one).slice(0, SLOWEST);
say(`The slowest files, s: ${slowest.map(([name, s]) => `${name} ${s.toFixed(0)}`).join(', ')}`);
for (const counts of byFile.values()) {
  totals.passed += counts.passed;
  totals.failed += counts.failed.length;
  totals.skipped += counts.skipped;
}
say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
