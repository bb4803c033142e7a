// One stream to viewers whose network lets no UDP through: access units and Opus packets over a
// WebSocket, read out of the fan-out once for all of them. Media may drop and must never wait: a
// viewer that is late gets nothing until the next key frame. TCP hides what waits in the system's
// own buffers, so lateness is judged by what the viewer says it has, not only by what waits here.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import { timestampDistance } from '../../core/media/rtp.ts';
import {
  readStreamAck,
  STREAM_CLOSED,
  type StreamKind,
  writeStreamMessage,
} from '../../core/media/streamMessage.ts';
import type { FanOut } from '../../native/webrtc/fanOut.ts';
import { type ReadUnit, UnitReader } from '../../native/webrtc/unitReader.ts';
import type { FactsSocket } from '../webSocket.ts';

/** Unsent bytes at which pictures are dropped: 0.8 s at 2.5 Mbit/s. */
const QUEUE_BYTES_MAX = 256 * 1024;
/** A picture that was sent so long ago and has not arrived: pictures are dropped. */
const LATE_US_MAX = 1_000_000;
/** Facts are latest-wins: they wait for nobody. */
const FACTS_QUEUE_BYTES_MAX = 64 * 1024;
/** Pictures kept for joiners: a group of pictures of 10 s at 60 a second. Longer ones are not. */
const KEPT_UNITS_MAX = 600;
const KEPT_BYTES_MAX = 16 * 1024 * 1024;
/** A viewer that takes nothing at all for so long is gone, ms. */
const SILENT_MS_MAX = 20_000;

export type StreamCounters = {
  joined: number;
  unitsSent: number;
  /** Pictures that a late viewer was not sent. */
  unitsDropped: number;
  /** How often a viewer fell behind and had to wait for a key frame. */
  fellBehind: number;
  soundsDropped: number;
  factsDropped: number;
  malformed: number;
  viewersSilent: number;
};

export type StreamSpreadOptions = {
  fanOut: FanOut;
  clock: MediaClock;
  timers: Timers;
  onViewerCount(viewerCount: number): void;
};

/** What is kept since the newest key frame, ready to be sent. */
type Kept = { bytes: Uint8Array; rtpTimestamp: number };

export class StreamSpread {
  readonly counters: StreamCounters = {
    joined: 0,
    unitsSent: 0,
    unitsDropped: 0,
    fellBehind: 0,
    soundsDropped: 0,
    factsDropped: 0,
    malformed: 0,
    viewersSilent: 0,
  };
  readonly #options: StreamSpreadOptions;
  readonly #viewers = new Set<StreamViewer>();
  #reader: UnitReader | undefined;
  #kept: Kept[] = [];
  #keptBytes = 0;

  constructor(options: StreamSpreadOptions) {
    this.#options = options;
  }

  get viewerCount(): number {
    return this.#viewers.size;
  }

