// Proves that a broken pack is refused with the field and what was expected, that the packs we ship
// are right, and that the judges follow a pack's words on tracks made by hand.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import type { BallSighting } from '../tracking/ballTrack.ts';
import { type EventDraft, Game } from './events.ts';
import { EMPTY_PACK, findPack, type Pack, parsePack } from './pack.ts';

const folder = resolve(import.meta.dirname, '../../../models/packs');

const pack: Pack = {
  ...EMPTY_PACK,
  ...{ id: 'test', title: 'Test' },
  detector: { model: 'test', minimumConfidence: 0.4 },
  ball: { label: 'ball' },
  goalLines: [{ subject: 'right', from: [0.9, 0.4], to: [0.9, 0.6], inside: 'right' }],
  centreSpot: { x: 0.5, y: 0.5, restRadius: 0.02, restSeconds: 0.5 },
  lines: [{ subject: 'door', from: [0.5, 0.2], to: [0.5, 0.8] }],
};

test('every pack we ship is right and named after its file', async () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  assert.ok(names.includes('demo.json') && names.includes('generic.json'));
  for (const name of names) {
    const found = await findPack(name.slice(0, -5), folder);
    assert.ok('pack' in found, 'reason' in found ? found.reason : '');
  }
});

test('bad packs are refused in words', async () => {
  const reasonFor = (change: object) => {
    const found = parsePack(JSON.stringify({ ...pack, ...change }), 'test');
    return 'reason' in found ? found.reason : 'taken';
  };
  assert.equal(reasonFor({}), 'taken');
  const line = pack.goalLines[0];
  assert.match(
    reasonFor({ goalLines: [{ ...line, from: [1.2, 0] }] }),
    /goalLines\.0\.from\.0: outside the picture/,
  );
  assert.match(
    reasonFor({ goalLines: [{ ...line, to: [0.9, 0.4] }] }),
    /goalLines\.0\.to: .*apart/,
  );
  assert.match(reasonFor({ goalLines: [{ ...line, inside: 'there' }] }), /goalLines\.0\.inside/);
  assert.match(reasonFor({ version: 3 }), /version: 1 or 2/);
  assert.match(reasonFor({ detector: null }), /ball: a ball needs a detector/);
  assert.match(reasonFor({ id: '../etc' }), /id: lower-case letters/);
  assert.match(reasonFor({ zonse: [] }), /zonse/);
  const noJson = parsePack('{"version": 1,', 'broken');
  assert.match('reason' in noJson ? noJson.reason : '', /Pack broken is no JSON/);
  const absent = await findPack('frob', folder);
  assert.match('reason' in absent ? absent.reason : '', /No pack "frob"; there are: .*demo, /);
  const outside = await findPack('../../package', folder);
  assert.match('reason' in outside ? outside.reason : '', /no id of a pack/);
});

type Place = [x: number, y: number] | null;

/** Plays a ball's places through a game; null: not seen. */
function play(places: Place[], from = 0, game = new Game(pack)): EventDraft[] {
  return places.flatMap((place, index) => {
    const at = { captureUs: atFrame(from + index), rtpTimestamp: from + index };
    const ball: BallSighting | null = place && {
      ...at,
      ...{ x: place[0], y: place[1], width: 0.01, height: 0.02 },
      ...{ confidence: 0.8, isSeen: true, trackId: 1 },
    };
    return game.judge({ ...at, tracks: [], ball });
  });
}
const atFrame = (frame: number) => 1_000_000 + Math.round((frame * 1_000_000) / 30);
const line = (count: number, from: [number, number], step: [number, number]): Place[] =>
  Array.from({ length: count }, (_, i) => [from[0] + step[0] * i, from[1] + step[1] * i]);

test('a goal: named, on its frame, once, with a reason', () => {
  const way = [...line(20, [0.81, 0.5], [0.01, 0]), ...line(30, [0.99, 0.5], [0, 0])];
  const events = play(way);
  assert.equal(events.length, 1);
  const [goal] = events;
  assert.equal(goal?.type, 'goal');
  assert.equal(goal?.subject, 'right');
  // Places 0.81 + i/100: the first one behind 0.9 is number 9 or, by rounding, 10.
  const frame = ((goal?.captureUs ?? 0) - 1_000_000) / 33_333;
  assert.ok(frame > 8.9 && frame < 10.1, `frame ${frame}`);
  assert.equal(goal?.rtpTimestamp, Math.round(frame));
  assert.ok((goal?.confidence ?? 0) > 0.9);
  assert.match(goal?.why ?? '', /crossed the right goal line between the posts/);
});

