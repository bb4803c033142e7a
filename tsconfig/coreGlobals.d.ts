// The few globals that every JavaScript environment has; core/ sees these and no others.
declare function setTimeout(run: () => void, delayMs: number): number;
declare function clearTimeout(handle: number): void;
declare function setInterval(run: () => void, periodMs: number): number;
declare function clearInterval(handle: number): void;
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes?: Uint8Array): string;
}
