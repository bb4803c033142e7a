// Proves what joints add to a game: actions that the pack names are told once, on their picture and
// with who and why; a jump by joints is a jump, told once with the one of the box; what comes late
// lies on a picture that was still open.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrackView } from '../../tracking/track.ts';
import { Game } from '../events.ts';
import { parsePack } from '../pack.ts';
import type { Begun } from './rule.ts';

const atFrame = (frame: number) => 1_000_000 + Math.round((frame * 1_000_000) / 30);
const pose = { model: 'joints', label: 'person' };
const textOf = (parts: object) =>
  JSON.stringify({
    ...{ version: 2, id: 'own', title: 'Own', ball: null, pose },
    ...{ detector: { model: 'any', minimumConfidence: 0.4 }, ...parts },
  });

function gameOf(events: object): Game {
  const found = parsePack(textOf({ events }), 'own');
  assert.ok('pack' in found, 'reason' in found ? found.reason : '');
  return new Game(found.pack);
}

const begun = (action: Begun['action'], sinceFrame: number): Begun => ({
  ...{ id: 7, action, sinceUs: atFrame(sinceFrame), confidence: 0.8, why: 'as told.' },
});

/** Plays three seconds in which person 7's feet are `rise` heights above the ground. */
function play(game: Game, words: Record<number, Begun[]>, rise: (frame: number) => number) {
  const told: string[] = [];
  let openMin = Number.POSITIVE_INFINITY;
  for (let frame = 0; frame < 90; frame++) {
    const captureUs = atFrame(frame);
    const height = 0.3;
    const track: TrackView = {
      ...{ id: 7, label: 'person', x: 0.4, y: 0.4 - rise(frame) * height, width: 0.1, height },
      ...{ velocityX: 0, velocityY: 0, confidence: 0.9, ageFrames: frame + 1, predicted: false },
    };
    const before = game.judgedUntilUs(captureUs);
    const picture = { captureUs, rtpTimestamp: frame, tracks: [track], ball: null };
    for (const event of game.judge({ ...picture, begun: words[frame] ?? [] })) {
      const at = Math.round(((event.captureUs - 1_000_000) * 30) / 1_000_000);
      told.push(`${at} ${event.type} ${event.subject}`);
      if (frame > 20) openMin = Math.min(openMin, event.captureUs - before);
      assert.match(event.why, /person 7/);
    }
  }
  return { told, openMin };
}
const standing = () => 0;
const hop = (frame: number) => {
  const air = frame >= 30 && frame < 46 ? (frame - 30) / 16 : 0;
  return 1.2 * air * (1 - air);
};

test('actions that the pack names are told once, on an open picture', () => {
  const game = gameOf({ action: { actions: ['kick', 'throw'], quietSeconds: 2 } });
  const words = {
    40: [begun('kick', 34)],
    50: [begun('kick', 45), begun('fall', 46)],
    60: [begun('throw', 58)],
    80: [begun('throw', 20)],
  };
  const { told, openMin } = play(game, words, standing);
  // The last one comes too late for its own picture, and too soon after the one before.
  assert.deepEqual(told, ['34 action kick', '58 action throw']);
  assert.ok(openMin > -34_000, 'nothing is told of what was called judged');
});

test('a jump by joints is a jump, and one jump with the one of the box', () => {
  const words = { 50: [begun('jump', 31)] };
  const { told } = play(gameOf({ jump: { quietSeconds: 1.5 } }), words, hop);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^3[01] jump/);
  const byJoints = play(gameOf({ jump: {} }), { 40: [begun('jump', 35)] }, standing);
  assert.deepEqual(byJoints.told, ['35 jump ']);
});

test('actions without a pose network, and unknown ones, are refused by name', () => {
  const none = parsePack(textOf({ pose: null, events: { action: {} } }), 'own');
  assert.match('reason' in none ? none.reason : '', /events\.action: the pack has no pose/);
  const wrong = parsePack(textOf({ events: { action: { actions: ['fly'] } } }), 'own');
  assert.match('reason' in wrong ? wrong.reason : '', /events\.action\.actions/);
});
