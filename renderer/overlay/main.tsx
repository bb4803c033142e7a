// Entry of the overlay, which OBS shows as a browser source over the picture. It is a viewer that
// only looks: it signs in with a key of this moment, keeps nothing, bets nothing and plays nothing.
// Only here stand the address, clocks and random numbers.

import './words.ts';
import { createRoot } from 'react-dom/client';
import { realTimers } from '../../core/base/clock.ts';
import { createPageClock } from '../ui/mediaClock.ts';
import { text } from '../ui/texts.ts';
import { loadDeviceKey } from '../viewer/deviceKey.ts';
import { FactsSocket, webSocketLine } from '../viewer/factsSocket.ts';
import { marketFaceOf, newsLineOf, showViewOf } from '../viewer/wireViews.ts';
import '../ui/ui.css';
import './overlay.css';
import { App } from './App.tsx';
import { OverlayBoard } from './overlayBoard.ts';
import { channelOfOverlay, overlayWishes } from './wishes.ts';
import { speakChosen } from './words.ts';

/** As often as a countdown changes is enough: nothing here moves by itself. */
const LOOK_MS = 250;

await speakChosen();
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
const page = createRoot(root);
const channel = channelOfOverlay(location.pathname);
const wishes = overlayWishes(location.search);
if (channel === null) page.render(<p className="overlay-badLink">{text('overlay.badLink')}</p>);
else watch(channel);

function watch(id: string): void {
  const board = new OverlayBoard(wishes);
  const monotonicMs = () => performance.now();
  const clock = createPageClock(monotonicMs);
  let isLive = false;
  const draw = () => {
    page.render(
      <App
        parts={board.parts(monotonicMs())}
        isLive={isLive}
        corner={wishes.corner}
        scale={wishes.scale}
        nowUs={clock.nowUs()}
      />,
    );
  };
  new FactsSocket({
    channel: id,
    device: loadDeviceKey(forgetful(), (length) => crypto.getRandomValues(new Uint8Array(length))),
    timers: realTimers,
    monotonicMs,
    openLine: (events) =>
      webSocketLine(`${location.origin.replace(/^http/, 'ws')}/facts/${id}?display`, events),
    onState: () => {},
    onPong: (pong) => clock.takePing(pong),
    onWord(word) {
      const nowMs = monotonicMs();
      if (word.case === 'show') isLive = showViewOf(word.value)?.state === 'live';
      else if (word.case === 'market') {
        const face = marketFaceOf(word.value);
        if (face) board.take(face, nowMs);
      } else if (word.case === 'markets') {
        const faces = word.value.markets.map(marketFaceOf).filter((face) => face !== null);
        board.takeAll(faces, nowMs);
      } else if (word.case === 'events') {
        board.happen(word.value.events.map(newsLineOf), nowMs);
        board.begin();
      } else if (word.case === 'event') {
        board.begin();
        board.happen([newsLineOf(word.value)], nowMs);
      }
      draw();
    },
  });
  realTimers.every(LOOK_MS, draw);
  draw();
}

/** A store that is gone with the page: nobody is followed by an overlay. */
function forgetful() {
  const kept = new Map<string, string>();
  return {
    isLasting: false,
    read: (key: string) => kept.get(key) ?? null,
    write: (key: string, value: string) => void kept.set(key, value),
    remove: (key: string) => void kept.delete(key),
    keys: () => [...kept.keys()],
  };
}
