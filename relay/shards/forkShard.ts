// Starts a shard as a child process of the relay's launcher, which is its supervisor. A shard ends
// by itself when the pipe to its parent closes, so none stays behind.

import { fork } from 'node:child_process';
import type { FromShard, ShardProcess, ToShard } from './messages.ts';

/** @param entryPath the file of shardEntry, as source or as built */
export function forkShard(entryPath: string): ShardProcess {
  const child = fork(entryPath, {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: process.execArgv.filter((flag) => flag.startsWith('--disable-warning')),
  });
  let isFull = false;
  let hasExited = false;
  const exits: (() => void)[] = [];
  const exit = () => {
    if (hasExited) return;
    hasExited = true;
    for (const run of exits) run();
  };
  child.once('exit', exit);
  child.on('error', exit);
  const send = (message: ToShard, done?: () => void): boolean => {
    if (!child.connected) return false;
    try {
      return child.send(message, () => done?.());
    } catch {
      return false;
    }
  };
  return {
    pid: child.pid ?? 0,
    send: (message) => void send(message),
    sendMedia(message) {
      if (isFull) return false;
      // Once the pipe is full, nothing of media until this one is through.
      isFull = true;
      const hasRoom = send(message, () => {
        isFull = false;
      });
      if (hasRoom) isFull = false;
      return true;
    },
    onMessage: (run) => child.on('message', (message) => run(message as FromShard)),
    onExit: (run) => void exits.push(run),
    kill: () => child.kill('SIGKILL'),
  };
}
