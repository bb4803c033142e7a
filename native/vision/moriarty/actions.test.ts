// Proves the actions on skeletons that are made by procedure: each motion, near and far, of both
// sides and with joints that tremble, is told by its name, and the others are not told of it. What
// the rules do on real poses is not proved by this.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Action, Actions } from './actions.ts';
import { joints, MOTIONS } from './testing/skeletons.ts';

function told(action: Action, size: number, isMirrored: boolean): { action: Action; t: number }[] {
  let state = 5;
  const tremble = () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) * 0.03 * size;
  };
  const actions = new Actions();
  const found: { action: Action; t: number }[] = [];
  for (let frame = 0; frame < 60; frame++) {
    const t = frame / 25;
    const pose = joints(MOTIONS[action](t), size, tremble, isMirrored);
    const seen = actions.follow(1, pose, Math.round(t * 1_000_000) + 1);
    if (seen) {
      assert.ok(seen.why.length > 10 && seen.confidence > 0.5);
      found.push({ action: seen.action, t });
    }
  }
  return found;
}

for (const action of Object.keys(MOTIONS) as Action[]) {
  test(`${action}: told by its name, near and far, of both sides`, () => {
    for (const size of [0.06, 0.16]) {
      for (const isMirrored of [false, true]) {
        const found = told(action, size, isMirrored);
        const names = new Set(found.map((one) => one.action));
        assert.ok(names.has(action), `${[...names]} at ${size}`);
        names.delete(action);
        names.delete('stand');
        assert.deepEqual([...names], [], `of ${action} at ${size}`);
      }
    }
  });
}

test('joints that are not seen tell nothing', () => {
  const actions = new Actions();
  for (let frame = 0; frame < 40; frame++) {
    const pose = joints(MOTIONS.jump(frame / 25), 0.1, () => 0, false);
    const hidden = pose.map((joint) => ({ ...joint, confidence: 0.1 }));
    assert.equal(actions.follow(1, hidden, frame * 40_000 + 1), null);
  }
});
