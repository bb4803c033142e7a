// Figure `encryption`: what sealing and opening one picture of 720p30 at 3 Mbit/s cost together, by
// the engine's sealer and the page's opener, with Node's own WebCrypto in place of a browser's.

import { randomBytes, webcrypto } from 'node:crypto';
import { FrameSealer } from '../native/publish/encryption/frameSealer.ts';
import { makeTestVideo } from '../native/webrtc/testVideo.ts';
import { FrameOpener } from '../renderer/ui/frameOpener.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';

const FRAMES = 300;
const WARM_UP = 30;

export async function measureEncryption({ say }: BenchContext): Promise<Measured[]> {
  const video = makeTestVideo({ frames: FRAMES, size: '1280x720', kilobits: 3000 });
  if (typeof video === 'string') return [notMeasured('encryption', video)];
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const key = { secret: random(32), keyIndex: 1 };
  const sealer = new FrameSealer(key, random);
  const opener = new FrameOpener(key, webcrypto.subtle as SubtleCrypto);
  const rounds: number[][] = [];
  const parts = { seal: [] as number[], open: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    say(`encryption, round ${round + 1} …`);
    const samples: number[] = [];
    for (const [index, { bytes, keyFrame }] of video.frames.entries()) {
      const unit = { track: 'video', captureUs: 0, rtpTimestamp: 0, config: 1 } as const;
      const startMs = performance.now();
      const sealed = sealer.seal({ ...unit, keyFrame, bytes });
      const sealedMs = performance.now();
      const clear = await opener.open('video', sealed.bytes);
      const openMs = performance.now();
      if (clear?.length !== bytes.length) throw new Error('A picture did not open again');
      if (index < WARM_UP) continue;
      samples.push(openMs - startMs);
      parts.seal.push(sealedMs - startMs);
      parts.open.push(openMs - sealedMs);
    }
    rounds.push(samples);
  }
  return [
    {
      ...{ figure: 'encryption', rounds },
      remarks: [`${FRAMES - WARM_UP} pictures a round, one process, no browser`],
      parts: Object.entries(parts).map(([name, samples]) => ({ name, samples })),
    },
  ];
}
