// The page's one reliable line to the relay: signs in with the device key, comes back by itself
// after every loss, keeps the media clock and hands on what it is told. It queues nothing: what
// must survive a loss is kept by the bet book and sent again. Bytes that do not read are counted
// and dropped; a message of a kind this page does not know is no fault.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import {
  type FromViewer,
  FromViewerSchema,
  HelloSchema,
  PingSchema,
  type ToViewer,
  ToViewerSchema,
} from '../../core/wire/gen/facts_pb.js';
import type { DeviceKey, HelloParts } from './deviceKey.ts';

export const RECONNECT_FIRST_MS = 250;
export const RECONNECT_GROWTH = 1.5;
export const RECONNECT_CAP_MS = 5000;
/** A loss this fresh is most likely a restart: until then waits stay below the short cap. */
export const FRESH_LOSS_MS = 8000;
export const RECONNECT_FRESH_CAP_MS = 600;
/** The relay restarted and the studio is not back yet: it will be in a moment. */
const SOON_CODES: ReadonlySet<string> = new Set(['UNKNOWN_CHANNEL']);
export const PINGS_AT_START = 8;
export const PING_GAP_AT_START_MS = 60;
export const PING_PERIOD_MS = 10_000;
/** A relay that says nothing for this long after a ping is gone, whatever the socket thinks. */
export const PONG_PATIENCE_MS = 6000;
/** Larger messages are none of ours. */
export const MESSAGE_BYTES_MAX = 1 << 20;

/** As much of a WebSocket as is used here. */
export type FactsLine = {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
};
export type FactsLineEvents = {
  onMessage(bytes: Uint8Array): void;
  /** Once, also when it never opened. */
  onClose(): void;
};

export type FactsState =
  | { state: 'connecting' }
  /** `isResumed`: only what was missed follows, so what the page knows still stands. */
  | { state: 'welcome'; role: string; isResumed: boolean }
  /** The relay said no; `code` and `message` are its words. It is asked again after a while. */
  | { state: 'refused'; code: string; message: string };

export type ViewerWord = Exclude<ToViewer['message'], { case: undefined }>;
export type OutgoingWord = Exclude<FromViewer['message'], { case: undefined }>;

type FactsSocketOptions = {
  channel: string;
  device: DeviceKey;
  timers: Timers;
  /** Monotonic milliseconds: `performance.now`. */
  monotonicMs(): number;
  openLine(events: FactsLineEvents): FactsLine;
  onState(state: FactsState): void;
  onWord(word: ViewerWord): void;
  onPong(pong: {
    sentMs: number;
    receivedMs: number;
    mediaUs: number;
    uncertaintyUs: number;
  }): void;
};

export class FactsSocket {
  #options: FactsSocketOptions;
  #line: FactsLine | null = null;
  #timers = new Set<CancelTimer>();
  #retryMs = RECONNECT_FIRST_MS;
  #isWelcome = false;
  #isRefused = false;
  #isClosed = false;
  #lostAtMs: number | null = null;
  #pongDue: CancelTimer | null = null;
  /** The newest number heard of what everybody is told, and whose numbers they are. */
  #heard = { feed: '', number: 0n };
  /** Messages that did not read as ours since the page was opened. */
  unreadableCount = 0;

  constructor(options: FactsSocketOptions) {
    this.#options = options;
    this.#open();
  }

  get isWelcome(): boolean {
    return this.#isWelcome;
  }