  add(socket: FactsSocket): void {
    const viewer = new StreamViewer(socket, this.counters, {
      clock: this.#options.clock,
      timers: this.#options.timers,
      gone: () => this.#remove(viewer),
    });
    this.#viewers.add(viewer);
    this.counters.joined++;
    // The first one makes it read, from the cached key frame on; what is read goes to everybody.
    if (this.#reader) viewer.begin(this.#kept);
    else this.#read();
    if (!viewer.isStarted) this.#reader?.requestKeyFrame();
    this.#options.onViewerCount(this.#viewers.size);
  }

  close(): void {
    for (const viewer of [...this.#viewers]) viewer.end(STREAM_CLOSED.notLive, 'ended');
    this.#stop();
  }

  #read(): void {
    this.#reader = new UnitReader(this.#options.fanOut, {
      take: (unit) => this.#spread(unit),
      analytics: (bytes) => {
        const message = { kind: 'facts', rtpTimestamp: 0, senderUs: null, payload: bytes } as const;
        const written = writeStreamMessage(message);
        for (const viewer of this.#viewers) viewer.facts(written);
      },
    });
  }

  #spread(unit: ReadUnit): void {
    const { rtpTimestamp, senderUs, bytes: payload, isKeyFrame } = unit;
    const isPicture = unit.track === 'video';
    const kind: StreamKind = !isPicture ? 'sound' : isKeyFrame ? 'keyFrame' : 'deltaFrame';
    const bytes = writeStreamMessage({ kind, rtpTimestamp, senderUs, payload });
    if (!isPicture) {
      for (const viewer of this.#viewers) viewer.sound(bytes);
      return;
    }
    this.#keep({ bytes, rtpTimestamp }, isKeyFrame);
    for (const viewer of this.#viewers) viewer.picture(bytes, rtpTimestamp, isKeyFrame);
  }

  #keep(unit: Kept, isKeyFrame: boolean): void {
    if (isKeyFrame) {
      this.#kept = [];
      this.#keptBytes = 0;
    } else if (this.#kept.length === 0) return;
    this.#kept.push(unit);
    this.#keptBytes += unit.bytes.length;
    if (this.#kept.length <= KEPT_UNITS_MAX && this.#keptBytes <= KEPT_BYTES_MAX) return;
    // A joiner would have to decode all of it: better to wait for a new key frame.
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #remove(viewer: StreamViewer): void {
    if (!this.#viewers.delete(viewer)) return;
    if (this.#viewers.size === 0) this.#stop();
    this.#options.onViewerCount(this.#viewers.size);
  }

  /** Nobody watches this way: nothing is read or kept. */
  #stop(): void {
    this.#reader?.close();
    this.#reader = undefined;
    this.#kept = [];
    this.#keptBytes = 0;
  }
}

class StreamViewer {
  readonly #socket: FactsSocket;
  readonly #counters: StreamCounters;
  readonly #clock: MediaClock;
  readonly #gone: () => void;
  readonly #cancelLook: () => void;
  #sentTimestamp: number | undefined;
  /** A picture on its way, by whose arrival lateness is judged; one at a time is enough. */
  #probe: { rtpTimestamp: number; atUs: MediaTimeUs } | undefined;
  #state: 'waiting' | 'live' = 'waiting';
  #hasHeard = false;
  #isClosed = false;

  constructor(
    socket: FactsSocket,
    counters: StreamCounters,
    host: { clock: MediaClock; timers: Timers; gone(): void },
  ) {
    this.#socket = socket;
    this.#counters = counters;
    this.#clock = host.clock;
    this.#gone = host.gone;
    socket.onMessage((bytes) => this.#receive(bytes));
    socket.onClose(() => this.#closed());
    this.#cancelLook = host.timers.every(SILENT_MS_MAX, () => {
      if (this.#sentTimestamp !== undefined && !this.#hasHeard) {
        counters.viewersSilent++;
        this.#socket.terminate();
        this.#closed();
      }
      this.#hasHeard = false;
    });
  }

  get isStarted(): boolean {
    return this.#state === 'live';
  }

  /** All pictures since the key frame at once: the newest is shown as soon as it is decoded. */
  begin(kept: readonly Kept[]): void {
    for (const { bytes, rtpTimestamp } of kept) this.#sendPicture(bytes, rtpTimestamp);
    if (kept.length > 0) this.#state = 'live';
  }

  picture(bytes: Uint8Array, rtpTimestamp: number, isKeyFrame: boolean): void {
    if (this.#state === 'live' && this.#isLate()) {
      this.#state = 'waiting';
      this.#counters.fellBehind++;
    }
    if (this.#state === 'waiting') {
      if (!isKeyFrame || this.#isLate()) {
        this.#counters.unitsDropped++;
        return;
      }
      this.#state = 'live';
    }
    this.#sendPicture(bytes, rtpTimestamp);
  }

  sound(bytes: Uint8Array): void {
    if (this.#state === 'live' && this.#socket.unsentBytes <= QUEUE_BYTES_MAX) {
      this.#socket.send(bytes);
    } else this.#counters.soundsDropped++;
  }

  facts(bytes: Uint8Array): void {
    if (this.#socket.unsentBytes <= FACTS_QUEUE_BYTES_MAX) this.#socket.send(bytes);
    else this.#counters.factsDropped++;
  }

  end(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#closed();
  }

  #sendPicture(bytes: Uint8Array, rtpTimestamp: number): void {
    this.#sentTimestamp = rtpTimestamp;
    this.#probe ??= { rtpTimestamp, atUs: this.#clock.nowUs() };
    this.#counters.unitsSent++;
    this.#socket.send(bytes);
  }

  #isLate(): boolean {
    if (this.#socket.unsentBytes > QUEUE_BYTES_MAX) return true;
    return this.#probe !== undefined && this.#clock.nowUs() - this.#probe.atUs > LATE_US_MAX;
  }

  #receive(bytes: Uint8Array): void {
    const heard = readStreamAck(bytes);
    if (heard === undefined || this.#sentTimestamp === undefined) {
      this.#counters.malformed++;
      this.end(STREAM_CLOSED.malformed, 'MALFORMED');
      return;
    }
    this.#hasHeard = true;
    // Who claims to have what was not sent yet only hides its own lateness.
    const probe = this.#probe;
    if (probe && timestampDistance(probe.rtpTimestamp, heard) >= 0) this.#probe = undefined;
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelLook();
    this.#gone();
  }
}
