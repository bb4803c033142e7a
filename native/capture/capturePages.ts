// The engine's end of a capture page, whatever carries it: greets it, asks for its clock, pays its
// credits and hands its frames to camera:, screen: and window: while those are selected (two of
// them while one takes over from another). One page at a time: the newest is the one a person just
// opened.

import type { CancelTimer, MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import {
  CAPTURE_CREDITS,
  CAPTURE_PORT_VERSION,
  type CaptureProgram,
  createRemoteClock,
  decodeCaptureMessage,
  decodePageFrame,
  encodeCaptureMessage,
  type FromPage,
  fromPageSchema,
  isCaptureMessage,
  type MarketCardFacts,
  type PageFrame,
  type ToPage,
} from '../../core/media/capturePort.ts';
import type { LowerLayer } from '../../core/media/feed.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import type { CapturePagePort } from './source.ts';

export type PageState = Extract<FromPage, { type: 'state' }>;

/** Who takes a page's frames: a source while it is selected. */
export type PageReceiver = {
  onFrame(frame: PageFrame, captureUs: MediaTimeUs): void;
  /** Null: no page is open, or the open one has not said yet. */
  onState(state: PageState | null): void;
  onDropped(count: number): void;
};

export type CapturePages = {
  attach(port: CapturePagePort): void;
  /**
   * Hands a program's frames to `receiver` from now on; the page is told. The latest one gets them.
   *
   * @returns ends it; without effect once another receives
   */
  receive(program: CaptureProgram, receiver: PageReceiver): () => void;
  /** What scenes with a market's card show; null: no market. */
  showMarket(card: MarketCardFacts | null): void;
  requestKeyFrame(): boolean;
  setBitrate(bitsPerSecond: number): boolean;
  /** What the page's encoders are to make from now on. */
  setPicture(picture: PictureTarget): void;
  /** Smaller copies that the page should make. */
  setLayers(layers: readonly LowerLayer[]): void;
  close(): void;
};

/** Eight pings at once give a mapping within a second; then one every 10 s keeps it. */
const FIRST_PINGS = 8;
const FIRST_PING_PERIOD_MS = 50;
const PING_PERIOD_MS = 10_000;
/** Credits are paid back in portions, so that frames do not cost a message each. */
const CREDIT_PORTION = 8;

export function createCapturePages(options: {
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
}): CapturePages {
  const receivers = new Map<CaptureProgram, PageReceiver>();
  let page: PageConnection | null = null;
  let card: MarketCardFacts | null = null;
  const tellWanted = () => page?.send({ type: 'wanted', programs: [...receivers.keys()] });
  return {
    attach(port) {
      page?.refuse('Another capture page was opened.');
      const connection = new PageConnection(port, options, {
        onFrame: (frame, captureUs) => receivers.get(frame.program)?.onFrame(frame, captureUs),
        onState: (state) => {
          if (page === connection) receivers.get(state.program)?.onState(state);
        },
        onDropped: (count) => receivers.values().next().value?.onDropped(count),
      });
      page = connection;
      port.onClose(() => {
        connection.end();
        if (page !== connection) return;
        page = null;
        for (const receiver of receivers.values()) receiver.onState(null);
      });
      connection.start();
      tellWanted();
      connection.send({ type: 'market', card });
    },
    receive(program, receiver) {
      receivers.set(program, receiver);
      tellWanted();
      receiver.onState(page?.states.get(program) ?? null);
      page?.send({ type: 'keyFrame' });
      return () => {
        if (receivers.get(program) !== receiver) return;
        receivers.delete(program);
        tellWanted();
      };
    },
    showMarket(next) {
      card = next;
      page?.send({ type: 'market', card });
    },
    requestKeyFrame() {
      page?.send({ type: 'keyFrame' });
      return page !== null;
    },
    setBitrate(bitsPerSecond) {
      page?.send({ type: 'bitrate', bitsPerSecond: Math.round(bitsPerSecond) });
      return page !== null;
    },
    setPicture({ width, height, framesPerSecond, bitsPerSecond }) {
      page?.send({ type: 'bitrate', bitsPerSecond: Math.round(bitsPerSecond) });
      page?.send({ type: 'picture', width, height, framesPerSecond });
    },
    setLayers(layers) {
      page?.send({ type: 'layers', layers: [...layers] });
    },
    close() {
      const last = page;
      page = null;
      receivers.clear();
      last?.end();
      last?.port.close();
    },
  };
}

/** What one connection tells of. */
type PageListener = {
  onFrame(frame: PageFrame, captureUs: MediaTimeUs): void;
  onState(state: PageState): void;
  onDropped(count: number): void;
};

class PageConnection {
  readonly port: CapturePagePort;
  readonly states = new Map<CaptureProgram, PageState>();
  #options: { clock: MediaClock; timers: Timers; logger: Logger };
  #receiver: PageListener;
  #clock = createRemoteClock();
  #pings = new Map<number, MediaTimeUs>();
  #nextPing = 0;
  #owed = 0;
  #cancelPing: CancelTimer = () => {};
  #malformed = 0;
  #hasEnded = false;

  constructor(
    port: CapturePagePort,
    options: { clock: MediaClock; timers: Timers; logger: Logger },
    receiver: PageListener,
  ) {
    this.port = port;
    this.#options = options;
    this.#receiver = receiver;
  }

  start(): void {
    this.port.onMessage((message) => {
      if (this.#hasEnded) return;
      if (isCaptureMessage(message)) this.#hearMessage(message);
      else this.#hearFrame(message);
    });
    this.send({ type: 'welcome', credits: CAPTURE_CREDITS });
    this.#ping();
  }

  send(message: ToPage): void {
    if (!this.#hasEnded) this.port.send(encodeCaptureMessage(message));
  }

  refuse(reason: string): void {
    this.send({ type: 'refused', reason });
    this.end();
    this.port.close();
  }

  end(): void {
    this.#hasEnded = true;
    this.#cancelPing();
  }

  #ping(): void {
    const id = this.#nextPing++;
    this.#pings.set(id, this.#options.clock.nowUs());
    if (this.#pings.size > FIRST_PINGS) this.#pings.delete(id - FIRST_PINGS);
    this.send({ type: 'ping', id });
    const waitMs = id < FIRST_PINGS ? FIRST_PING_PERIOD_MS : PING_PERIOD_MS;
    this.#cancelPing = this.#options.timers.after(waitMs, () => this.#ping());
  }

  #hearMessage(message: Uint8Array): void {
    const parsed = decodeCaptureMessage(fromPageSchema, message);
    if (!parsed) {
      this.#complain();
      return;
    }
    switch (parsed.type) {
      case 'hello':
        if (parsed.version !== CAPTURE_PORT_VERSION) {
          this.refuse('This capture page is of another version; reload it.');
        }
        return;
      case 'state':
        this.states.set(parsed.program, parsed);
        this.#receiver.onState(parsed);
        return;
      case 'dropped':
        this.#receiver.onDropped(parsed.count);
        return;
      case 'pong': {
        const sentUs = this.#pings.get(parsed.id);
        this.#pings.delete(parsed.id);
        if (sentUs !== undefined) {
          this.#clock.add(sentUs, parsed.pageUs, this.#options.clock.nowUs());
        }
        return;
      }
    }
  }

  #hearFrame(message: Uint8Array): void {
    this.#owed++;
    if (this.#owed >= CREDIT_PORTION) {
      this.send({ type: 'credit', count: this.#owed });
      this.#owed = 0;
    }
    const frame = decodePageFrame(message);
    if (!frame) {
      this.#complain();
      return;
    }
    const captureUs = this.#clock.toLocalUs(frame.pageUs);
    // Before the first pong nobody knows when this was; the page is asked for a key frame later.
    if (captureUs !== null) this.#receiver.onFrame(frame, captureUs);
    else this.#receiver.onDropped(1);
  }

  #complain(): void {
    this.#malformed++;
    if (this.#malformed === 1) this.#options.logger.warn('A capture page sends what is no message');
    if (this.#malformed >= 10) this.refuse('This page sends messages that are not understood.');
  }
}
