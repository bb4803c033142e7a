// Proves what stays of a show, with a real studio and relay and no browser: a market that a person
// decides by a stated moment shows that frame to the crew and, signed, to viewers; its hash is in
// the journal and a file that was changed is found; the rules of markets decide again what was
// recorded; the recording opens after the engine that wrote it was killed, and a clip is cut.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readFmp4 } from '../core/media/fmp4Reader.ts';
import { channelIdOf, isSigned, stillSigningText } from '../core/wire/signing.ts';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import { inspectLedger, openLedgerFile } from '../native/ledger/inspect.ts';
import { factsAsTold } from '../scripts/replay/facts.ts';
import { readShow } from '../scripts/replay/readShow.ts';
import { openFreshLedger } from '../scripts/replay/replayLedger.ts';
import { replayRules } from '../scripts/replay/replayRules.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { type RunningStudio, startStudio, waitFor } from './harness/studio.ts';

const isVideoMade = spawnSync(TEST_FFMPEG_PATH, ['-version']).status === 0;
const skip = isVideoMade ? false : 'ffmpeg is not installed';
const folder = mkdtempSync(join(tmpdir(), 'morphine-recording-'));
const marketId = 'e5'.repeat(16);
let studio: RunningStudio;
let owner: Owner;
let dataFolder: string;
before(async () => {
  if (skip) return;
  const clip = join(folder, 'clip.mp4');
  const input = '-f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine -t 20';
  const output = '-c:v libx264 -preset ultrafast -g 30 -pix_fmt yuv420p -c:a aac';
  const made = [...`-v error ${input} ${output}`.split(' '), clip];
  assert.equal(spawnSync(TEST_FFMPEG_PATH, made).status, 0);
  studio = await startStudio({ args: ['--source', `file:${clip}`] });
  dataFolder = studio.facts().data;
  owner = await enterStudio(studio.facts().studio ?? '');
});
after(async () => {
  owner?.close();
  await studio?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function readEvidence(part: 'still' | 'clip'): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let offset = 0; ; ) {
    const { base64 } = await owner.client.studio.evidence.read({ marketId, part, offset });
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length === 0) return Buffer.concat(parts);
    parts.push(bytes);
    offset += bytes.length;
  }
}

test('a market that a person decided shows the frame of the stated moment', { skip }, async () => {
  const { markets, evidence, recording } = owner.client.studio;
  await recording.start({});
  await owner.until('betting to be possible', ({ show }) => show.bettingSuspended === '');
  await owner.until('some seconds', ({ recording: now }) => now.seconds >= 4);
  const template = owner.state().templates.find(({ decideOn }) => decideOn !== null);
  assert.ok(template);
  const long = { betWindowSeconds: 300, horizonSeconds: 600, deadlineSeconds: 900 };
  const asked = { marketId, template: { ...template, ...long, decideOn: null } };
  // On a busy machine the picture stands now and then, and nobody may open a market meanwhile.
  await waitFor('the market', () => markets.create(asked).catch(() => null));
  const momentUs = (owner.readings()?.mediaUs ?? 0) - 1_000_000;
  await markets.resolve({ marketId, outcome: 0, reason: 'Seen', captureUs: momentUs });
  const kept = await waitFor('evidence', async () => (await evidence.show({ marketId })).evidence);
  assert.equal(kept.said, 'person');
  const clip = await readEvidence('clip');
  assert.equal(clip.length, kept.clipBytes);
  const pictures = [...readFmp4(clip)].filter(({ track }) => track === 'video');
  assert.equal(pictures[kept.frame]?.captureUs, kept.captureUs);
  const newest = pictures.findLast(({ captureUs }) => captureUs <= momentUs);
  assert.equal(kept.captureUs, newest?.captureUs, 'the newest frame by that moment');
  const still = await readEvidence('still');
  assert.deepEqual([...still.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  // What viewers fetch is that picture, signed by the channel.
  const { relay, channel } = studio.facts();
  assert.ok(channel);
  const answer = await waitFor('the picture at the relay', async () => {
    const given = await fetch(`${relay}/still/${channel}/${marketId}.jpg`);
    return given.ok && given;
  });
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), still);
  const captureUs = Number(answer.headers.get('x-captured-us'));
  assert.equal(captureUs, kept.captureUs);
  const hash = createHash('sha256').update(still).digest('hex');
  const text = stillSigningText(channel, { marketId, captureUs, hash });
  const publicKey = answer.headers.get('x-public-key') ?? '';
  assert.equal(channelIdOf(publicKey), channel);
  assert.ok(isSigned(text, answer.headers.get('x-signature') ?? '', publicKey));
});

