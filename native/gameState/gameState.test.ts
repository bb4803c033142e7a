// Proves the door for games over real HTTP: what a game's posts say becomes events with the time of
// arrival, forged, old, repeated, oversized and broken posts are refused with a sentence and tell
// nothing, and two witnesses who disagree are both heard and neither believed.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { gameEventSchema } from '../../core/contract/events.ts';
import { Agreement } from './agreement.ts';
import { type GameState, openGameState } from './gameState.ts';
import { gameFile } from './games.ts';
import { type CaptionBody, signed, WebhookGuard } from './webhook.ts';

const TOKEN = 'a-token-of-the-studio';
const KEY = new Uint8Array(32).fill(7);
const opened: GameState[] = [];
after(async () => {
  for (const door of opened) await door.close();
});

async function open() {
  const events: GameEvent[] = [];
  const captions: CaptionBody[] = [];
  const clock = { now: 50_000_000 };
  const wall = { now: 1_790_000_000_000 };
  const door = await openGameState({
    ...{ port: 0, token: TOKEN, webhookKey: KEY, logger: silentLogger },
    clock: { nowUs: () => clock.now },
    wallMs: () => wall.now,
    rtpTimestampOf: (captureUs) => Math.floor(captureUs / 1000) >>> 0,
    onEvent: (event) => events.push(gameEventSchema.parse(event)),
    onCaption: (caption) => captions.push(caption),
  });
  opened.push(door);
  const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${door.port}${path}`, {
      ...{ method: 'POST', body, headers },
    });
    return { status: answer.status, text: await answer.text() };
  };
  const game = (path: string, state: object, token = TOKEN) =>
    post(path, JSON.stringify({ ...state, auth: { token } }));
  const webhook = (
    body: object,
    change: { key?: Uint8Array; atMs?: number; path?: string } = {},
  ) => {
    const text = JSON.stringify(body);
    const atMs = change.atMs ?? wall.now;
    return post(change.path ?? '/webhook', text, {
      'x-morphine-timestamp': String(atMs),
      'x-morphine-signature': signed(change.key ?? KEY, atMs, text),
    });
  };
  return { door, events, captions, clock, wall, post, game, webhook };
}

const strike = (ct: number, t: number, phase: string, more: object = {}) => ({
  provider: { name: 'Counter-Strike: Global Offensive', appid: 730, version: 14_000 },
  map: { phase: 'live', round: ct + t, team_ct: { score: ct }, team_t: { score: t } },
  round: { phase, ...more },
});

test('Counter-Strike: a round that ends and the score after it, at the time they came', async () => {
  const { events, game, clock, door } = await open();
  assert.equal((await game('/game/cs2', strike(3, 2, 'freezetime'))).status, 200);
  clock.now = 51_000_000;
  await game('/game/cs2', strike(3, 2, 'live'));
  clock.now = 90_000_000;
  await game('/game/cs2', strike(3, 2, 'live', { bomb: 'planted' }));
  assert.deepEqual(
    events.splice(0).map(({ type }) => type),
    ['kickOff'],
    'silence between',
  );
  clock.now = 99_000_000;
  await game('/game/cs2', strike(4, 2, 'over', { win_team: 'CT', bomb: 'defused' }));
  assert.deepEqual(
    events.map(({ type, subject, captureUs }) => [type, subject, captureUs]),
    [
      ['scoreChanged', 'CT', 99_000_000],
      ['rallyEnd', 'CT', 99_000_000],
      ['objective', 'bomb defused', 99_000_000],
    ],
  );
  assert.match(events[0]?.why ?? '', /CT scored: CT 4, T 2/);
  assert.deepEqual(door.lastHeard(), { game: 'cs2', atUs: 99_000_000 });
  events.length = 0;
  clock.now = 100_000_000;
  await game('/game/cs2', strike(0, 0, 'freezetime'));
  assert.deepEqual(events, [], 'a new match begins at nothing');
});

test('Dota 2: kills of both sides and the end', async () => {
  const { events, game, clock } = await open();
  const dota = (radiant: number, dire: number, winner = 'none', match = '1') => ({
    provider: { name: 'Dota 2', appid: 570 },
    map: {
      ...{ matchid: match, game_state: 'DOTA_GAMERULES_STATE_GAME_IN_PROGRESS' },
      ...{ radiant_score: radiant, dire_score: dire, win_team: winner },
    },
  });
  await game('/game/dota2', dota(5, 5));
  clock.now += 100_000;
  await game('/game/dota2', dota(6, 5));
  clock.now += 100_000;
  await game('/game/dota2', dota(6, 5, 'radiant'));
  clock.now += 100_000;
  await game('/game/dota2', dota(9, 9, 'none', '2'));
  assert.deepEqual(
    events.map(({ type, subject }) => [type, subject]),
    [
      ['scoreChanged', 'radiant'],
      ['objective', 'ancient radiant'],
    ],
  );
});

test('a post without the token, of another game or broken is refused and tells nothing', async () => {
  const { events, game, post } = await open();
  await game('/game/cs2', strike(0, 0, 'live'));
  const forged = await game('/game/cs2', strike(9, 0, 'over'), 'another');
  assert.equal(forged.status, 401);
  assert.match(forged.text, /auth\.token: the token .* was expected/);
  assert.ok(!forged.text.includes(TOKEN));
  assert.equal((await post('/game/cs2', '{"a":')).status, 401);
  const wrong = await game('/game/cs2', { provider: { appid: 570 } });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /provider\.appid/);
  const bad = await game('/game/cs2', { ...strike(0, 0, 'live'), map: { phase: 1 } });
  assert.match(bad.text, /map\.phase/);
  assert.equal((await post('/game/other', '{}')).status, 404);
  assert.equal((await post('/game/cs2', 'x'.repeat(300_000))).status, 413);
  assert.deepEqual(events, []);
});

const goal = { type: 'goal', subject: 'left', why: 'The referee pressed the button.' };

test('a signed webhook is an event at its own time; forged, old and repeated ones are not', async () => {
  const { events, webhook, wall, clock } = await open();
  const taken = await webhook({ ...goal, happenedMsAgo: 400 });
  assert.equal(taken.status, 200);
  assert.equal(events[0]?.captureUs, clock.now - 400_000);
  assert.match(events[0]?.why ?? '', /A signed webhook says: The referee/);
  const again = await webhook({ ...goal, happenedMsAgo: 400 });
  assert.equal(again.status, 401);
  assert.match(again.text, /taken already/);
  const forged = await webhook(goal, { key: new Uint8Array(32).fill(8) });
  assert.equal(forged.status, 401);
  assert.match(forged.text, /x-morphine-signature: this is not .* with the key of this studio/);
  const old = await webhook(goal, { atMs: wall.now - 31_000 });
  assert.match(old.text, /31 s off; 30 s are allowed/);
  const unknown = await webhook({ ...goal, type: 'miracle' });
  assert.equal(unknown.status, 400);
  assert.match(unknown.text, /^type: /);
  assert.equal(events.length, 1);
});

test('no change of a signed post passes', () => {
  const atMs = 1_790_000_000_000;
  fc.assert(
    fc.property(fc.string(), fc.string(), (body, other) => {
      const guard = new WebhookGuard(KEY);
      const headers = { timestamp: String(atMs), signature: signed(KEY, atMs, body) };
      if (other !== body) assert.notEqual(guard.refusal(headers, other, atMs), null);
      const later = { ...headers, timestamp: String(atMs + 1) };
      assert.notEqual(guard.refusal(later, body, atMs), null);
      assert.equal(guard.refusal(headers, body, atMs), null);
    }),
    { seed: Number(process.env.SEED ?? 20_261_121), numRuns: 200 },
  );
});

test("the game's file names address, token and what is wanted", () => {
  const file = gameFile('cs2', { url: 'http://127.0.0.1:1234/game/cs2', token: 'abc' });
  assert.match(file.name, /^gamestate_integration_\w+\.cfg$/);
  assert.match(file.text, /"uri" "http:\/\/127\.0\.0\.1:1234\/game\/cs2"/);
  assert.match(file.text, /"token" "abc"/);
  assert.equal(file.text.split('{').length, file.text.split('}').length);
});

const event = (at: number, why: string, confidence = 0.7): GameEvent => ({
  ...{ id: `e-${at}-${why}`, type: 'scoreChanged', captureUs: at, rtpTimestamp: 0 },
  ...{ detectedUs: at, confidence, why, subject: '', trackIds: [] },
});

test('one witness alone is believed at once; two must agree, or people decide', () => {
  const agreement = new Agreement();
  const alone = agreement.hear('game', event(1_000_000, 'CT scored.'), 1_000_000);
  assert.equal(alone.events.length, 1);
  const same = agreement.hear('picture', event(1_200_000, 'The box changed.'), 1_700_000);
  assert.deepEqual(same, { events: [], disputes: [] }, 'the same, said by the other');
  assert.equal(agreement.waitingUs(), null);
  // From here on both are known to speak of scores.
  const first = agreement.hear('picture', event(10_000_000, 'The box changed.'), 10_100_000);
  assert.deepEqual(first, { events: [], disputes: [] });
  assert.equal(agreement.waitingUs(), 10_000_000);
  const second = agreement.hear('game', event(10_400_000, 'T scored.', 0.9), 10_400_000);
  assert.equal(second.events.length, 1);
  assert.equal(second.events[0]?.captureUs, 10_000_000, "the picture's moment");
  assert.ok((second.events[0]?.confidence ?? 0) > 0.95);
  assert.match(second.events[0]?.why ?? '', /T scored\. The box changed\./);
  assert.equal(agreement.waitingUs(), null);

  agreement.hear('picture', event(30_000_000, 'The box changed.'), 30_000_000);
  assert.deepEqual(agreement.expire(32_000_000), []);
  const [dispute] = agreement.expire(32_600_000);
  assert.match(dispute?.reason ?? '', /The picture and the game disagree/);
  assert.match(dispute?.reason ?? '', /The picture: The box changed\. The game: nothing/);
  assert.equal(agreement.waitingUs(), null);
});

test('captions: signed ones are told as they are, forged and broken ones are not', async () => {
  const { captions, events, webhook, wall } = await open();
  const path = '/caption';
  const taken = await webhook({ text: ' And it is in! ', language: 'en-GB' }, { path });
  assert.deepEqual([taken.status, taken.text], [200, 'Taken.\n']);
  wall.now += 1;
  assert.equal((await webhook({ text: 'x'.repeat(200), showMs: 900 }, { path })).status, 200);
  assert.deepEqual(captions, [
    { text: 'And it is in!', language: 'en-GB', showMs: 1500 },
    { text: 'x'.repeat(200), language: 'en', showMs: 900 },
  ]);
  assert.equal((await webhook({ text: 'No' }, { path, key: new Uint8Array(32) })).status, 401);
  assert.equal((await webhook({ text: 'Old' }, { path, atMs: wall.now - 31_000 })).status, 401);
  for (const body of [{ text: ' ' }, { text: 'x'.repeat(201) }, { text: 'a', language: '<b>' }]) {
    wall.now += 1;
    assert.equal((await webhook(body, { path })).status, 400, JSON.stringify(body));
  }
  assert.deepEqual([captions.length, events.length], [2, 0]);
});
