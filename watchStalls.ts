import { launchBrowser, openViewer } from './tests/harness/browser.ts';
import { enterStudio } from './tests/harness/owner.ts';
import { startStudio } from './tests/harness/studio.ts';
const studio = await startStudio({ args: ['--live', '--seed', '28'] });
const owner = await enterStudio(studio.facts().studio ?? '');
const t0 = performance.now();
const browser = process.argv[2] === 'none' ? null : await launchBrowser();
if (browser) { for (let i = 0; i < Number(process.argv[2] ?? 1); i++) await openViewer(browser, studio.facts().viewer ?? ''); }
let last = '', lastS = '';
const cpu0 = process.cpuUsage();
while (performance.now() - t0 < Number(process.argv[3] ?? 60) * 1000) {
  const s = owner.state();
  if (s.show.bettingSuspended !== last) { last = s.show.bettingSuspended; console.log(((performance.now() - t0) / 1000).toFixed(1), 'betting', JSON.stringify(last)); }
  const src = `${s.source.state} ${s.source.reason}`;
  if (src !== lastS) { lastS = src; console.log(((performance.now() - t0) / 1000).toFixed(1), 'source', src); }
  await new Promise((d) => setTimeout(d, 20));
}
owner.close(); await browser?.close(); console.log('stop', await studio.stop()); process.exit();
