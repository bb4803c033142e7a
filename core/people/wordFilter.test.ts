// Proves that the word filter finds each word of its list in any disguise it names, with random
// disguises from a printed seed, that it leaves ordinary text alone, and that no text whatever
// makes it throw. The same for links.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BUILT_IN_WORDS } from './builtInWords.ts';
import { hasLink } from './links.ts';
import { skeletonOf } from './skeleton.ts';
import { createWordFilter } from './wordFilter.ts';

const seed = Number(process.env.MORPHINE_SEED ?? 20_261_121);
const runs = { seed, numRuns: 400 };
console.log(`seed ${seed}`);

const filter = createWordFilter(BUILT_IN_WORDS);

const DISGUISES: Readonly<Record<string, readonly string[]>> = {
  a: ['a', 'A', 'ａ', 'а', '@', '4', 'á', 'ᴀ', '𝓪'],
  b: ['b', 'B', '8', 'в', 'ｂ'],
  c: ['c', 'C', 'с', 'ç', '¢', 'ⓒ'],
  e: ['e', 'E', '3', 'е', 'é', '€', 'ε'],
  i: ['i', 'I', '1', 'і', 'ï', 'ı'],
  k: ['k', 'K', 'к', 'κ', 'ｋ'],
  o: ['o', 'O', '0', 'о', 'ö', 'ø'],
  s: ['s', 'S', '5', 'ѕ', '$', 'š'],
  t: ['t', 'T', '7', 'т', 'ţ'],
  u: ['u', 'U', 'ü', 'υ', 'µ'],
};

/** Each letter of a word as one of its look-alikes. */
function disguised(word: string): fc.Arbitrary<string[]> {
  const letters = [...word].map((letter) => fc.constantFrom(...(DISGUISES[letter] ?? [letter])));
  return fc.tuple(...letters).map((found) => [...found]);
}

const latin = BUILT_IN_WORDS.filter((word) => /[a-z]/.test(word)).map((word) =>
  word.replaceAll('*', ''),
);
const han = BUILT_IN_WORDS.filter((word) => !/[a-z]/.test(word));

test('words of look-alikes, repeats and invisible characters are found', () => {
  const cases = fc.constantFrom(...latin).chain((word) =>
    fc.tuple(
      fc.constant(word),
      disguised(word),
      fc.array(fc.integer({ min: 1, max: 4 }), {
        minLength: word.length,
        maxLength: word.length,
      }),
      fc.constantFrom('', '\u200b', '\u00ad', '\u0301'),
    ),
  );
  fc.assert(
    fc.property(cases, ([word, letters, counts, invisible]) => {
      const written = letters.map((one, at) => one.repeat(counts[at] ?? 1)).join(invisible);
      assert.notEqual(filter.find(`well ${written} you know`), null, `${word} as ${written}`);
    }),
    runs,
  );
});

test('words with something between their letters are found', () => {
  const between = fc.constantFrom(' ', '.', '-', '_', ' . ', ', ', '~', '/', ' ');
  fc.assert(
    fc.property(fc.constantFrom(...latin), between, (word, sign) => {
      const written = [...word].join(sign);
      assert.notEqual(filter.find(`you ${written} there`), null, written);
    }),
    runs,
  );
  assert.equal(createWordFilter(['*fuck*']).find('f*ck this'), '*fuck*');
  assert.equal(createWordFilter(['shit']).find('sh!t!!'), 'shit');
  assert.equal(createWordFilter(['shit']).find('sh it happens'), 'shit');
});

test('Chinese words are found across signs, spaces and digits', () => {
  const between = fc.constantFrom('', ' ', '*', '1', '。', '丨'.slice(1), '\u200b', '~~');
  fc.assert(
    fc.property(fc.constantFrom(...han), between, fc.string(), (word, sign, before) => {
      const written = [...word].join(sign);
      assert.notEqual(filter.find(`${before.replace(/[a-z]/gi, '')} ${written}了`), null, written);
    }),
    runs,
  );
});

test('ordinary text passes', () => {
  const ordinary = [
    'That was a class finish, a real classic from Scunthorpe to Essex',
    'Assassin in the grass, pass it as soon as it is so',
    'He shot it well! 10+ goals, 1080p at 60 fps, 2:1 and 4-4-2',
    'I would say she is a hitter of this kind; is his hit ok?',
    'Cockpit, peacock, Dickens, mishit, shitake... no: shiitake mushrooms',
    'Basement bass, Bassist, embarrassed, analysis, therapist, Penistone',
    'we go to the US as so many do, up to us in or at it',
    '操作很好，他的妈妈也来看比赛，智力障碍赛跑，比方说傻笑',
    '这个球进了！2比1，太精彩了，去看吧',
  ];
  for (const text of ordinary) {
    const found = filter.find(text);
    assert.equal(found, null, `"${found}" in "${text}"`);
  }
});

test('an owner’s word counts as a whole, with stars inside others', () => {
  const plain = createWordFilter(['spoil']);
  assert.equal(plain.find('SPOILS everything'), 'spoil');
  assert.equal(plain.find('no unspoilt places'), null);
  assert.equal(createWordFilter(['*spoil*']).find('unspoilt'), '*spoil*');
  assert.equal(createWordFilter(['', '*', '  ']).find('anything'), null);
});

test('no text makes it throw, and a skeleton is its own skeleton', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      filter.find(text);
      hasLink(text);
      const { words } = skeletonOf(text);
      const latinWords = words.filter((word) => /^[a-z]+$/.test(word));
      assert.deepEqual(skeletonOf(latinWords.join(' ')).words, latinWords);
    }),
    { ...runs, numRuns: 2_000 },
  );
});

test('links are seen, also written around the filter; sentences are none', () => {
  const links = [
    ...['https://a.example/x', 'see www.example.com', 'free-points.xyz now', 'bit.ly/abc'],
    ...[
      'example dot com',
      'example (dot) com',
      'example[.]com',
      'ｅｘａｍｐｌｅ．ｃｏｍ',
      't.me/abc',
    ],
    ...['http://1.2.3.4/', '1.2.3.4:80', 'discord.gg/abc', 'exam\u200bple.com', '例子点com'],
  ];
  for (const text of links) assert.equal(hasLink(text), true, text);
  const none = [
    ...['It is over.It was close', 'v1.2.3', '2.5 s later...', 'e.g. this', 'he said no.me too'],
    ...['1.2.3.4', 'what a goal!', 'a.b.c', 'dot the i', '10.30 to 11.45', '太棒了。不错'],
  ];
  for (const text of none) assert.equal(hasLink(text), false, text);
});
