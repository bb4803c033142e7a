// Plays a show that comes by WebSocket: access units go through the browser's own decoder, and each
// picture is handed on as soon as it is decoded; with sound on it waits for its sound. Latest wins:
// what the decoder cannot keep up with is left out up to the next key frame, and counted. Comes
// back by itself; trouble is a state, never an exception. Loaded only where WebRTC does not do.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { NAL_SPS, nalTypeOf, parseSps, splitAnnexB } from '../../core/media/h264.ts';
import {
  readStreamMessage,
  STREAM_CLOSED,
  type StreamMessage,
  writeStreamAck,
} from '../../core/media/streamMessage.ts';
import { StreamSound } from './streamSound.ts';

export type StreamPlayerState = 'connecting' | 'playing' | 'notLive' | 'cannotDecode';

export type StreamFigures = {
  received: number;
  presented: number;
  /** Left out because the decoder was behind, or because a key frame was missing. */
  skipped: number;
  decoderErrors: number;
  connections: number;
  /** Sound after picture when last measured, ms; null without sound. */
  skewMs: number | null;
};

export type StreamPlayerOptions = {
  /** ws: or wss: address of the stream. */
  url: string;
  timers: Timers;
  monotonicMs: () => number;
  /** A picture to show now; it is closed afterwards. */
  onFrame(frame: VideoFrame, rtpTimestamp: number): void;
  onFacts(bytes: Uint8Array): void;
};

const RETRY_FIRST_MS = 250;
const RETRY_MS_MAX = 5_000;
/** Not even sound for so long: the connection is dead, or its picture is elsewhere now, ms. */
const SILENT_MS_FIRST = 4_000;
/** Each connection that brings no more than kept pictures is waited for twice as long, ms. */
const SILENT_MS_MAX = 32_000;
/** What still comes this long after a connection was begun is no kept picture, ms. */
const FLOWING_MS = 2_000;
/** How often the relay hears how far we are, ms. */
const ACK_MS = 100;
/** More than this in the decoder: what comes is left out up to the next key frame. */
const DECODING_MAX = 40;
/** While more than this wait behind a picture it is not shown: only the newest is. */
const UNSHOWN_BEHIND = 2;
/** Pictures wait for their sound at most so long, ms. */
const HELD_MS_MAX = 500;
/** From the decoder's input to the screen: about one picture, ms. */
const SHOWING_MS = 20;

type Sent = { rtpTimestamp: number; senderUs: number | null };

export class StreamPlayer {
  readonly figures: StreamFigures = {
    received: 0,
    presented: 0,
    skipped: 0,
    decoderErrors: 0,
    connections: 0,
    skewMs: null,
  };
  readonly sound: StreamSound;
  readonly #options: StreamPlayerOptions;
  readonly #cancelAck: CancelTimer;
  #state: StreamPlayerState = 'connecting';
  #socket: WebSocket | null = null;
  #cancelRetry: CancelTimer = () => {};
  #begunMs = 0;
  /** When the connection last brought anything. */
  #heardMs = 0;
  #silentMsMax = SILENT_MS_FIRST;
  #retryMs = RETRY_FIRST_MS;
  #decoder: VideoDecoder | null = null;
  #codec = '';
  #needsKeyFrame = true;
  #count = 0;
  readonly #inDecoder = new Map<number, Sent>();
  /** Encoded pictures that wait for their sound, oldest first. */
  #held: StreamMessage[] = [];
  #cancelHeld: CancelTimer | null = null;
  #newestTimestamp: number | null = null;
  #ackedTimestamp: number | null = null;
  #isClosed = false;

