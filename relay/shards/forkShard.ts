// Starts a shard as a child process of the relay's launcher, which is its supervisor. A shard ends
// by itself when the pipe to its parent closes, so none stays behind.

import { fork } from 'node:child_process';
import type { FromShard, ShardProcess, ToShard } from './messages.ts';

/** Packets on their way through the pipe, some 2.4 MB: a cached group of pictures fits. */
const WAITING_MAX = 2_000;

/** @param entryPath the file of shardEntry, as source or as built */
export function forkShard(entryPath: string): ShardProcess {
  const child = fork(entryPath, {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: process.execArgv.filter((flag) => flag.startsWith('--disable-warning')),
  });
  let waiting = 0;
  let hasExited = false;
  const exits: (() => void)[] = [];
  const exit = () => {
    if (hasExited) return;
    hasExited = true;
    for (const run of exits) run();
  };
  child.once('exit', exit);
  child.on('error', exit);
  /** False: there is nobody to send to, and `done` will not run. */
  const send = (message: ToShard, done?: () => void): boolean => {
    if (!child.connected) return false;
    try {
      child.send(message, () => done?.());
      return true;
    } catch {
      return false;
    }
  };
  return {
    pid: child.pid ?? 0,
    send: (message) => void send(message),
    sendMedia(message) {
      if (waiting >= WAITING_MAX) return false;
      waiting++;
      const isSent = send(message, () => {
        waiting--;
      });
      if (!isSent) waiting--;
      return isSent;
    },
    onMessage: (run) => child.on('message', (message) => run(message as FromShard)),
    onExit: (run) => void exits.push(run),
    kill: () => child.kill('SIGKILL'),
  };
}
