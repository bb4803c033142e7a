// One visit: joins the line to the relay, the bet book, the player and the picture, and keeps what
// the page shows in one store. It decides nothing about money and guesses nothing about the show;
// every state here comes from packets, frames or the relay's words.

import { create } from '@bufbuild/protobuf';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import {
  BetSchema,
  HistoryRequestSchema,
  WatchReportSchema,
} from '../../core/wire/gen/facts_pb.js';
import type { MarketFace } from '../ui/MarketCard.tsx';
import { createPageClock, type PageClock } from '../ui/mediaClock.ts';
import type { OverlayMode } from '../ui/overlayPainter.ts';
import { BetBook, type BetRecord } from './betBook.ts';
import { loadDeviceKey } from './deviceKey.ts';
import { FactsSocket, type FactsState, type ViewerWord, webSocketLine } from './factsSocket.ts';
import type { FirstPicture } from './firstPicture.ts';
import type { PictureFigures } from './picture.ts';
import { Screen } from './screen.ts';
import { betStorageOf, type TextStore } from './textStore.ts';
import type { WatchState } from './watchState.ts';
import {
  betAnswerOf,
  betOutcomeOf,
  marketFaceOf,
  type NewsLine,
  newsLineOf,
  type ShowView,
  showViewOf,
} from './wireViews.ts';

export type ViewerView = {
  watch: WatchState;
  /** A frame was on the screen in this visit. */
  wasLive: boolean;
  facts: FactsState;
  show: ShowView | null;
  markets: MarketFace[];
  balance: { availableMinor: number; stakedMinor: number } | null;
  bets: BetRecord[];
  /** Newest first. */
  news: NewsLine[];
  overlay: OverlayMode;
  sound: boolean;
  figures: PictureFigures & { framesPerSecond: number; uncertaintyMs: number | null };
  /** False: the browser keeps nothing, and bets and key are gone with the page. */
  isLasting: boolean;
  /** Why the last tap on "bet" made no bet; empty when it did. */
  betTrouble: string;
};

export type BetWish = { market: MarketFace; outcome: number; amountMinor: number };

export type ViewerSession = {
  store: StoreApi<ViewerView>;
  clock: PageClock;
  /** Binds the picture's elements; returns what unbinds them. */
  showIn(elements: PictureElements): () => void;
  place(wish: BetWish): void;
  setOverlay(mode: OverlayMode): void;
  setSound(isOn: boolean): void;
  /** The page is shown again or the network is back. */
  hurry(): void;
  close(): void;
};

export type PictureElements = {
  video: HTMLVideoElement;
  still: HTMLCanvasElement;
  boxes: HTMLCanvasElement;
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
};

const TICK_MS = 100;
const PUMP_MS = 250;
const REPORT_MS = 2000;
const MARKETS_KEPT = 30;
const NEWS_KEPT = 5;
const HISTORY_ASKED = 50;

const NO_FIGURES: ViewerView['figures'] = {
  frames: 0,
  firstFrameMs: null,
  lastFrameMs: null,
  delayMs: null,
  delayP95Ms: null,
  overlayDelayP95Ms: null,
  ownFrameShare: null,
  addedDelayMs: 0,
  framesPerSecond: 0,
  uncertaintyMs: null,
};

