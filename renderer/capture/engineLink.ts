// The binary connection to the engine: comes back for ever after a loss, answers the engine's
// questions about our clock, and lets a frame through only when it is paid for. It never queues: a
// frame that may not go now is dropped and counted.

import {
  CAPTURE_PORT_VERSION,
  type CaptureProgram,
  createCreditGate,
  decodeCaptureMessage,
  encodeCaptureMessage,
  encodePageFrame,
  type FromPage,
  type PageFrame,
  type ToPage,
  toPageSchema,
} from '../../core/media/capturePort.ts';
import type { LowerLayer } from '../../core/media/feed.ts';
import type { Line, LineSignals } from './line.ts';

export type EngineLink = {
  start(): void;
  /** Sends a frame, or drops and counts it. */
  sendFrame(frame: PageFrame): void;
  /** Sends a message when connected; the caller says its state again at each `onOpen`. */
  sendMessage(message: FromPage): void;
  isOpen(): boolean;
  needsKeyFrame(program: CaptureProgram): boolean;
  droppedCount(): number;
  close(): void;
};

export type EngineLinkOptions = {
  /** Opens one connection; called again after each loss. */
  openLine(signals: LineSignals): Line;
  onOpen(): void;
  onClosed(): void;
  onMessage(message: ToPage): void;
};

const RETRY_MS_FIRST = 250;
/** A restarted engine is back within 3 s; waiting longer than this would be seen. */
const RETRY_MS_LONGEST = 1_000;
/** Above this the network, not the engine, is slow; frames are dropped as without credits. */
const BUFFERED_BYTES_MAX = 2_000_000;
const DROP_REPORT_MS = 1_000;

/** Makes the connection; start() opens it. */
export function createEngineLink(options: EngineLinkOptions): EngineLink {
  const gate = createCreditGate();
  let line: Line | null = null;
  let isClosed = false;
  let retryMs = RETRY_MS_FIRST;
  const brokenCopies = new Set<string>();
  let dropped = 0;
  let reported = 0;

  function sendMessage(message: FromPage): void {
    line?.send(encodeCaptureMessage(message));
  }

  function connect(): void {
    if (isClosed) return;
    const opened = options.openLine({
      onOpen() {
        retryMs = RETRY_MS_FIRST;
        options.onOpen();
      },
      onMessage: hear,
      onClosed() {
        if (line !== opened) return;
        line = null;
        gate.reset();
        options.onClosed();
        setTimeout(connect, retryMs);
        retryMs = Math.min(RETRY_MS_LONGEST, retryMs * 2);
      },
    });
    line = opened;
  }

  function hear(message: Uint8Array): void {
    const parsed = decodeCaptureMessage(toPageSchema, message);
    if (!parsed) return;
    if (parsed.type === 'ping') {
      sendMessage({ type: 'pong', id: parsed.id, pageUs: performance.now() * 1000 });
      return;
    }
    if (parsed.type === 'welcome') gate.add(parsed.credits);
    if (parsed.type === 'credit') gate.add(parsed.count);
    if (parsed.type === 'refused') {
      isClosed = true;
      clearInterval(reporter);
    }
    options.onMessage(parsed);
  }

  /** A copy costs a credit as sound does; after a lost one it goes on at its next key frame. */
  function sendCopy(frame: PageFrame, layer: LowerLayer, isClear: boolean): void {
    const name = `${frame.program} ${layer}`;
    const isUseless = brokenCopies.has(name) && !frame.keyFrame;
    if (isUseless || !isClear || !gate.take({ ...frame, track: 'audio' })) {
      brokenCopies.add(name);
      return;
    }
    brokenCopies.delete(name);
    line?.send(encodePageFrame(frame));
  }

  const reporter = setInterval(() => {
    if (dropped === reported || !line?.isOpen()) return;
    sendMessage({ type: 'dropped', count: Math.min(1_000_000, dropped - reported) });
    reported = dropped;
  }, DROP_REPORT_MS);

  return {
    start: connect,
    sendFrame(frame) {
      const isClear = line?.isOpen() === true && line.waitingBytes() < BUFFERED_BYTES_MAX;
      if (frame.layer) {
        sendCopy(frame, frame.layer, isClear);
        return;
      }
      // A blocked line counts as having no credits, so that pictures resume at a key frame.
      if (!isClear || !gate.take(frame)) {
        if (!isClear && frame.track === 'video') gate.breakPicture(frame.program);
        dropped++;
        return;
      }
      line?.send(encodePageFrame(frame));
    },
    sendMessage,
    isOpen: () => line?.isOpen() ?? false,
    needsKeyFrame: gate.needsKeyFrame,
    droppedCount: () => dropped,
    close() {
      isClosed = true;
      line?.close();
    },
  };
}

/** What the page says first on each connection. */
export const HELLO: FromPage = { type: 'hello', version: CAPTURE_PORT_VERSION };
