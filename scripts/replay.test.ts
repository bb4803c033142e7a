// Proves that a recorded show runs again to the same journal: a drawn match is encoded and judged by
// the real vision; the real rules of markets decide by it in a real ledger, beside viewers and a
// person, and all is recorded as the engine records it. The command then shows the recording to
// vision anew and lets the rules decide again. Each bent rule, fact or row must be found, and
// another guard flips exactly the bets between the two cut-offs, with their money.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { GameEvent } from '../core/contract/events.ts';
import type { Unit } from '../core/media/feed.ts';
import { createMatch, PICTURE_BYTES } from '../native/capture/demo/match.ts';
import { act, hexId } from '../native/ledger/testLedger.ts';
import { encodeClip } from '../native/vision/testFeed.ts';
import { FFMPEG_SKIP } from '../native/vision/testing/openVision.ts';
import { factsAsSeen, factsAsTold, type Seen } from './replay/facts.ts';
import { guardFlips, withGuard } from './replay/guardFlips.ts';
import { type Command, readAbout, readCommands, readUnits } from './replay/readShow.ts';
import { openFreshLedger, replayLedger } from './replay/replayLedger.ts';
import { replayRules } from './replay/replayRules.ts';
import { seeAgain } from './replay/replayVision.ts';
import { openRecordedShow, QUESTIONS, START_US } from './replay/testing/recordedShow.ts';

const root = resolve(import.meta.dirname, '..');
const modelsFolder = join(root, 'models');
const skip =
  FFMPEG_SKIP || (existsSync(join(modelsFolder, 'manifest.json')) ? false : 'no model of our own');
const data = mkdtempSync(join(tmpdir(), 'morphine-replay-'));
const [ANNA, BERT, LATE] = [hexId(1), hexId(2), hexId(3)];
/** Opened by hand, decided by the goal and then by a person. */
const BY_HAND = hexId(50);
/** Opened by hand; nothing happens in it. */
const QUIET = hexId(51);
const PICTURES = 140;
let seen: Seen;
let show = '';
let goalUs = 0;

before(async () => {
  if (skip) return;
  const units = await match();
  seen = await seeAgain(units, { pack: 'demo', modelsFolder });
  const goal = seen.events.find(({ type }) => type === 'goal');
  assert.ok(goal, 'vision sees the goal');
  goalUs = goal.captureUs;
  show = await record(units);
});
let day: Awaited<ReturnType<typeof openRecordedShow>> | null = null;
after(() => {
  day?.close();
  rmSync(data, { recursive: true, force: true });
});

/** The pictures around a goal, which falls after two and a half seconds. */
function match(): Promise<Unit[]> {
  const drawn = createMatch(1);
  const first = drawn.nextGoalFrame(0) - 75;
  function* pictures(): Generator<Uint8Array> {
    for (let frame = first; frame < first + PICTURES; frame++) {
      const picture = new Uint8Array(PICTURE_BYTES);
      drawn.drawFrame(frame, picture, {});
      yield picture;
    }
  }
  const input = '-f rawvideo -pix_fmt yuv420p -s 1280x720 -r 30 -i pipe:0'.split(' ');
  return encodeClip({ input, pictures: pictures(), startUs: START_US });
}

/** Records the show while it happens; returns its folder. */
async function record(units: readonly Unit[]): Promise<string> {
  const now = await openRecordedShow(data, [ANNA, BERT]);
  day = now;
  await now.start(units);
  await now.bind(LATE);
  const bet = (number: number, subject: string, outcome: number, beforeMs: number) => ({
    atUs: goalUs - beforeMs * 1000,
    run: () => now.bet({ number, subject, outcome, marketId: BY_HAND }),
  });
  await now.play(seen, [
    // A game says that it begins: a market opens itself, and nobody bets in it.
    { atUs: START_US + 100_000, run: () => now.game('kickOff', 'Kick-off by the game.') },
    { atUs: START_US + 200_000, run: () => now.open(QUESTIONS.goal, BY_HAND) },
    { atUs: START_US + 250_000, run: () => now.open(QUESTIONS.shot, QUIET) },
    bet(1, ANNA, 0, 1_500),
    bet(2, BERT, 1, 1_200),
    bet(3, LATE, 0, 300),
    { ...bet(4, ANNA, 7, 1_100), run: () => assert.rejects(bet(4, ANNA, 7, 1_100).run()) },
  ]);
  const corrected = act(BY_HAND, 'correct', START_US + 5_000_000);
  await now.client.correctMarket({ ...corrected, outcome: 1, tCapUs: null, reason: 'Offside' });
  await now.stop();
  const [name = ''] = readdirSync(join(data, 'recordings'));
  return join(data, 'recordings', name);
}

