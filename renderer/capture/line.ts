// What carries the capture page's binary messages: a WebSocket in a browser, the window's port in
// the app. Chosen once in `openEngineLine`; nobody else in the page can tell.

import { hasWindowPort, requestWindowPort } from '../ui/windowPort.ts';

/** One connection; it does not come back by itself. */
export type Line = {
  isOpen(): boolean;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Bytes that were sent and have not left yet. */
  waitingBytes(): number;
  close(): void;
};

export type LineSignals = {
  onOpen(): void;
  onMessage(bytes: Uint8Array): void;
  /** Runs once, also for a line that never opened. */
  onClosed(): void;
};

/** Opens a line to the engine by what this page has. */
export function openEngineLine(signals: LineSignals): Line {
  if (hasWindowPort()) return openPortLine(signals);
  const url = new URL('/capture', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return openSocketLine(url.href, signals);
}

function openSocketLine(url: string, signals: LineSignals): Line {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', signals.onOpen);
  socket.addEventListener('message', (signal: MessageEvent<unknown>) => {
    if (signal.data instanceof ArrayBuffer) signals.onMessage(new Uint8Array(signal.data));
  });
  socket.addEventListener('close', signals.onClosed);
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  return {
    isOpen,
    send(bytes) {
      if (isOpen()) socket.send(bytes);
    },
    waitingBytes: () => socket.bufferedAmount,
    close: () => socket.close(),
  };
}

/** Ports do not say what waits in them; the engine's credits alone bound it. */
function openPortLine(signals: LineSignals): Line {
  let port: MessagePort | null = null;
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    port?.close();
    signals.onClosed();
  }

  requestWindowPort().then((handed) => {
    if (isClosed) return handed.close();
    port = handed;
    handed.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data instanceof Uint8Array) signals.onMessage(data);
    });
    handed.addEventListener('close', close);
    handed.start();
    signals.onOpen();
  }, close);
  return {
    isOpen: () => port !== null && !isClosed,
    send(bytes) {
      if (!isClosed) port?.postMessage(bytes);
    },
    waitingBytes: () => 0,
    close,
  };
}