  /** Starts at once; `close` ends it for good. */
  constructor(options: StreamPlayerOptions) {
    this.#options = options;
    this.sound = new StreamSound(options.monotonicMs);
    this.#cancelAck = options.timers.every(ACK_MS, () => {
      this.#acknowledge();
      this.#lookForSilence();
    });
    this.#connect();
  }

  get state(): StreamPlayerState {
    return this.#state;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelAck();
    this.#cancelRetry();
    this.#socket?.close();
    this.#dropDecoder();
    this.sound.close();
  }

  #connect(): void {
    if (this.#isClosed) return;
    this.figures.connections++;
    const socket = new WebSocket(this.#options.url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#begunMs = this.#options.monotonicMs();
    this.#heardMs = this.#begunMs;
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (this.#socket === socket && data instanceof ArrayBuffer) this.#take(new Uint8Array(data));
    });
    socket.addEventListener('close', ({ code }) => {
      if (this.#socket === socket) this.#lost(code);
    });
  }

  /** The connection is gone: the next one follows, later each time that one brings nothing. */
  #lost(code: number): void {
    if (this.#isClosed) return;
    this.#socket = null;
    this.#needsKeyFrame = true;
    this.#newestTimestamp = null;
    if (this.#state !== 'cannotDecode') {
      this.#state = code === STREAM_CLOSED.notLive ? 'notLive' : 'connecting';
    }
    this.#cancelRetry = this.#options.timers.after(this.#retryMs, () => this.#connect());
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
  }

  /** A dead connection is not closed by anybody: without this a page would wait for ever. */
  #lookForSilence(): void {
    const socket = this.#socket;
    if (!socket || this.#options.monotonicMs() - this.#heardMs < this.#silentMsMax) return;
    this.#silentMsMax = Math.min(SILENT_MS_MAX, this.#silentMsMax * 2);
    this.#lost(0);
    socket.close();
  }

  #take(bytes: Uint8Array): void {
    const message = readStreamMessage(bytes);
    if (!message) return;
    this.#retryMs = RETRY_FIRST_MS;
    this.#heardMs = this.#options.monotonicMs();
    if (this.#heardMs - this.#begunMs > FLOWING_MS) this.#silentMsMax = SILENT_MS_FIRST;
    if (message.kind === 'facts') this.#options.onFacts(message.payload);
    else if (message.kind === 'sound') {
      this.sound.push(message.payload, message.rtpTimestamp, message.senderUs);
    } else {
      this.figures.received++;
      this.#newestTimestamp = message.rtpTimestamp;
      this.#hold(message);
    }
  }

  #acknowledge(): void {
    const newest = this.#newestTimestamp;
    if (newest === null || newest === this.#ackedTimestamp) return;
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#ackedTimestamp = newest;
    this.#socket.send(new Uint8Array(writeStreamAck(newest)));
  }

  /** At once, or when its sound is nearly there; never out of order. */
  #hold(message: StreamMessage): void {
    if (this.#held.length === 0 && this.#waitMs(message) <= 0) this.#decode(message);
    else {
      this.#held.push(message);
      this.#releaseHeld();
    }
  }

  #waitMs({ senderUs }: StreamMessage): number {
    const { offsetMs } = this.sound;
    if (offsetMs === null || senderUs === null) return 0;
    const waitMs = senderUs / 1000 + offsetMs - SHOWING_MS - this.#options.monotonicMs();
    // Further ahead, the two clocks are not of one show.
    return waitMs > HELD_MS_MAX ? 0 : waitMs;
  }

  #releaseHeld(): void {
    this.#cancelHeld?.();
    this.#cancelHeld = null;
    for (;;) {
      const [first] = this.#held;
      if (!first) return;
      const waitMs = this.#waitMs(first);
      if (waitMs > 1) {
        this.#cancelHeld = this.#options.timers.after(waitMs, () => this.#releaseHeld());
        return;
      }
      this.#held.shift();
      this.#decode(first);
    }
  }

  #decode(message: StreamMessage): void {
    if (message.kind === 'keyFrame') this.#configure(message.payload);
    const decoder = this.#decoder;
    const isKey = message.kind === 'keyFrame';
    if (this.#needsKeyFrame && !isKey) {
      this.figures.skipped++;
      return;
    }
    if (decoder?.state !== 'configured') return;
    if (!isKey && decoder.decodeQueueSize > DECODING_MAX) {
      this.#needsKeyFrame = true;
      this.figures.skipped++;
      return;
    }
    this.#needsKeyFrame = false;
    const { rtpTimestamp, senderUs } = message;
    this.#inDecoder.set(++this.#count, { rtpTimestamp, senderUs });
    const type = isKey ? 'key' : 'delta';
    decoder.decode(new EncodedVideoChunk({ type, timestamp: this.#count, data: message.payload }));
  }

  /** A key frame says how it is to be decoded; a decoder of another kind is replaced. */
  #configure(annexB: Uint8Array): void {
    const parameters = splitAnnexB(annexB).find((unit) => nalTypeOf(unit) === NAL_SPS);
    if (!parameters) return;
    const codec = codecOf(parameters);
    if (codec === null) return;
    if (this.#decoder?.state === 'configured' && codec === this.#codec) return;
    this.#dropDecoder();
    this.#codec = codec;
    const decoder = new VideoDecoder({
      output: (frame) => this.#present(frame),
      error: (cause) => {
        if (this.#decoder !== decoder) return;
        this.figures.decoderErrors++;
        this.#decoder = null;
        this.#needsKeyFrame = true;
        if (cause.name === 'NotSupportedError') this.#state = 'cannotDecode';
      },
    });
    decoder.configure({ codec, optimizeForLatency: true });
    this.#decoder = decoder;
  }

  #present(frame: VideoFrame): void {
    const sent = this.#inDecoder.get(frame.timestamp);
    // What the decoder left out never comes.
    for (const number of this.#inDecoder.keys()) {
      if (number > frame.timestamp) break;
      this.#inDecoder.delete(number);
    }
    this.#state = 'playing';
    if (sent && this.#inDecoder.size <= UNSHOWN_BEHIND) {
      this.figures.presented++;
      const { offsetMs } = this.sound;
      if (offsetMs !== null && sent.senderUs !== null) {
        const heardMs = sent.senderUs / 1000 + offsetMs;
        this.figures.skewMs = heardMs - this.#options.monotonicMs();
      }
      this.#options.onFrame(frame, sent.rtpTimestamp);
    } else this.figures.skipped++;
    frame.close();
  }

  #dropDecoder(): void {
    this.#cancelHeld?.();
    this.#cancelHeld = null;
    this.#held = [];
    this.#inDecoder.clear();
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== 'closed') decoder.close();
  }
}

function codecOf(parameters: Uint8Array): string | null {
  try {
    return parseSps(parameters).codec;
  } catch {
    return null;
  }
}