/** The rules once more, over changed material. */
async function again(
  over: {
    commands?: Command[];
    facts?: ReturnType<typeof factsAsTold>;
    start?: object;
    isExact?: boolean;
  } = {},
) {
  const about = readAbout(show);
  assert.ok(about.rules);
  const { commands = readCommands(show), facts = factsAsTold(), isExact = false } = over;
  const ledger = openFreshLedger(data, about, commands);
  try {
    const start = { ...about.rules, ...over.start };
    const rules = await replayRules({ start, commands, ledger, facts, isExact });
    return { ...rules, ...ledger.result() };
  } finally {
    ledger.close();
  }
}

const change = (run: (command: Command) => Command | null) =>
  readCommands(show).flatMap((command) => run(command) ?? []);

test('the command ends in the same hash, through vision, rules and ledger', { skip }, () => {
  const args = [join(root, 'scripts/launch.mjs'), 'scripts/replay.ts', show, '--guard', '0'];
  const run = spawnSync(process.execPath, [...args, '--exact'], { cwd: root, encoding: 'utf8' });
  const said = run.stdout + run.stderr;
  assert.equal(run.status, 0, said);
  assert.match(said, /Vision saw the same \d+ events\./);
  assert.match(said, /The rules made 5 decisions anew; 0 are others\./);
  assert.match(said, /bet 0*67 of 100 on "Yes", 300 ms before: given back, now lost \(-100\)/);
  assert.match(said, /would have flipped 1 bets/);
  assert.match(said, /The journal ends in the same hash\./);
});

test('decisions are made anew: none is taken from the recording', { skip }, async () => {
  const same = await again();
  assert.deepEqual([same.differsAt, same.differences, same.figures], [0, [], []]);
  assert.equal(same.decisions, 5);
  assert.equal(same.refused, 1);
  const recorded = change((command) => (command.name.startsWith('told.') ? null : command));
  assert.equal(same.commands.length, recorded.length);
  // What the recording says of the outcome does not reach the ledger.
  const bent = await again({
    commands: change((command) => {
      if (command.name !== 'resolveMarket') return command;
      return { ...command, args: { ...command.args, outcome: 1, reason: 'Bent' } };
    }),
  });
  assert.equal(bent.differsAt, 0, 'the ledger got what the rules say');
  assert.ok(bent.differences.some((line) => /the outcome is 0, and was 1/.test(line)));
});

