// The few globals that every JavaScript environment has; core/ sees these and no others.
declare global {
  function setTimeout(run: () => void, delayMs: number): number;
  function clearTimeout(handle: number): void;
  function setInterval(run: () => void, periodMs: number): number;
  function clearInterval(handle: number): void;
  class TextEncoder {
    encode(text: string): Uint8Array<ArrayBuffer>;
  }
  class TextDecoder {
    constructor(label?: string, options?: { fatal?: boolean });
    decode(bytes?: Uint8Array): string;
  }
}

export {};
