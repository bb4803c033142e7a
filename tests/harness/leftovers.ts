// What a failed test leaves running (a studio, a browser) would keep its file from ending. Some time
// after the last hook this ends the process, and what hangs on it ends with it: studios by their
// channel, browsers with their driver. Such a file has failed, also when all its tests passed.

import { after } from 'node:test';

/** Longer than any hook takes to stop studios and browsers, ms. */
const HOOKS_MS_MAX = 30_000;

// Benches use the same studios and browsers, and end by themselves.
if (process.env.NODE_TEST_CONTEXT) {
  after(() => {
    const end = () => {
      process.stderr.write(`Still open after all tests: ${process.getActiveResourcesInfo()}\n`);
      process.exit(1);
    };
    setTimeout(end, HOOKS_MS_MAX).unref();
  });
}