test('no goal: past the post, from behind, bounced off the line, a jump, seen once inside', () => {
  const cases: Record<string, Place[]> = {
    'past the post': line(20, [0.81, 0.7], [0.01, 0]),
    'from behind': line(20, [0.99, 0.5], [-0.01, 0]),
    'back at once': [...line(10, [0.82, 0.5], [0.009, 0]), ...line(10, [0.89, 0.5], [-0.01, 0])],
    'a jump': [...line(10, [0.3, 0.5], [0.001, 0]), ...line(10, [0.95, 0.5], [0, 0])],
    'once inside': [...line(10, [0.8, 0.5], [0.01, 0]), [0.91, 0.5], ...Array(30).fill(null)],
    'seen only inside': line(20, [0.93, 0.5], [0.001, 0]),
  };
  for (const [name, places] of Object.entries(cases)) assert.deepEqual(play(places), [], name);
});

test('a rebound is one goal; back in play the next one counts', () => {
  const shot = line(14, [0.82, 0.5], [0.01, 0]);
  const rebound = line(4, [0.94, 0.5], [-0.02, 0]);
  const again = line(8, [0.88, 0.5], [0.01, 0]);
  const back = line(40, [0.94, 0.5], [-0.01, 0]);
  const game = new Game(pack);
  const first = play([...shot, ...rebound, ...again], 0, game);
  assert.equal(first.length, 1);
  const next = play([...back, ...line(50, [0.55, 0.5], [0.01, 0])], 40, game);
  assert.equal(next.filter((event) => event.type === 'goal').length, 1);
});

test('while a goal is being confirmed the frame of it is not called judged', () => {
  const game = new Game(pack);
  play(line(9, [0.81, 0.5], [0.01, 0]), 0, game);
  assert.equal(game.judgedUntilUs(atFrame(8)), atFrame(8));
  assert.deepEqual(play([[0.905, 0.5]], 9, game), []);
  assert.equal(game.judgedUntilUs(atFrame(9)), atFrame(9) - 1);
  assert.equal(play([[0.915, 0.5]], 10, game).length, 1);
  assert.equal(game.judgedUntilUs(atFrame(10)), atFrame(10));
});

test('kick-off needs rest on the spot', () => {
  const rest = line(30, [0.5, 0.5], [0, 0]);
  const away = line(20, [0.505, 0.5], [0.008, 0]);
  const events = play([...rest, ...away]);
  assert.deepEqual(
    events.map((event) => event.type),
    ['kickOff'],
  );
  assert.equal(events[0]?.captureUs, atFrame(30));
  assert.match(events[0]?.why ?? '', /rested on the centre spot for 1\.\d s/);
  assert.deepEqual(play([...rest.slice(0, 10), ...away]), [], 'too short');
  assert.deepEqual(play([...line(30, [0.6, 0.5], [0, 0]), ...away]), [], 'elsewhere');
  assert.deepEqual(play(line(60, [0.3, 0.5], [0.008, 0])), [], 'only rolling over it');
});

test('something that moves over a line is told once, with who and why', () => {
  const game = new Game(pack);
  const events: EventDraft[] = [];
  for (let frame = 0; frame < 40; frame++) {
    const swing = frame < 20 ? frame : 40 - frame;
    const track = {
      ...{ id: 7, label: 'motion', x: 0.36 + swing * 0.01, y: 0.4, width: 0.1, height: 0.2 },
      ...{ velocityX: 0.3, velocityY: 0, confidence: 1, ageFrames: frame + 3, predicted: false },
    };
    const at = { captureUs: atFrame(frame), rtpTimestamp: frame };
    events.push(...game.judge({ ...at, tracks: [track], ball: null }));
  }
  assert.equal(events.length, 1, 'there and back within the quiet time is one event');
  assert.equal(events[0]?.subject, 'door');
  assert.deepEqual(events[0]?.trackIds, [7]);
  assert.match(events[0]?.why ?? '', /\(motion\) crossed "door"/);
});