function looked() {
  const file = openLedgerFile(dataFolder);
  const report = inspectLedger(dataFolder, file);
  file.close();
  return report;
}

test('the journal names the file; one that was changed is found', { skip }, async () => {
  const kept = join(dataFolder, 'evidence');
  const [name = ''] = readdirSync(kept);
  const file = join(kept, name);
  const sealed = readFileSync(file);
  await waitFor('the row', () => looked().evidence.checked === 1);
  assert.deepEqual(looked().findings, []);
  const changed = Buffer.from(sealed);
  changed[100] = (changed[100] ?? 0) ^ 1;
  writeFileSync(file, changed);
  const [found] = looked().findings;
  assert.match(found?.what ?? '', /is not what the journal names/);
  writeFileSync(file, sealed);
  // An old file may go; the hash in the journal stays.
  renameSync(file, join(folder, 'gone'));
  assert.deepEqual(looked().evidence, { checked: 0, gone: 1 });
  assert.deepEqual(looked().findings, []);
});

test('the rules of markets decide what was recorded again', { skip }, async () => {
  const { markets } = owner.client.studio;
  const template = owner.state().templates.find(({ decideOn }) => decideOn !== null);
  assert.ok(template);
  const short = { betWindowSeconds: 3, horizonSeconds: 4, deadlineSeconds: 60 };
  const byMachine = { marketId: 'a7'.repeat(16), template: { ...template, ...short } };
  await waitFor('the market', () => markets.create(byMachine).catch(() => null));
  // Nothing happens in it, or the picture stood: the machine says which.
  await owner.until('the machine to decide', ({ markets: all }) =>
    all.some(({ id, state }) => id === byMachine.marketId && /RESOLVED|VOID/.test(state)),
  );
  const show = join(dataFolder, 'recordings', owner.state().recording.name);
  const { about, commands } = readShow(show);
  assert.ok(about.rules);
  const ledger = openFreshLedger(dataFolder, about, commands);
  const again = { start: about.rules, commands, ledger, facts: factsAsTold() };
  const { decisions, differences } = await replayRules(again);
  const { differsAt, rows } = ledger.result();
  ledger.close();
  assert.deepEqual([differences, differsAt], [[], 0]);
  assert.ok(decisions >= 1 && rows >= 4, `${decisions} decisions, ${rows} rows`);
});

test('a clip is cut, and the recording opens after its engine was killed', { skip }, async () => {
  const { recording } = owner.client.studio;
  const clip = await recording.saveClip({ seconds: 2, title: 'Look at this' });
  const cut = readFileSync(join(dataFolder, 'clips', clip.name));
  const frames = [...readFmp4(cut)].filter(({ track }) => track === 'video');
  assert.ok(frames.length > 0 && frames[0]?.keyFrame);
  assert.deepEqual(await recording.clips({}), [clip]);
  const { name } = owner.state().recording;
  const file = join(dataFolder, 'recordings', name, `${name}.mp4`);
  const { engine } = studio.facts().processes;
  assert.ok(engine);
  process.kill(engine, 'SIGKILL');
  const probe = spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', file], {
    encoding: 'utf8',
  });
  assert.equal(probe.status, 0, probe.stderr);
  const recorded = [...readFmp4(readFileSync(file))];
  assert.ok(recorded.filter(({ track }) => track === 'video').length > 1);
  const text = readFileSync(join(dataFolder, 'recordings', name, 'commands.txt'), 'utf8');
  const names = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { name: string }).name);
  assert.ok(names.includes('openMarket') && names.includes('resolveMarket'));
});
