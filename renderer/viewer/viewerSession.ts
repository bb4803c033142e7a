// One visit: joins the line to the relay, the bet book, the player and the picture, and keeps what
// the page shows in one store. It decides nothing about money and guesses nothing about the show;
// every state here comes from packets, frames or the relay's words.

import { create } from '@bufbuild/protobuf';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import {
  AnalyticsWishSchema,
  HistoryRequestSchema,
  WatchReportSchema,
} from '../../core/wire/gen/facts_pb.js';
import { createPageClock, type PageClock } from '../ui/mediaClock.ts';
import { type OverlayLayers, readLayers, writeLayers } from '../ui/overlayLayers.ts';
import type { OverlayMode } from '../ui/overlayPainter.ts';
import type { Transport } from './address.ts';
import { ChatBook } from './chatBook.ts';
import { loadDeviceKey } from './deviceKey.ts';
import { FactsSocket, type ViewerWord, webSocketLine } from './factsSocket.ts';
import type { FirstPicture } from './firstPicture.ts';
import { MoneyDesk } from './moneyDesk.ts';
import type { Qualities } from './qualities.ts';
import { Screen } from './screen.ts';
import type { Seal } from './seal.ts';
import type { TextStore } from './textStore.ts';
import { firstView, takeWord, type ViewerView } from './viewerView.ts';
import { showViewOf } from './wireViews.ts';

export type ViewerSession = {
  store: StoreApi<ViewerView>;
  clock: PageClock;
  /** Binds the picture's elements; returns what unbinds them. */
  showIn(elements: PictureElements): () => void;
  /** Bets, withdrawals, sales, prices and limits. */
  money: MoneyDesk;
  chat: ChatBook;
  channel: string;
  setOverlay(mode: OverlayMode): void;
  setLayers(layers: OverlayLayers): void;
  /** See Screen.qualities. */
  qualities(wish?: string | null): Promise<Qualities | null>;
  setSound(isOn: boolean): void;
  /** The page is shown again or the network is back. */
  hurry(): void;
  close(): void;
};

export type PictureElements = {
  video: HTMLVideoElement;
  still: HTMLCanvasElement;
  boxes: HTMLCanvasElement;
  streamed: HTMLCanvasElement;
};

export type ViewerSessionOptions = {
  channel: string;
  /** Origin of the relay, e.g. "https://relay.example". */
  origin: string;
  timers: Timers;
  random: RandomBytes;
  monotonicMs: () => number;
  wallMs: () => number;
  textStore: TextStore;
  /** What the page began with before the visit was made; null when nothing. */
  first: FirstPicture | null;
  /** The way that the page's address names; null: as it turns out. */
  askedTransport: Transport | null;
  seal: Seal;
};

const TICK_MS = 100;
const PUMP_MS = 250;
const REPORT_MS = 2000;
const HISTORY_ASKED = 50;
const LAYERS_KEY = 'morphine.layers';

