// Proves when a figure of the status bar turns: just at, and just beyond each limit, and that what
// is not measured shows a dash and never a colour.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import './words.ts';
import { sampleReadings, sampleState } from '../../tests/studio/sampleStudio.ts';
import { LIMITS, statusFigures } from './statusFigures.ts';

function toneOf(id: string, ...args: Parameters<typeof statusFigures>): string {
  const found = statusFigures(...args).find((figure) => figure.id === id);
  assert.ok(found !== undefined, id);
  return found.tone;
}

test('each limited figure is calm at its limit and turns beyond it', () => {
  const fields = {
    delay: 'viewerDelayMs',
    vision: 'visionMs',
    bets: 'betMs',
    cpu: 'cpuPercent',
  } as const;
  for (const [id, field] of Object.entries(fields)) {
    const [warn, stop] = LIMITS[id as keyof typeof LIMITS];
    const tone = (value: number | null) =>
      toneOf(id, sampleState(), sampleReadings({ [field]: value }), 0);
    assert.deepEqual([warn, warn + 1, stop, stop + 1, null].map(tone), [
      'calm',
      'warn',
      'warn',
      'stop',
      'calm',
    ]);
  }
});

test('frames are judged against what the source gives, drops only while they happen', () => {
  const fps = (framesPerSecond: number) =>
    toneOf('framesPerSecond', sampleState(), sampleReadings({ framesPerSecond }), 0);
  assert.deepEqual([30, 27, 26.9, 15, 14.9].map(fps), ['calm', 'calm', 'warn', 'warn', 'stop']);
  const many = sampleReadings({ framesDropped: 5_000 });
  assert.equal(toneOf('dropped', sampleState(), many, 0), 'calm');
  assert.equal(toneOf('dropped', sampleState(), many, 1), 'warn');
});

test('before the first reading nothing is coloured and nothing is a number of ours', () => {
  for (const figure of statusFigures(sampleState(), null, 0).slice(0, 2)) {
    assert.equal(figure.tone, 'calm');
    assert.match(figure.value, /^–/);
  }
});

test('what has just begun keeps its number, says so and is not coloured; the rest is judged', () => {
  const bad = { framesPerSecond: 3, visionMs: 260, cpuPercent: 95, betMs: 300 };
  const figures = (settling: ('picture' | 'vision')[]) =>
    statusFigures(sampleState(), sampleReadings({ ...bad, settling }), 21);
  const tones = (settling: ('picture' | 'vision')[]) =>
    ['framesPerSecond', 'dropped', 'vision', 'bets', 'cpu'].map(
      (id) => figures(settling).find((figure) => figure.id === id)?.tone,
    );
  assert.deepEqual(tones([]), ['stop', 'warn', 'stop', 'stop', 'stop']);
  assert.deepEqual(tones(['vision']), ['stop', 'warn', 'calm', 'stop', 'stop']);
  assert.deepEqual(tones(['picture', 'vision']), ['calm', 'calm', 'calm', 'stop', 'calm']);
  const vision = figures(['vision']).find(({ id }) => id === 'vision');
  assert.match(vision?.value ?? '', /260 ms, starting$/);
  const calm = statusFigures(sampleState(), sampleReadings({ settling: ['vision'] }), 0);
  assert.doesNotMatch(calm.find(({ id }) => id === 'vision')?.value ?? '', /starting/);
});

test('bets are green only when every one is copied and the ledger runs', () => {
  const ledger = sampleState().ledger;
  const tone = (changes: Partial<typeof ledger>) =>
    toneOf('copied', { ...sampleState(), ledger: { ...ledger, ...changes } }, null, 0);
  assert.equal(tone({}), 'go');
  assert.equal(tone({ notCopied: 1 }), 'warn');
  assert.equal(tone({ notCopied: 3, betsNotCopied: 2 }), 'warn');
  assert.equal(tone({ state: 'restarting' }), 'warn');
  assert.equal(tone({ state: 'refused' }), 'stop');
});
