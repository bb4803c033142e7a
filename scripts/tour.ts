// `npm run tour`: the product in a minute, without screen, GPU and camera. Starts the studio, lets
// two Chromium viewers watch and bet until they are paid, kills vision and waits for its return,
// takes pictures of studio and viewers (desktop and phone) and measures. Everything lands in
// out/tour/. Exit code 0 only if all of it held.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import {
  launchBrowser,
  openStudioPage,
  openSuggestionByKey,
  openViewer,
  PHONE,
  SEED_WITH_GOALS,
  type Viewer,
} from '../tests/harness/browser.ts';
import { enterStudio, type Owner } from '../tests/harness/owner.ts';
import { type RunningStudio, root, startStudio, witnessOf } from '../tests/harness/studio.ts';
import { buildIfStale } from './build.ts';
import { findChromium } from './chromium.ts';

const folder = join(root, 'out/tour');
const say = (line: string) => void process.stdout.write(`${line}\n`);
const startedMs = performance.now();
const seconds = () => ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);

type Row = { what: string; measured: string; held: boolean };
const rows: Row[] = [];

/** One step of the tour: said when it held, and the end of the tour when it did not. */
async function step(what: string, run: () => Promise<string | undefined>): Promise<void> {
  try {
    const measured = (await run()) ?? 'yes';
    rows.push({ what, measured, held: true });
    say(`${seconds()} s  ✓ ${what}: ${measured}`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    rows.push({ what, measured: reason ?? '', held: false });
    say(`${seconds()} s  ✗ ${what}: ${reason}`);
    throw cause;
  }
}

function must(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

async function tour(): Promise<void> {
  if (!findChromium()) throw new Error('No browser with H.264 was found; run npm run setup first.');
  await buildIfStale({ force: false, say });
  let studio: RunningStudio | undefined;
  let owner: Owner | undefined;
  const browser = await launchBrowser();
  try {
    await step('the studio is live', async () => {
      const fromMs = performance.now();
      studio = await startStudio({ args: ['--seed', SEED_WITH_GOALS] });
      owner = await enterStudio(studio.facts().studio ?? '');
      return `${Math.round(performance.now() - fromMs)} ms after npm start`;
    });
    if (studio && owner) await show(studio, owner, browser);
  } finally {
    owner?.close();
    await browser.close();
    const code = await studio?.stop();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'studio.log'), studio?.output() ?? '');
    if (studio) rows.push({ what: 'a clean stop', measured: `exit ${code}`, held: code === 0 });
  }
}

async function show(
  studio: RunningStudio,
  owner: Owner,
  browser: Awaited<ReturnType<typeof launchBrowser>>,
): Promise<void> {
  const facts = studio.facts();
  const studioPage = await openStudioPage(browser, facts.studio ?? '', owner.cookie);
  const link = facts.viewer ?? '';
  const [wide, phone] = [await openViewer(browser, link), await openViewer(browser, link, PHONE)];
  await step('two viewers see and hear the match', async () => {
    await Promise.all([wide.untilState('live'), phone.untilState('live')]);
    await wide.untilFigure('frames', (frames) => frames > 60);
    await wide.page.getByTestId('sound').click();
    return `first frames after ${await wide.figure('first-frame-ms')} and ${await phone.figure('first-frame-ms')} ms`;
  });
  await step('kick-off is seen and one key opens its market', async () => {
    await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
    await openSuggestionByKey(studioPage);
    return owner.state().events.findLast((event) => event.type === 'kickOff')?.why;
  });
  await step('both bet by clicking, one on each side', async () => {
    await Promise.all([wide.openMarket(), phone.openMarket()]);
    await Promise.all([wide.bet(0, '50'), phone.bet(1, '50')]);
    await pictures(studioPage, wide, phone, 'betting');
    return `confirmed; ${owner.readings()?.betMs?.toFixed(1)} ms from arrival to disk (p95)`;
  });
  await step('the goal is seen and the winner is paid', () => settled(owner, wide, phone));
  await step('page, ledger and relay agree', async () => {
    const ledger = await owner.until(
      'every row to be copied',
      (state) => state.ledger.notCopied === 0 && state.ledger,
    );
    const witness = await witnessOf(studio.facts());
    must(witness.hash === ledger.hash, `relay has ${witness.hash}, ledger ${ledger.hash}`);
    return `row ${ledger.seq}, hash ${ledger.hash.slice(0, 12)}…`;
  });
  await step('figures while two viewers and the studio’s page watch', async () => {
    const delay = await wide.untilFigure('delay-ms', (value) => value > 0);
    const p95 = await wide.figure('delay-p95-ms');
    const vision = owner.readings()?.visionMs;
    return `delay p50 ${delay} ms, p95 ${p95} ms; frame → result p95 ${vision?.toFixed(0)} ms`;
  });
  await step('vision is killed and returns', () => killVision(studio, owner, wide));
  await step('pictures are taken', async () => {
    await pictures(studioPage, wide, phone, 'live');
    return `${folder}`;
  });
}

