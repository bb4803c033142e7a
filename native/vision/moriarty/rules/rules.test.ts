// Proves each rule on tracks made by hand: it tells what happened once, on its picture, with a
// reason, and stays silent on what only looks like it (jumps of a track, boxes that breathe, a ball
// that flies past). Packs are JSON texts, as a stranger would write them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BallSighting } from '../../tracking/ballTrack.ts';
import type { TrackView } from '../../tracking/track.ts';
import { type EventDraft, Game, type JudgedFrame } from '../events.ts';
import { parsePack } from '../pack.ts';

const atFrame = (frame: number) => 1_000_000 + Math.round((frame * 1_000_000) / 30);

function gameOf(parts: object): Game {
  const text = JSON.stringify({
    ...{ version: 2, id: 'own', title: 'Own', ball: { label: 'ball' } },
    ...{ detector: { model: 'any', minimumConfidence: 0.4 }, ...parts },
  });
  const found = parsePack(text, 'own');
  assert.ok('pack' in found, 'reason' in found ? found.reason : '');
  return new Game(found.pack);
}

type Person = { id: number; x: number; feet: number; height?: number; label?: string };

function track({ id, x, feet, height = 0.2, label = 'person' }: Person, age: number): TrackView {
  return {
    ...{ id, label, x: x - 0.03, y: feet - height, width: 0.06, height },
    ...{ velocityX: 0, velocityY: 0, confidence: 0.8, ageFrames: age, predicted: false },
  };
}

type Moment = {
  people?: Person[];
  ball?: [number, number] | null;
  more?: Partial<JudgedFrame>;
};

/** Plays `count` pictures and returns what was told, each with the frame of its moment. */
function play(game: Game, count: number, at: (frame: number) => Moment): (EventDraft & At)[] {
  const told: (EventDraft & At)[] = [];
  for (let frame = 0; frame < count; frame++) {
    const { people = [], ball = null, more = {} } = at(frame);
    const time = { captureUs: atFrame(frame), rtpTimestamp: frame };
    const sighting: BallSighting | null = ball && {
      ...{ ...time, x: ball[0], y: ball[1], width: 0.01, height: 0.02 },
      ...{ confidence: 0.8, isSeen: true, trackId: 900 },
    };
    const tracks = people.map((person) => track(person, frame + 1));
    for (const event of game.judge({ ...time, tracks, ball: sighting, ...more })) {
      told.push({ ...event, frame: Math.round((event.captureUs - 1_000_000) / 33_333.3) });
    }
  }
  return told;
}
type At = { frame: number };

const zones = [
  {
    subject: 'box',
    corners: [
      [0.6, 0.2],
      [0.9, 0.2],
      [0.9, 0.8],
      [0.6, 0.8],
    ],
  },
];

test('zone entered: who came from outside and stayed, on the first picture inside', () => {
  const rules = { zones, events: { zoneEntered: { labels: ['person'] } } };
  const walk = (frame: number) => ({ people: [{ id: 4, x: 0.4 + frame * 0.01, feet: 0.5 }] });
  const told = play(gameOf(rules), 40, walk);
  assert.deepEqual(
    told.map(({ type, subject, frame, trackIds }) => [type, subject, frame, trackIds]),
    [['zoneEntered', 'box', 20, [4]]],
  );
  assert.match(told[0]?.why ?? '', /person 4 came into "box" and stayed for 3 pictures/);
  const still = play(gameOf(rules), 40, () => ({ people: [{ id: 4, x: 0.7, feet: 0.5 }] }));
  assert.deepEqual(still, [], 'what is there from the beginning has entered nothing');
  const flicker = play(gameOf(rules), 40, (frame) => ({
    people: [{ id: 4, x: frame % 2 ? 0.599 : 0.602, feet: 0.5 }],
  }));
  assert.deepEqual(flicker, [], 'a step in and out again');
  const jump = play(gameOf(rules), 40, (frame) => ({
    people: [{ id: 4, x: frame < 20 ? 0.1 : 0.7, feet: 0.5 }],
  }));
  assert.deepEqual(jump, [], 'a track that jumps to somebody inside');
});

const goalLines = [{ subject: 'right', from: [0.95, 0.4], to: [0.95, 0.6], inside: 'right' }];

