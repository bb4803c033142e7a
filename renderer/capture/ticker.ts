// A worker that only says when a period is over: timers of a page that nobody looks at run once a
// second, those of a worker do not.

const TICK_MS = 1000 / 30;

const tick = () => postMessage(0);
let timer = setInterval(tick, TICK_MS);
/** Another period, milliseconds. */
addEventListener('message', ({ data }) => {
  clearInterval(timer);
  timer = setInterval(tick, Number(data));
});