export function createViewerSession(options: ViewerSessionOptions): ViewerSession {
  const { channel, origin, timers, monotonicMs, textStore } = options;
  const clock = createPageClock(monotonicMs);
  const book = new BetBook({ storage: betStorageOf(textStore, channel), random: options.random });
  const store = createStore<ViewerView>(() => ({
    watch: 'connecting',
    wasLive: false,
    facts: { state: 'connecting' },
    show: null,
    markets: [],
    balance: null,
    bets: book.list(),
    news: [],
    overlay: 'live',
    sound: false,
    figures: NO_FIGURES,
    isLasting: textStore.isLasting,
    betTrouble: '',
  }));
  let relayBackMs: number | null = null;
  let wasWelcome = false;
  let screen: Screen | null = null;
  let first = options.first;
  let clockOffset: number | null = null;
  /** The relay's last word on the show was one of the studio's. */
  let knowsShow = false;

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
      book.connectionOpened();
      askHistory();
      pump();
    },
    onWord: (word) => take(word),
    onPong: (pong) => clock.takePing(pong),
  });

  function askHistory(): void {
    const value = create(HistoryRequestSchema, { limit: HISTORY_ASKED });
    socket.send({ case: 'historyRequest', value });
  }

  /** Sends every bet that is due. A bet that could not be sent is due again by itself. */
  function pump(): void {
    if (!socket.isWelcome) return;
    for (const bet of book.takeDue(monotonicMs())) {
      const value = create(BetSchema, {
        betId: bet.betId,
        marketId: bet.marketId,
        outcome: bet.outcome,
        amountMinor: BigInt(bet.amountMinor),
      });
      socket.send({ case: 'bet', value });
    }
  }

  function take(word: ViewerWord): void {
    // A relay that just started lists no markets before its studio has told it of any.
    if (word.case === 'markets' && word.value.markets.length === 0 && !knowsShow) return;
    takeWord(word, { store, book, nowMs: monotonicMs() });
    if (word.case === 'show') knowsShow = showViewOf(word.value) !== null;
    // A relay that just started tells of a show it has not heard of yet: that has no clock either.
    if (word.case !== 'show' || showViewOf(word.value) === null) return;
    if (store.getState().show?.state === 'live') screen?.showIsLive();
    clockOffset = word.value.videoClockOffset;
    screen?.picture.setClockOffset(clockOffset);
  }

  const cancels: CancelTimer[] = [
    timers.every(PUMP_MS, pump),
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
      const place = { elements, store, clock, timers, monotonicMs, origin, channel, first };
      const own = new Screen(place);
      first = null;
      if (clockOffset !== null) own.picture.setClockOffset(clockOffset);
      screen = own;
      // What is shown already must not be called "connecting" for a moment.
      own.tick(relayBackMs);
      return () => {
        own.close();
        if (screen === own) screen = null;
      };
    },
    place({ market, outcome, amountMinor }) {
      try {
        book.place({
          marketId: market.id,
          outcome,
          amountMinor,
          marketTitle: market.title,
          outcomeLabel: market.outcomes[outcome]?.label ?? '',
          madeAtMs: options.wallMs(),
        });
        store.setState({ bets: book.list(), betTrouble: '' });
        pump();
      } catch (trouble) {
        store.setState({ betTrouble: trouble instanceof Error ? trouble.message : '' });
      }
    },
    setOverlay(overlay) {
      store.setState({ overlay });
      screen?.setOverlay(overlay);
    },
    setSound(isOn) {
      screen?.sound.set(isOn);
      store.setState({ sound: screen?.sound.isOn ?? false });
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

type Taking = { store: StoreApi<ViewerView>; book: BetBook; nowMs: number };

/** One word of the relay into the store. Words that make no sense change nothing. */
function takeWord(word: ViewerWord, { store, book, nowMs }: Taking): void {
  switch (word.case) {
    case 'show': {
      const known = store.getState().show;
      const { studioConnected, viewers } = word.value;
      const show = showViewOf(word.value) ?? (known && { ...known, studioConnected, viewers });
      store.setState({ show });
      return;
    }
    case 'markets': {
      const faces = word.value.markets.map(marketFaceOf).filter((face) => face !== null);
      store.setState({ markets: faces.slice(-MARKETS_KEPT) });
      return;
    }
    case 'market': {
      const face = marketFaceOf(word.value);
      if (!face) return;
      const others = store.getState().markets.filter((market) => market.id !== face.id);
      store.setState({ markets: [...others, face].slice(-MARKETS_KEPT) });
      return;
    }
    case 'balance':
      store.setState({
        balance: {
          availableMinor: Number(word.value.availableMinor),
          stakedMinor: Number(word.value.stakedMinor),
        },
      });
      return;
    case 'betReply': {
      const answer = betAnswerOf(word.value);
      if (answer) book.answered(answer, nowMs);
      break;
    }
    case 'settlement':
    case 'history': {
      const entries = word.case === 'history' ? word.value.entries : [word.value];
      for (const entry of entries) {
        const outcome = betOutcomeOf(entry);
        if (outcome) book.told(outcome);
      }
      break;
    }
    case 'event': {
      const line = newsLineOf(word.value);
      const news = store.getState().news.filter((other) => other.id !== line.id);
      store.setState({ news: [line, ...news].slice(0, NEWS_KEPT) });
      return;
    }
    default:
      return;
  }
  store.setState({ bets: book.list() });
}

function whole(value: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.round(value)));
}