test('shot: fast, towards the goal, for some pictures; its moment is the first of them', () => {
  const rules = { goalLines, events: { shot: {} } };
  const kick = (frame: number): Moment => ({
    ball: frame < 20 ? [0.4, 0.5] : [0.4 + (frame - 20) * 0.02, 0.5],
  });
  const told = play(gameOf(rules), 40, kick);
  assert.deepEqual(
    told.map(({ type, subject, frame }) => [type, subject, frame]),
    [['shot', 'right', 20]],
  );
  const across = play(gameOf(rules), 40, (frame) => ({ ball: [0.4, 0.1 + frame * 0.02] }));
  assert.deepEqual(across, [], 'fast, but elsewhere');
  const roll = play(gameOf(rules), 40, (frame) => ({ ball: [0.6 + frame * 0.003, 0.5] }));
  assert.deepEqual(roll, [], 'too slow');
});

test('pass and possession: between two who hold it, never by flying past', () => {
  const events = { pass: { sides: 'any' }, possession: { of: 'person' } };
  const people = [
    { id: 1, x: 0.3, feet: 0.6 },
    { id: 2, x: 0.5, feet: 0.6 },
    { id: 3, x: 0.7, feet: 0.6 },
  ];
  const told = play(gameOf({ events }), 80, (frame) => ({
    people,
    ball: [frame < 20 ? 0.31 : Math.min(0.69, 0.31 + (frame - 20) * 0.02), 0.58],
  }));
  assert.deepEqual(told.map(({ type, trackIds }) => [type, trackIds]).sort(), [
    ['pass', [1, 3]],
    ['possession', [3, 900]],
  ]);
  assert.match(told.find(({ type }) => type === 'pass')?.why ?? '', /from person 1 to person 3/);
  const bySide = { pass: {}, possession: {} };
  const unknown = play(gameOf({ events: bySide }), 80, (frame) => ({
    people,
    ball: [frame < 20 ? 0.31 : Math.min(0.69, 0.31 + (frame - 20) * 0.02), 0.58],
  }));
  assert.deepEqual(unknown, [], 'sides that nobody knows pass nothing');
});

test('jump: feet that rise and come back; a box that grows and a walk are none', () => {
  const rules = { events: { jump: {} } };
  const hop = (frame: number) => {
    const air = frame >= 20 && frame < 36 ? (frame - 20) / 16 : 0;
    return 0.8 - 0.06 * 4 * air * (1 - air);
  };
  const told = play(gameOf(rules), 60, (frame) => ({
    people: [{ id: 7, x: 0.5, feet: hop(frame) }],
  }));
  assert.deepEqual(
    told.map(({ type, trackIds }) => [type, trackIds]),
    [['jump', [7]]],
  );
  assert.ok(Math.abs((told[0]?.frame ?? 0) - 21) <= 2, `frame ${told[0]?.frame}`);
  const breathe = play(gameOf(rules), 60, (frame) => ({
    people: [{ id: 7, x: 0.5, feet: hop(frame), height: 0.2 - (0.8 - hop(frame)) * 2 }],
  }));
  assert.deepEqual(breathe, [], 'the box shrinks as much as the feet rise');
  const away = play(gameOf(rules), 60, (frame) => ({
    people: [{ id: 7, x: 0.5, feet: 0.8 - Math.max(0, frame - 20) * 0.004 }],
  }));
  assert.deepEqual(away, [], 'somebody walks away from the camera');
});

/** A field of 50 m by 25 m seen from straight above, the whole picture. */
const field = {
  ...{ lengthMetres: 50, widthMetres: 25 },
  calibration: [
    { picture: [0, 0], metres: [0, 0] },
    { picture: [1, 0], metres: [50, 0] },
    { picture: [1, 1], metres: [50, 25] },
    { picture: [0, 1], metres: [0, 25] },
  ],
};
/** Metres a second along the field, from a place. */
const runner = (id: number, from: number, speed: number) => (frame: number) => ({
  people: [{ id, x: from + (frame * speed) / 30 / 50, feet: 0.5 }],
});

test('sprint: by metres on a calibrated field, by own heights without one', () => {
  const events = { sprint: { kilometresPerHourMin: 24 } };
  const fast = play(gameOf({ field, events }), 60, runner(3, 0.1, 9));
  assert.deepEqual(
    fast.map(({ type }) => type),
    ['sprint'],
  );
  assert.match(fast[0]?.why ?? '', /person 3 ran at 3\d km\/h \(\d\d to \d\d\)/);
  assert.deepEqual(play(gameOf({ field, events }), 60, runner(3, 0.1, 5)), []);
  assert.deepEqual(play(gameOf({ field, events }), 60, runner(3, 0.1, 16)), [], 'no human');
  const own = play(gameOf({ events }), 60, (frame) => ({
    people: [{ id: 3, x: 0.1 + frame * 0.013, feet: 0.5 }],
  }));
  assert.match(own[0]?.why ?? '', /the field is not calibrated/);
});