async function settled(owner: Owner, wide: Viewer, phone: Viewer): Promise<string> {
  const market = await owner.until('the end of the market', (state) =>
    state.markets.find((one) => one.state === 'RESOLVED' || one.state === 'VOID'),
  );
  must(market.state === 'RESOLVED', `the market ended ${market.state}: ${market.reason}`);
  const [winner, loser] = market.winner === 0 ? [wide, phone] : [phone, wide];
  const won = await winner.untilFigure('balance', (points) => points === 1050);
  const lost = await loser.untilFigure('balance', (points) => points === 950);
  return `${market.outcomes[market.winner ?? 0]?.label}: ${market.reason} ${won} and ${lost} points`;
}

async function killVision(studio: RunningStudio, owner: Owner, wide: Viewer): Promise<string> {
  const before = await wide.figure('frames');
  const pid = studio.facts().processes.vision;
  must(pid !== null, 'vision does not run');
  const killedMs = performance.now();
  process.kill(pid ?? 0, 'SIGKILL');
  await studio.until('another vision', ({ processes }) => {
    return processes.vision !== null && processes.vision !== pid;
  });
  await owner.until('vision to run', (state) => state.vision.state === 'running');
  const backMs = Math.round(performance.now() - killedMs);
  must(backMs <= 3_000, `it took ${backMs} ms; three seconds are allowed`);
  await wide.untilFigure('frames', (frames) => frames > before + 30);
  must((await wide.state()) === 'live', 'the picture stopped');
  return `running again after ${backMs} ms; the picture never stopped`;
}

async function pictures(studio: Page, wide: Viewer, phone: Viewer, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await studio.screenshot({ path: join(folder, `studio-${name}.png`) });
  await wide.page.screenshot({ path: join(folder, `viewer-${name}.png`) });
  await phone.page.screenshot({ path: join(folder, `phone-${name}.png`) });
}

/** `-- --pictures DIR` also keeps the pictures of the betting moment, for the README. */
function keepPictures(): void {
  const at = process.argv.indexOf('--pictures');
  const target = at >= 0 ? process.argv[at + 1] : undefined;
  if (!target) return;
  const kept = resolve(process.env.INIT_CWD ?? process.cwd(), target);
  mkdirSync(kept, { recursive: true });
  for (const name of ['studio', 'viewer', 'phone']) {
    copyFileSync(join(folder, `${name}-betting.png`), join(kept, `${name}.png`));
  }
}

let failure: unknown;
await tour().catch((cause: unknown) => {
  failure = cause;
});
mkdirSync(folder, { recursive: true });
const table = ['| what | measured |', '|---|---|']
  .concat(rows.map((row) => `| ${row.what} | ${row.held ? '' : 'FAILED: '}${row.measured} |`))
  .join('\n');
writeFileSync(join(folder, 'tour.md'), `${table}\n`);
writeFileSync(join(folder, 'tour.json'), `${JSON.stringify(rows, null, 2)}\n`);
if (failure === undefined) keepPictures();
const isFine = failure === undefined && rows.every((row) => row.held);
if (failure !== undefined && rows.every((row) => row.held)) say(String(failure));
say(`${isFine ? 'All of it held' : 'The tour failed'}; ${join(folder, 'tour.md')}`);
process.exit(isFine ? 0 : 1);
