// Preloaded with `node --import`: gives the built shell the double in place of Electron. Starting
// JavaScript by child_process is refused here too, because the packed app's runtime cannot.

import childProcess from 'node:child_process';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { utilityHost } from './utilityHost.ts';

if (isMainThread) {
  const double = pathToFileURL(`${import.meta.dirname}/electronDouble.ts`).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'electron' ? { url: double, shortCircuit: true } : next(specifier, context),
  });
  utilityHost.fork = childProcess.fork;
  childProcess.fork = () => {
    throw new Error('child_process.fork needs RunAsNode, which the packed app has switched off');
  };
  syncBuiltinESMExports();
}
