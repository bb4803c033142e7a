// A main process that does everything wrong, and says how it was refused: the double must refuse
// what Electron refuses, or the test of the shell would prove nothing. Prints one JSON line.

import { fork } from 'node:child_process';

// The hook gives the double under this name; the package's own types describe the same.
const electron = await import('electron');
const { app, BrowserWindow, MessageChannelMain, protocol, session, utilityProcess } = electron;
const child = `${import.meta.dirname}/refusedChild.ts`;
const answers: Record<string, string> = {};

function attempt(name: string, run: () => unknown): void {
  try {
    run();
    answers[name] = 'allowed';
  } catch (cause) {
    answers[name] = cause instanceof Error ? cause.message : String(cause);
  }
}

attempt('window before ready', () => new BrowserWindow());
attempt('utility process before ready', () => utilityProcess.fork(child));
attempt('session before ready', () => session.defaultSession);
attempt('page handler before ready', () => protocol.handle('app', () => new Response()));
await app.whenReady();
attempt('schemes after ready', () => protocol.registerSchemesAsPrivileged([]));
attempt('stdin of a utility process', () =>
  utilityProcess.fork(child, [], { stdio: ['pipe', 'inherit', 'inherit'] }),
);
attempt('fork without RunAsNode', () => fork(child));
const { port1, port2 } = new MessageChannelMain();
attempt('an ArrayBuffer in a transfer list', () =>
  port1.postMessage('x', [new ArrayBuffer(8) as never]),
);
const utility = utilityProcess.fork(child, [], { stdio: 'inherit' });
attempt('an ArrayBuffer to a utility process', () =>
  utility.postMessage('x', [new ArrayBuffer(8) as never]),
);
attempt('a process id before the start', () => {
  if (utility.pid === undefined) throw new Error('undefined');
});
utility.postMessage('first', [port2]);
attempt('the same port twice', () => utility.postMessage('again', [port2]));
// The child answers over the port with how it was refused itself.
const fromChild = await new Promise<{ data: Record<string, string> }>((done) => {
  port1.on('message', done as never);
  port1.start();
});
utility.kill();
process.stdout.write(`${JSON.stringify({ ...answers, ...fromChild.data })}\n`);
app.exit(0);