test('speed record: only above what was measured before, and surely', () => {
  const game = gameOf({ field, events: { speedRecord: { quietSeconds: 0 } } });
  // Three runs one after the other; between them everybody stands for a second.
  const told = play(game, 210, (frame) => {
    const run = Math.floor(frame / 70);
    const [speed = 0] = [[5, 8, 8][run]];
    return runner(1, 0.1, speed)(Math.min(frame % 70, 40));
  });
  assert.deepEqual(
    told.map(({ type, frame }) => [type, frame > 70 && frame < 112]),
    [['speedRecord', true]],
  );
  assert.match(told[0]?.why ?? '', /the fastest run before reached 1\d\.\d/);
});

test('lost calibration stops speeds, lines and zones; what needs no place goes on', () => {
  const events = { sprint: { ownHeightsPerSecondMin: null }, zoneEntered: {}, jump: {} };
  const game = gameOf({ field, zones, goalLines, events });
  const more = { cameraShift: null };
  const run = play(game, 60, (frame) => ({ ...runner(3, 0.1, 9)(frame), more }));
  assert.deepEqual(run, []);
  assert.equal(game.places().state, 'lost');
  const hop = play(game, 60, (frame) => {
    const air = frame >= 20 && frame < 36 ? (frame - 20) / 16 : 0;
    return { people: [{ id: 7, x: 0.5, feet: 0.8 - 0.24 * air * (1 - air) }], more };
  });
  assert.deepEqual(
    hop.map(({ type }) => type),
    ['jump'],
  );
});

test('zones go with a camera that pans', () => {
  const game = gameOf({ zones, events: { zoneEntered: { labels: ['person'] } } });
  // Somebody stands outside; the camera pans so that the picture's place lies in the zone's.
  const told = play(game, 60, (frame) => ({
    people: [{ id: 4, x: 0.4 + frame * 0.005, feet: 0.5 }],
    more: { cameraShift: { x: frame === 0 ? 0 : 0.005, y: 0 } },
  }));
  assert.deepEqual(told, []);
  assert.equal(game.places().state, 'carried');
});

test('rally end: turns, then nothing moves; its moment is the last movement', () => {
  const rules = { events: { rallyEnd: {} } };
  const swing = (frame: number): Moment => {
    if (frame > 150) return { ball: null };
    const phase = (frame % 60) / 30;
    return { ball: [0.3 + 0.4 * (phase < 1 ? phase : 2 - phase), 0.5] };
  };
  const told = play(gameOf(rules), 220, swing);
  assert.deepEqual(
    told.map(({ type }) => type),
    ['rallyEnd'],
  );
  assert.ok(Math.abs((told[0]?.frame ?? 0) - 150) <= 3, `frame ${told[0]?.frame}`);
  assert.match(told[0]?.why ?? '', /After 4 turns|After 5 turns/);
  const one = play(gameOf(rules), 120, (frame) => ({
    ball: frame < 40 ? [0.1 + frame * 0.01, 0.5] : null,
  }));
  assert.deepEqual(one, [], 'one flight is no rally');
});

test('score changed: the box is another and stays so; a flicker is none', () => {
  const boxes = [{ subject: 'score', from: [0.1, 0.05], to: [0.2, 0.1] }];
  const rules = { ball: null, detector: null, events: { scoreChanged: { boxes } } };
  const yuvOf = (luma: number) => {
    const yuv = new Uint8Array(640 * 360 * 1.5).fill(60);
    for (let row = 18; row < 36; row++) yuv.fill(luma, row * 640 + 64, row * 640 + 90);
    return yuv;
  };
  const [before, after] = [yuvOf(60), yuvOf(200)];
  const told = play(gameOf(rules), 120, (frame) => ({
    more: { yuv: frame < 60 ? before : after },
  }));
  assert.deepEqual(
    told.map(({ type, subject, frame }) => [type, subject, frame]),
    [['scoreChanged', 'score', 60]],
  );
  const flicker = play(gameOf(rules), 120, (frame) => ({
    more: { yuv: frame % 20 < 3 ? after : before },
  }));
  assert.deepEqual(flicker, []);
});

test('while something is being confirmed its picture is not called judged', () => {
  const game = gameOf({ zones, events: { zoneEntered: { labels: ['person'], confirmFrames: 6 } } });
  play(game, 22, (frame) => ({ people: [{ id: 4, x: 0.4 + frame * 0.01, feet: 0.5 }] }));
  assert.equal(game.judgedUntilUs(atFrame(21)), atFrame(20) - 1);
});
