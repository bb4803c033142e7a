// Proves how keys are named, which are the browser's own, that a key never means two commands once
// a person gave it to one, and what the palette finds. Random gifts of keys (seed printed).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chordOf, chordText, isReserved, worksWhileTyping } from './chord.ts';
import { matches } from './matches.ts';

const press = (key: string, held: string[] = []) => ({
  key,
  ctrlKey: held.includes('ctrl'),
  metaKey: held.includes('meta'),
  altKey: held.includes('alt'),
  shiftKey: held.includes('shift'),
});

test('a key press has one name', () => {
  assert.equal(chordOf(press('k', ['ctrl'])), 'Mod+K');
  assert.equal(chordOf(press('K', ['meta', 'shift'])), 'Mod+Shift+K');
  assert.equal(chordOf(press('?', ['shift'])), '?');
  assert.equal(chordOf(press('l')), 'L');
  assert.equal(chordOf(press('+', ['shift'])), 'Plus');
  assert.equal(chordOf(press('F6', ['shift'])), 'Shift+F6');
  assert.equal(chordOf(press(' ', ['shift'])), 'Shift+Space');
  for (const key of ['Shift', 'Control', 'Dead', '']) assert.equal(chordOf(press(key)), null);
  assert.equal(chordText('Mod+Shift+K', true), '⌘⇧K');
  assert.equal(chordText('Mod+Plus', false), 'Ctrl++');
});

test('some keys are the browser’s, and some work while one types', () => {
  assert.ok(isReserved('Mod+W') && isReserved('Escape') && !isReserved('Mod+K'));
  assert.ok(worksWhileTyping('Mod+K') && worksWhileTyping('F6'));
  assert.ok(!worksWhileTyping('L') && !worksWhileTyping('Enter') && !worksWhileTyping('Mod+Z'));
});

test('a key that was given to one command is no other command’s', async () => {
  // The module keeps what a person chose; here there is no store to keep it in.
  const { chordFor, commandsOf, withChord } = await import('./hotkeys.ts');
  const commands = [{ id: 'a', chord: 'L' }, { id: 'b', chord: 'K' }, { id: 'c' }];
  const gift = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('L', 'K', 'M', null));
  fc.assert(
    fc.property(fc.array(gift, { maxLength: 12 }), (gifts) => {
      let hotkeys = {};
      for (const [id, chord] of gifts) {
        hotkeys = withChord(hotkeys, commands, id, chord);
        assert.equal(chordFor(hotkeys, commands.find((one) => one.id === id) ?? { id }), chord);
        for (const key of ['L', 'K', 'M']) {
          assert.ok(commandsOf(hotkeys, commands, key).length <= 1, key);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('the palette finds all words in any order, by the command’s own name, too', () => {
  assert.ok(matches('Markets Lock: Goal soon? market.lock.m1', 'goal lock'));
  assert.ok(matches('竞猜 锁定 market.lock.m1', 'LOCK'));
  assert.ok(matches('anything', ''));
  assert.ok(!matches('Markets Lock', 'lock void'));
});
