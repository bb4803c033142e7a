// Proves that the bench runs from end to end: its floors, one figure of a real studio over the real
// relay, its table and its JSON, and that it names a figure it does not know. Speed is not judged.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BenchResult } from '../bench/table.ts';
import { root } from './harness/studio.ts';

function runBench(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = ['scripts/launch.mjs', 'bench/run.ts', ...args];
  return new Promise((done) => {
    execFile(process.execPath, script, { cwd: root }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

test('floors and one figure come out as table and JSON', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-bench-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const only = ['--only', 'floors', '--only', 'sync', '--out', folder];
  const { code, stdout, stderr } = await runBench(only);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\| floor: bare WebSocket echo .*\d/);
  assert.match(stdout, /`sync`, short form/);
  const text = readFileSync(join(folder, 'bench.json'), 'utf8');
  const result = JSON.parse(text) as BenchResult;
  assert.equal(result.floors.length, 3);
  assert.ok(result.floors.every(({ echo, fdatasync }) => echo !== null && fdatasync !== null));
  const [sync] = result.figures;
  assert.equal(sync?.figure, 'sync');
  assert.ok(sync.rounds.every((round) => round !== null && round.count > 0 && round.p50 > 0));
});

test('an unknown figure is refused with the names of those there are', async () => {
  const { code, stderr } = await runBench(['--only', 'nothing']);
  assert.equal(code, 2);
  assert.match(stderr, /--only nothing: no such figure; there are floors, start/);
});
