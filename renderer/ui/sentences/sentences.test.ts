// Proves that a Chinese page says the engine's sentences in Chinese: the engine's sources are read
// with a real parser, and every sentence in them has to have one here or be named as one that no
// page shows. Also that values survive, and that what is not known stays as it came.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { parseSync } from 'oxc-parser';
import { chooseSayer, translated } from '../sentences.ts';
import { SENTENCES_CHINESE, sayChinese } from './sentencesChinese.ts';

const root = resolve(import.meta.dirname, '../../..');
/** Whose sentences reach a page of the studio or of the crew. */
const SPEAKING = [
  ...['audience', 'capture', 'engine', 'ffmpeg', 'gameState', 'ledger', 'markets', 'obs'],
  ...['publish', 'recording', 'upstream', 'vision'],
].map((room) => `native/${room}`);
const SPEAKING_CORE = ['core/contract', 'core/ledger/refusal.ts', 'core/markets', 'core/fraud'];

/** Sentences that no page shows, by where they are made. */
const UNSEEN: readonly RegExp[] = [
  // Faults of a programmer: drawn by a test, met by nobody.
  /^native\/capture\/demo\//,
  /^native\/capture\/demoWorker\.ts/,
  /^native\/vision\/models\/worker\.ts/,
  // Said by a command: reading, restoring and testing a ledger; keys that end a start.
  /^native\/ledger\/(inspect|exportLedger|testLedger|personal\/personalKey)\.ts/,
  /^native\/upstream\/channelKey\.ts/,
  // Questions of markets are what viewers read: the streamer's own words.
  /^core\/markets\/templates\.ts: .*\?$/,
  /: (SELECT|INSERT|UPDATE|DELETE|CREATE) /,
  / WHERE /,
  /: No handler for \{\}\.\{\}$/,
];

type SourceNode = { type: string; [name: string]: unknown };

/** The text of a literal, a template or a sum of both, `{}` for what is not literal. */
function textOf(node: SourceNode): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type === 'TemplateLiteral') {
    const quasis = node.quasis as { value: { cooked: string } }[];
    return quasis.map(({ value }) => value.cooked).join('{}');
  }
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return null;
  const [left, right] = [textOf(node.left as SourceNode), textOf(node.right as SourceNode)];
  return left === null && right === null ? null : `${left ?? '{}'}${right ?? '{}'}`;
}

function isSentence(words: string): boolean {
  return /^[A-Z{"].* .*[.!?]$/s.test(words) && words.split(' ').length > 3;
}

function* sentencesIn(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const one of node) yield* sentencesIn(one);
    return;
  }
  const words = textOf(node as SourceNode);
  if (words !== null) {
    if (isSentence(words)) yield words;
    return;
  }
  for (const value of Object.values(node)) yield* sentencesIn(value);
}

function sourcesOf(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  return readdirSync(join(root, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/\/(testing|gen)\//.test(path));
}

beforeEach(() => chooseSayer(sayChinese));
afterEach(() => chooseSayer((sentence) => sentence));

test('every sentence of the engine that a page can show has one in Chinese', () => {
  const known = new Set(SENTENCES_CHINESE.map(([english]) => english.replaceAll('{#}', '{}')));
  const lacking: string[] = [];
  let count = 0;
  for (const path of [...SPEAKING, ...SPEAKING_CORE].flatMap(sourcesOf)) {
    const { program } = parseSync(path, readFileSync(join(root, path), 'utf8'));
    for (const sentence of sentencesIn(program)) {
      count++;
      const line = `${path}: ${sentence}`;
      if (known.has(sentence) || UNSEEN.some((pattern) => pattern.test(line))) continue;
      // The shape may be a wider one: it is enough that the page knows it.
      if (translated(sentence) === sentence) lacking.push(line);
    }
  }
  assert.ok(count > 200, `only ${count} sentences were found`);
  assert.deepEqual(lacking, []);
});

test('no sentence stands twice, and each Chinese one names only values that the English has', () => {
  const seen = new Set<string>();
  for (const [english, chinese] of SENTENCES_CHINESE) {
    assert.ok(!seen.has(english), `twice: ${english}`);
    seen.add(english);
    const count = english.split(/\{#?\}/).length - 1;
    const named = [...chinese.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index));
    assert.ok(
      named.every((index) => index < count),
      `${chinese} names too much`,
    );
    assert.match(chinese, /\p{Script=Han}/u, `${english}: no Chinese`);
    assert.doesNotMatch(chinese, /\{[^\d]*\}/, chinese);
  }
});

test('values survive, whatever they are; what is not known stays as it came', () => {
  const seed = Date.now() % 2 ** 31;
  // Words that are no sentence of ours, and no part of one.
  const value = fc.stringMatching(/^[a-z0-9]{1,12}$/).map((word) => `~${word}~`);
  fc.assert(
    fc.property(fc.nat(SENTENCES_CHINESE.length - 1), fc.array(value, { minLength: 6 }), (n, v) => {
      const [english, chinese] = SENTENCES_CHINESE[n] ?? ['', ''];
      let at = 0;
      const values: string[] = [];
      const sentence = english.replace(/\{#?\}/g, (hole) => {
        const put = hole === '{#}' ? String(at) : (v[at % v.length] ?? '');
        values.push(put);
        at++;
        return put;
      });
      const expected = chinese.replace(/\{(\d+)\}/g, (_, index) => values[Number(index)] ?? '');
      assert.equal(translated(sentence), expected);
    }),
    { seed, numRuns: 500 },
  );
  const arbitrary = fc.string({ maxLength: 400 });
  fc.assert(
    fc.property(arbitrary, (words) => {
      const own = `\u0000${words}`;
      assert.equal(translated(own), own);
    }),
    { seed },
  );
});

test('sentences within sentences, two beside each other, and the parts of a highlight', () => {
  assert.equal(
    translated(
      'The ball went from player 4 of side A to player 9 of side A in 0.8 s over 31 % of ' +
        "the picture's height.",
    ),
    '球在 0.8 秒内从A 方 4 号球员传到A 方 9 号球员，距离为画面高度的 31%。',
  );
  assert.equal(
    translated(
      'Motion 3.1 deviations, loudness 2.0 deviations above what is usual; score 4.2, 9 s to replay.',
    ),
    '运动 3.1 个偏差，音量 2.0 个偏差，高于平常；得分 4.2，可回放 9 秒。',
  );
  assert.equal(
    translated(
      'The studio’s disk is full: free some space. Betting is suspended; existing bets are safe.',
    ),
    '工作室磁盘已满：请腾出空间。下注已暂停；已有下注安全。',
  );
  assert.equal(
    translated('player 4, kick: one foot swung at 6.1 torsos a second.'),
    '4 号球员，踢：一只脚以每秒 6.1 个躯干长摆动。',
  );
  assert.equal(translated('Nobody knows this sentence.'), 'Nobody knows this sentence.');
  chooseSayer((sentence) => sentence);
  assert.equal(translated('The picture is paused.'), 'The picture is paused.');
});
