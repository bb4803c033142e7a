// A worker that only says when a period is over: timers of a page that nobody looks at run once a
// second, those of a worker do not.

const TICK_MS = 1000 / 30;

setInterval(() => postMessage(0), TICK_MS);