test('a bent rule or fact is found, each at what it changes', { skip }, async () => {
  const templates = readAbout(show).rules?.templates ?? [];
  const asked = templates.map((one) => ({ ...one, opening: 'ask' as const }));
  const unopened = await again({ start: { templates: asked } });
  assert.match(unopened.differences[0] ?? '', /the rules do not ask for what was done/);
  const longer = templates.map((one) => ({ ...one, guardMs: 700 }));
  const guarded = await again({ start: { templates: longer } });
  assert.match(guarded.differences[0] ?? '', /its guardMs is 700, and was 500/);
  assert.ok(guarded.differsAt > 0);
  const notSure = await again({
    facts: { ...factsAsTold(), again: (event) => ({ ...event, confidence: 0.2 }) },
  });
  assert.ok(notSure.differences.length > 0 && notSure.differsAt > 0);
  const hole = { atUs: START_US + 900_000, fromUs: START_US + 300_000, toUs: START_US + 900_000 };
  const gap = { name: 'told.hole', args: { ...hole, kind: 'picture' } };
  const at = readCommands(show).findIndex(
    ({ name, args }) => name === 'told.judged' && Number(args.atUs) > hole.atUs,
  );
  const gone = await again({ commands: readCommands(show).toSpliced(at, 0, gap) });
  assert.match(gone.differences.join(' '), /it is void \(The picture was missing for 0\.6 s/);
  const silent = await again({
    commands: change((one) => (one.name === 'resolveMarket' ? null : one)),
  });
  assert.match(silent.differences.join(' '), /the rules ask for what was not done: decide it/);
});

test('what only one day sees is said, and how sure it is counts within a bound', {
  skip,
}, async () => {
  const told = seen.events;
  const over = (bend: (event: GameEvent) => GameEvent) =>
    factsAsSeen({ ...seen, events: seen.events.map(bend) }, told);
  const isGoal = ({ type }: GameEvent) => type === 'goal';
  const lessSure = (by: number) =>
    over((event) => (isGoal(event) ? { ...event, confidence: event.confidence - by } : event));
  const alike = await again({ facts: lessSure(0.01) });
  assert.equal(alike.differsAt, 0);
  assert.equal(alike.figures.length, 2, alike.figures.join());
  assert.ok((await again({ facts: lessSure(0.01), isExact: true })).differsAt > 0);
  assert.ok((await again({ facts: lessSure(0.1) })).differsAt > 0);
  const later = over((event) =>
    isGoal(event) ? { ...event, captureUs: event.captureUs + 33_333 } : event,
  );
  assert.match(later.differences().join(), /On another picture: goal .* now 33 ms on/);
  assert.ok((await again({ facts: later })).differsAt > 0);
  const blind = factsAsSeen({ ...seen, events: seen.events.filter((one) => !isGoal(one)) }, told);
  assert.match(blind.differences().join(), /Not seen again: goal/);
  assert.ok((await again({ facts: blind })).differsAt > 0);
});

test('commands that are missing are found at their row', { skip }, () => {
  const about = readAbout(show);
  const whole = replayLedger(data, about, readCommands(show));
  assert.equal(whole.differsAt, 0, JSON.stringify(whole));
  assert.ok(whole.rows > 15);
  const without = change((command) => (command.args.betId === hexId(102) ? null : command));
  assert.ok(replayLedger(data, about, without).differsAt > (about.headSeq ?? 0));
});

test('another guard flips what lies between the two cut-offs, with its money', { skip }, () => {
  const about = readAbout(show);
  const commands = readCommands(show);
  const flipped = (guardMs: number) => {
    const then = openFreshLedger(data, about, commands);
    const now = openFreshLedger(data, about, commands);
    for (const command of commands) then.take(command);
    for (const command of withGuard(commands, guardMs)) now.take(command);
    const flips = guardFlips(then, now, commands);
    for (const ledger of [then, now]) ledger.close();
    return flips.map(({ betId, was, is, effectMinor }) => [betId, was, is, effectMinor]);
  };
  assert.deepEqual(flipped(500), []);
  // The late bet counts now and loses: its stake goes to the one who was right.
  assert.deepEqual(flipped(0), [
    [hexId(102), 'WON', 'WON', 100],
    [hexId(103), 'REFUNDED', 'LOST', -100],
  ]);
  // Only one bettor is left: stakes go back.
  assert.deepEqual(flipped(1_400), [
    [hexId(101), 'LOST', 'REFUNDED', 100],
    [hexId(102), 'WON', 'REFUNDED', -100],
  ]);
});

test('a recording gives back the units of the feed', { skip }, () => {
  const units = [...readUnits(show, readAbout(show))];
  assert.equal(units.length, PICTURES);
  assert.equal(units[0]?.captureUs, START_US);
  assert.equal(units[0]?.keyFrame, true);
});
