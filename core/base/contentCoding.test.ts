// Proves by examples which coding an Accept-Encoding header gets, hostile ones included.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentCodingFor, isCompressible } from './contentCoding.ts';

test('the best coding that is allowed', () => {
  const rows: [string | undefined, string][] = [
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['BR', 'br'],
    ['*', 'br'],
    ['*;q=0', 'identity'],
    ['br;q=0, *', 'gzip'],
    ['identity', 'identity'],
    ['br;q=abc', 'identity'],
    ['bro', 'identity'],
    ['x,'.repeat(5000), 'identity'],
  ];
  for (const [header, coding] of rows) assert.equal(contentCodingFor(header), coding, header);
});

test('texts are compressed, pictures and fonts are not', () => {
  for (const name of ['index.html', 'main.js', 'a.css', 'icon.svg'])
    assert.ok(isCompressible(name));
  for (const name of ['a.png', 'b.woff2', 'js', 'main.js.png']) assert.ok(!isCompressible(name));
});
