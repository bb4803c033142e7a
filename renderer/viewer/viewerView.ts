// What the page shows, in one store, and how the relay's words about show, markets, balance and
// events change it. Words that make no sense change nothing.

import type { StoreApi } from 'zustand/vanilla';
import { isSameEvent } from '../../core/contract/eventCatalogue.ts';
import type { MarketFace } from '../ui/MarketCard.tsx';
import { LAYERS_AT_FIRST, type OverlayLayers } from '../ui/overlayLayers.ts';
import type { OverlayMode } from '../ui/overlayPainter.ts';
import type { Transport } from './address.ts';
import type { BetRecord } from './betRecord.ts';
import type { FactsState, ViewerWord } from './factsSocket.ts';
import type { LimitWish, OwnLimits } from './limitBook.ts';
import type { MoveFigures } from './mediaMove.ts';
import type { PictureFigures } from './picture.ts';
import type { SaleQuote, StakeQuote } from './priceAsker.ts';
import type { SealState } from './seal.ts';
import type { TransportReason } from './transport.ts';
import type { WatchState } from './watchState.ts';
import {
  type BalanceView,
  balanceViewOf,
  type LeaderboardView,
  leaderboardViewOf,
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
  balance: BalanceView | null;
  bets: BetRecord[];
  /** Newest first. */
  news: NewsLine[];
  /** By market: the price of the stake that is thought about. */
  stakeQuotes: Readonly<Record<string, StakeQuote>>;
  /** By bet: what selling all of it would bring. */
  saleQuotes: Readonly<Record<string, SaleQuote>>;
  /** Null until asked for and answered. */
  limits: OwnLimits | null;
  /** Changes of limits that wait for the ledger. */
  limitWishes: LimitWish[];
  /** Why the last change of a limit was not made; empty when it was. */
  limitTrouble: string;
  /** What is being said; `number` tells one from the next. */
  caption: { text: string; language: string; showMs: number; number: number } | null;
  hasCaptions: boolean;
  /** Null until the studio told of it. */
  leaderboard: LeaderboardView | null;
  overlay: OverlayMode;
  layers: OverlayLayers;
  sound: boolean;
  /** Who carries the picture, and what moving there cost. */
  move: MoveFigures;
  /** Whether this page can open the picture, where the show is sealed end to end. */
  seal: SealState;
  transport: Transport;
  /** Why the picture does not come by WebRTC; null where it does. */
  transportReason: TransportReason | null;
  /** Sound after picture by WebSocket, ms; null without. */
  streamSkewMs: number | null;
  figures: PictureFigures & { framesPerSecond: number; uncertaintyMs: number | null };
  /** False: the browser keeps nothing, and bets and key are gone with the page. */
  isLasting: boolean;
  /** Why the last tap on "bet" made no bet; empty when it did. */
  betTrouble: string;
};

const MARKETS_KEPT = 30;
const NEWS_KEPT = 8;
const CAPTION_LENGTH_MAX = 200;

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

export function firstView(isLasting: boolean): ViewerView {
  return {
    watch: 'connecting',
    wasLive: false,
    facts: { state: 'connecting' },
    show: null,
    markets: [],
    balance: null,
    bets: [],
    news: [],
    stakeQuotes: {},
    saleQuotes: {},
    limits: null,
    limitWishes: [],
    limitTrouble: '',
    caption: null,
    hasCaptions: true,
    leaderboard: null,
    overlay: 'live',
    layers: LAYERS_AT_FIRST,
    seal: 'none',
    sound: false,
    move: { place: 'here', shift: 0, gapMs: null },
    transport: 'webrtc',
    transportReason: null,
    streamSkewMs: null,
    figures: NO_FIGURES,
    isLasting,
    betTrouble: '',
  };
}

/** One word of the relay into the store. */
export function takeWord(word: ViewerWord, store: StoreApi<ViewerView>): void {
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
    case 'balance': {
      const balance = balanceViewOf(word.value);
      if (balance) store.setState({ balance });
      return;
    }
    case 'leaderboard': {
      const leaderboard = leaderboardViewOf(word.value);
      if (leaderboard) store.setState({ leaderboard });
      return;
    }
    case 'caption': {
      const { text, language, showMs } = word.value;
      const number = (store.getState().caption?.number ?? 0) + 1;
      if (text.length <= CAPTION_LENGTH_MAX) {
        store.setState({ caption: { text, language, showMs, number } });
      }
      return;
    }
    case 'event':
      store.setState({ news: newsOf([newsLineOf(word.value)], store.getState().news) });
      return;
    case 'events':
      store.setState({ news: newsOf(word.value.events.map(newsLineOf), store.getState().news) });
      return;
    default:
      return;
  }
}

/** Newest first by when it happened, each happening once. */
export function newsOf(told: readonly NewsLine[], known: readonly NewsLine[]): NewsLine[] {
  const all: NewsLine[] = [];
  for (const line of [...told, ...known]) {
    if (!all.some((other) => isSameEvent(other, line))) all.push(line);
  }
  return all.sort((one, other) => other.captureUs - one.captureUs).slice(0, NEWS_KEPT);
}
