// Proves by computing from tokens.css that words are readable on every surface they sit on, that
// controls are seen against theirs, and that no colour is named outside of the tokens by mistake.
// Method: WCAG 2.2 relative luminance; AA is 4.5:1 for text, 3:1 for borders of controls.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CHAT_COLOURS } from '../../core/people/bounds.ts';

const ui = new URL('./', import.meta.url);
const css = await readFile(new URL('tokens.css', ui), 'utf8');
const lightAt = css.indexOf('@media (prefers-color-scheme: light)');

function tokensOf(block: string): Map<string, string> {
  const found = block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6}|oklch\([^)]+\));/g);
  return new Map([...found].map((match) => [match[1] ?? '', match[2] ?? '']));
}

const dark = tokensOf(css.slice(0, lightAt));
const light = new Map([...dark, ...tokensOf(css.slice(lightAt))]);

/** Linear sRGB, each 0..1, of a hexadecimal or oklch colour (CSS Color 4, section 9.2). */
function linear(colour: string): [number, number, number] {
  if (colour.startsWith('#')) {
    const part = (at: number) => {
      const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return [part(1), part(3), part(5)];
  }
  const [lightness = 0, chroma = 0, hue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function luminance(colour: string): number {
  const [red, green, blue] = linear(colour).map((part) => Math.min(1, Math.max(0, part)));
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(one: string, other: string): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

/** As chat.css gives them, in order. */
const chat = await readFile(new URL('../viewer/chat.css', ui), 'utf8');
const nameColours = new Set(
  [...chat.matchAll(/\.chat-name\[data-colour="\d+"\][^{]*\{\s*color: var\(--([\w-]+)\)/g)].map(
    ([, name = '']) => name,
  ),
);
assert.equal(nameColours.size, CHAT_COLOURS, 'each colour is another');

const surfaces = ['surface-0', 'surface-1', 'surface-2', 'surface-3'];

for (const [theme, tokens] of [
  ['dark', dark],
  ['light', light],
] as const) {
  const get = (name: string) => {
    const value = tokens.get(name);
    if (value === undefined) throw new Error(`No token ${name} in ${theme}`);
    return value;
  };

  test(`${theme}: words and state colours are readable on every surface`, () => {
    for (const words of ['text-hi', 'text-mid', 'text-low', 'go', 'warn', 'stop']) {
      for (const surface of surfaces) {
        const ratio = contrast(get(words), get(surface));
        assert.ok(ratio >= 4.5, `${words} on ${surface}: ${ratio.toFixed(2)}`);
      }
    }
    for (const [words, surface] of [
      ['on-live', 'live'],
      ['on-accent', 'accent'],
    ] as const) {
      const ratio = contrast(get(words), get(surface));
      assert.ok(ratio >= 4.5, `${words} on ${surface}: ${ratio.toFixed(2)}`);
    }
  });

  test(`${theme}: each colour that a name in chat may have is readable where chat stands`, () => {
    for (const colour of [...nameColours]) {
      for (const surface of ['surface-0', 'surface-1', 'surface-3']) {
        const ratio = contrast(get(colour), get(surface));
        assert.ok(ratio >= 4.5, `${colour} on ${surface}: ${ratio.toFixed(2)}`);
      }
    }
  });

  test(`${theme}: controls, focus and outcome marks are seen against their surface`, () => {
    const outcomes = Array.from({ length: 10 }, (_, index) => `outcome-${index}`);
    for (const mark of ['control-border', 'accent', 'live', ...outcomes]) {
      for (const surface of surfaces) {
        const ratio = contrast(get(mark), get(surface));
        assert.ok(ratio >= 3, `${mark} on ${surface}: ${ratio.toFixed(2)}`);
      }
    }
  });
}

test('colours are named by token only; black under the picture is none', async () => {
  for (const file of [
    'ui.css',
    ...['studio', 'docks', 'strips'].map((part) => `../studio/${part}.css`),
  ]) {
    const words = await readFile(new URL(file, ui), 'utf8');
    const named = words.match(/#[0-9a-fA-F]{3,8}\b(?!-)/g) ?? [];
    assert.deepEqual(
      named.filter((colour) => colour !== '#000'),
      [],
      file,
    );
  }
});
