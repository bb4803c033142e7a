// What this machine can do at best, in the same run as the figures: how late a timer is, how long a
// bare WebSocket echo to another process takes, how long 4 KiB take to be on disk. They know nothing
// of the product but its WebSocket options, so that they move with the machine and not with us.

import { fork } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type FloorName = 'timer' | 'echo' | 'fdatasync';
/** Samples of one taking, ms. */
export type Floors = Record<FloorName, number[]>;

const TIMER_MS = 10;
const ECHO_GAP_MS = 5;
const ECHO_BYTES = 128;
const WRITE_BYTES = 4096;
const WARM_UP = 10;

/** Takes all three; `count` samples each after the warm-up. About 20 ms a sample. */
export async function takeFloors(count: number): Promise<Floors> {
  const timer = await timerLag(count);
  const echo = await echoTimes(count);
  return { timer, echo, fdatasync: await writeTimes(count) };
}

/** How much later than asked a timer of 10 ms runs. */
async function timerLag(count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let at = 0; at < count; at++) {
    const startMs = performance.now();
    await pause(TIMER_MS);
    samples.push(Math.max(0, performance.now() - startMs - TIMER_MS));
  }
  return samples;
}

/** There and back to another process over a loopback WebSocket, one message at a time. */
async function echoTimes(count: number): Promise<number[]> {
  const child = fork(join(import.meta.dirname, 'echoServer.ts'), [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  try {
    const port = await new Promise<number>((done, fail) => {
      child.once('message', (message) => done(Number(message)));
      child.once('exit', (code) => fail(new Error(`The echo server ended with ${code}`)));
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    socket.binaryType = 'arraybuffer';
    await new Promise((done, fail) => {
      socket.onopen = done;
      socket.onerror = () => fail(new Error('The echo server refused'));
    });
    const samples: number[] = [];
    for (let at = 0; at < count + WARM_UP; at++) {
      const back = new Promise((done) => {
        socket.onmessage = done;
      });
      const startMs = performance.now();
      socket.send(new Uint8Array(ECHO_BYTES));
      await back;
      samples.push(performance.now() - startMs);
      await pause(ECHO_GAP_MS);
    }
    socket.close();
    return samples.slice(WARM_UP);
  } finally {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  }
}

/** 4 KiB appended and fdatasync, on the disk where a studio's ledger of this run lies. */
async function writeTimes(count: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-bench-'));
  const file = openSync(join(folder, 'floor'), 'a');
  const bytes = new Uint8Array(WRITE_BYTES).fill(7);
  const samples: number[] = [];
  try {
    for (let at = 0; at < count + WARM_UP; at++) {
      const startMs = performance.now();
      writeSync(file, bytes);
      fdatasyncSync(file);
      samples.push(performance.now() - startMs);
      await pause(1);
    }
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
  return samples.slice(WARM_UP);
}

/** A wait of the bench's own pacing. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((done) => setTimeout(done, durationMs));
}