export function createViewerSession(options: ViewerSessionOptions): ViewerSession {
  const { channel, origin, timers, monotonicMs, textStore } = options;
  const clock = createPageClock(monotonicMs);
  const store = createStore<ViewerView>(() => ({
    ...firstView(textStore.isLasting),
    layers: readLayers(textStore.read(LAYERS_KEY)),
  }));
  let relayBackMs: number | null = null;
  let wasWelcome = false;
  let screen: Screen | null = null;
  let first = options.first;
  let clockOffset: number | null = null;
  /** The relay's last word on the show was one of the studio's. */
  let knowsShow = false;
  /** The picture comes by another engine, so the facts of frames come by the line of facts. */
  let wantsAnalytics = false;

  const socket = new FactsSocket({
    channel,
    device: loadDeviceKey(textStore, options.random),
    timers,
    monotonicMs,
    openLine: (events) =>
      webSocketLine(`${origin.replace(/^http/, 'ws')}/facts/${channel}`, events),
    onState(facts) {
      store.setState({ facts });
      if (facts.state !== 'welcome') return;
      if (wasWelcome) relayBackMs = monotonicMs();
      wasWelcome = true;
      askHistory();
      wishAnalytics(wantsAnalytics);
      money.connectionOpened();
      chat.connectionOpened();
    },
    onWord: (word) => take(word),
    onPong: (pong) => clock.takePing(pong),
  });

  function askHistory(): void {
    const value = create(HistoryRequestSchema, { limit: HISTORY_ASKED });
    socket.send({ case: 'historyRequest', value });
  }

  function wishAnalytics(isWanted: boolean): void {
    if (!isWanted && !wantsAnalytics) return;
    wantsAnalytics = isWanted;
    const value = create(AnalyticsWishSchema, { isWanted });
    socket.send({ case: 'analyticsWish', value });
  }

  const money = new MoneyDesk({
    ...{ channel, store, textStore, monotonicMs },
    random: options.random,
    wallMs: options.wallMs,
    isReady: () => socket.isWelcome,
    send: (word) => socket.send(word),
  });

  const chat = new ChatBook({
    ...{ channel, origin, monotonicMs, textStore },
    random: options.random,
    send: (word) => socket.send(word),
  });

  function take(word: ViewerWord): void {
    // A relay that just started lists no markets before its studio has told it of any.
    if (word.case === 'markets' && word.value.markets.length === 0 && !knowsShow) return;
    if (word.case === 'analytics') {
      screen?.picture.takeFacts(word.value);
      return;
    }
    if (word.case === 'mediaLost') {
      screen?.sessionsLost(word.value.sessionIds);
      return;
    }
    takeWord(word, store);
    money.take(word);
    chat.take(word);
    if (word.case === 'market' || word.case === 'markets') {
      for (const market of store.getState().markets) money.priceMoved(market);
    }
    if (word.case === 'show') knowsShow = showViewOf(word.value) !== null;
    // A relay that just started tells of a show it has not heard of yet: that has no clock either.
    if (word.case !== 'show' || showViewOf(word.value) === null) return;
    if (store.getState().show?.state === 'live') screen?.showIsLive();
    clockOffset = word.value.videoClockOffset;
    screen?.setClockOffset(clockOffset);
    screen?.setMedia(store.getState().show?.media ?? null);
  }

  const cancels: CancelTimer[] = [
    timers.every(PUMP_MS, () => money.pump()),
    timers.every(TICK_MS, () => screen?.tick(relayBackMs)),
    timers.every(REPORT_MS, report),
  ];

  function report(): void {
    const { figures, watch } = store.getState();
    if (watch !== 'live' || figures.delayMs === null) return;
    const value = create(WatchReportSchema, {
      delayMs: whole(figures.delayMs),
      uncertaintyMs: whole(figures.uncertaintyMs ?? 0),
      overlayDelayP95Ms: whole(figures.overlayDelayP95Ms ?? 0),
      framesPerSecond: whole(figures.framesPerSecond),
    });
    socket.send({ case: 'watchReport', value });
  }

  return {
    store,
    clock,
    showIn(elements) {
      const { askedTransport, seal } = options;
      const place = { elements, store, clock, timers, monotonicMs, origin, channel, first };
      const own = new Screen({ ...place, askedTransport, seal, sendAnalyticsWish: wishAnalytics });
      first = null;
      if (clockOffset !== null) own.setClockOffset(clockOffset);
      own.setMedia(store.getState().show?.media ?? null);
      screen = own;
      // What is shown already must not be called "connecting" for a moment.
      own.tick(relayBackMs);
      return () => {
        own.close();
        if (screen === own) screen = null;
      };
    },
    money,
    chat,
    channel,
    setOverlay(overlay) {
      store.setState({ overlay });
      screen?.setOverlay(overlay);
    },
    setLayers(layers) {
      store.setState({ layers });
      screen?.picture.setLayers(layers);
      tryWrite(textStore, LAYERS_KEY, writeLayers(layers));
    },
    qualities: async (wish) => screen?.qualities(wish) ?? null,
    setSound(isOn) {
      screen?.setSound(isOn);
      store.setState({ sound: screen?.isSoundOn ?? false });
    },
    hurry: () => socket.hurry(),
    close() {
      for (const cancel of cancels) cancel();
      screen?.close();
      screen = null;
      socket.close();
    },
  };
}

/** A choice that cannot be kept holds for this visit. */
function tryWrite(textStore: TextStore, key: string, value: string): void {
  try {
    textStore.write(key, value);
  } catch {
    // The store is full; nothing depends on it.
  }
}

function whole(value: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.round(value)));
}