  /** Sends now, or returns false: there is no welcome yet, or the line is gone. */
  send(word: OutgoingWord): boolean {
    if (!this.#isWelcome) return false;
    return this.#sendRaw(word);
  }

  /** Ends it for good; nothing is heard afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  /** Tries at once instead of waiting: the network came back or the page was shown again. */
  hurry(): void {
    if (this.#isClosed || this.#line) return;
    this.#drop();
    this.#retryMs = RECONNECT_FIRST_MS;
    this.#open();
  }

  #open(): void {
    // A refusal stays in sight until a welcome takes it back.
    if (!this.#isRefused) this.#options.onState({ state: 'connecting' });
    let isOver = false;
    const line = this.#options.openLine({
      onMessage: (bytes) => {
        if (!isOver && this.#line === line) this.#take(bytes);
      },
      onClose: () => {
        if (isOver) return;
        isOver = true;
        if (this.#line === line) this.#lost();
      },
    });
    this.#line = line;
  }

  #lost(): void {
    this.#drop();
    if (this.#isClosed) return;
    const nowMs = this.#options.monotonicMs();
    this.#lostAtMs ??= nowMs;
    const isFresh = nowMs - this.#lostAtMs < FRESH_LOSS_MS;
    const waitMs = Math.min(this.#retryMs, isFresh ? RECONNECT_FRESH_CAP_MS : RECONNECT_CAP_MS);
    this.#retryMs = Math.min(RECONNECT_CAP_MS, this.#retryMs * RECONNECT_GROWTH);
    if (!this.#isRefused) this.#options.onState({ state: 'connecting' });
    this.#after(waitMs, () => this.#open());
  }

  #drop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#pongDue = null;
    this.#isWelcome = false;
    const line = this.#line;
    this.#line = null;
    line?.close();
  }

  #take(bytes: Uint8Array): void {
    const told = this.#read(bytes);
    if (!told) return;
    const { word, number } = told;
    if (number > 0n) {
      // Each number once: what comes twice was heard.
      if (number <= this.#heard.number) return;
      this.#heard.number = number;
    }
    const { channel, device, onState, onWord } = this.#options;
    switch (word.case) {
      case 'challenge':
        void this.#sayHello(device.hello(channel, word.value.nonce));
        return;
      case 'welcome':
        this.#isWelcome = true;
        this.#isRefused = false;
        this.#retryMs = RECONNECT_FIRST_MS;
        this.#lostAtMs = null;
        // Not resumed: all that stands follows, up to this number.
        if (!word.value.resumed) this.#heard = { feed: word.value.feed, number: word.value.number };
        onState({ state: 'welcome', role: word.value.role, isResumed: word.value.resumed });
        this.#startPings();
        return;
      case 'refused':
        this.#isRefused = true;
        onState({ state: 'refused', code: word.value.code, message: word.value.message });
        if (!SOON_CODES.has(word.value.code)) {
          // No answer to the same question gets better within a second.
          this.#retryMs = RECONNECT_CAP_MS;
          this.#lostAtMs = Number.NEGATIVE_INFINITY;
        }
        return;
      case 'pong':
        this.#pongDue?.();
        this.#pongDue = null;
        if (word.value.mediaUs > 0n) {
          this.#options.onPong({
            sentMs: word.value.sentMs,
            receivedMs: this.#options.monotonicMs(),
            mediaUs: Number(word.value.mediaUs),
            uncertaintyUs: word.value.uncertaintyUs,
          });
        }
        return;
      default:
        onWord(word);
    }
  }

  /** Signing takes a moment: the line may be another one by then. */
  async #sayHello(signing: Promise<HelloParts>): Promise<void> {
    const line = this.#line;
    const hello = await signing;
    if (this.#line !== line) return;
    const { feed: resumeFeed, number: resumeNumber } = this.#heard;
    const value = create(HelloSchema, { ...hello, resumeFeed, resumeNumber });
    this.#sendRaw({ case: 'hello', value });
  }

  #read(bytes: Uint8Array): { word: ViewerWord; number: bigint } | null {
    if (bytes.length > MESSAGE_BYTES_MAX) {
      this.unreadableCount++;
      return null;
    }
    try {
      const { message: word, number } = fromBinary(ToViewerSchema, bytes);
      return word.case === undefined ? null : { word, number };
    } catch {
      this.unreadableCount++;
      return null;
    }
  }

  #startPings(): void {
    for (let at = 0; at < PINGS_AT_START; at++) {
      this.#after(at * PING_GAP_AT_START_MS, () => this.#ping());
    }
    this.#timers.add(this.#options.timers.every(PING_PERIOD_MS, () => this.#ping()));
  }

  #ping(): void {
    this.#sendRaw({
      case: 'ping',
      value: create(PingSchema, { sentMs: this.#options.monotonicMs() }),
    });
    this.#pongDue ??= this.#after(PONG_PATIENCE_MS, () => this.#lost());
  }

  #after(delayMs: number, run: () => void): CancelTimer {
    const cancel = this.#options.timers.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  #sendRaw(message: OutgoingWord): boolean {
    const line = this.#line;
    if (!line) return false;
    try {
      line.send(toBinary(FromViewerSchema, create(FromViewerSchema, { message })));
      return true;
    } catch {
      return false;
    }
  }
}

/** A line over the browser's WebSocket. */
export function webSocketLine(url: string, events: FactsLineEvents): FactsLine {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    // Text is no word of this wire: an empty message reads as one without content.
    events.onMessage(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0));
  };
  socket.onclose = () => events.onClose();
  return {
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
  };
}
