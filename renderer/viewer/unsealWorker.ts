// The worker that opens sealed frames between the network and the decoder. A frame that does not
// open goes no further: what a relay put in its place is shown to nobody.

import { FrameOpener } from '../ui/frameOpener.ts';
import type { UnsealOptions, UnsealVerdict } from './seal.ts';

/** So many in a row, as LiveKit's tolerance: frames of the moment of a key change are no proof. */
const FAILURES_MAX = 10;

type EncodedFrame = { data: ArrayBuffer };
type Transformer = {
  options: UnsealOptions;
  readable: ReadableStream<EncodedFrame>;
  writable: WritableStream<EncodedFrame>;
};

let failures = 0;
let told: boolean | null = null;

function tell(isOpen: boolean): void {
  failures = isOpen ? 0 : failures + 1;
  if (told === isOpen || (!isOpen && failures < FAILURES_MAX)) return;
  told = isOpen;
  const verdict: UnsealVerdict = { isOpen };
  postMessage(verdict);
}

function unseal({ options, readable, writable }: Transformer): void {
  const { kind, ...key } = options;
  const opener = new FrameOpener(key, crypto.subtle);
  const opening = new TransformStream<EncodedFrame, EncodedFrame>({
    async transform(frame, controller) {
      const clear = await opener.open(kind, new Uint8Array(frame.data));
      tell(clear !== null);
      if (!clear) return;
      frame.data = Uint8Array.from(clear).buffer;
      controller.enqueue(frame);
    },
  });
  readable
    .pipeThrough(opening)
    .pipeTo(writable)
    .catch(() => {
      // The connection was closed.
    });
}

addEventListener('rtctransform', (event) => {
  unseal((event as Event & { transformer: Transformer }).transformer);
});
