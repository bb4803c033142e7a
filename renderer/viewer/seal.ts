// The key to a sealed show, from what follows the # of the page's address, which no browser sends
// to anybody. Frames are opened in a worker, between the network and the decoder. Surprising: on
// plain HTTP, except on this machine, a browser has no ciphers, so there it can only be said.

import { readSealFragment } from '../../core/media/frameSeal.ts';
import { setReceiverHook } from '../ui/receiverHook.ts';

/** `none`: the link has no key. `waiting`: it has one, and nothing came yet. */
export type SealState = 'none' | 'waiting' | 'open' | 'lacksKey' | 'insecure' | 'noSupport';

export type Seal = { state(): SealState };

/** What the worker is given with each receiver. */
export type UnsealOptions = { kind: 'video' | 'audio'; secret: Uint8Array; keyIndex: number };
/** What it tells: frames open by this key, or many in a row did not. */
export type UnsealVerdict = { isOpen: boolean };

/** Reads the key and opens every connection's frames from now on. Never throws. */
export function openSeal(fragment: string): Seal {
  const key = readSealFragment(fragment);
  if (!key) return { state: () => 'none' };
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) return { state: () => 'insecure' };
  if (!('RTCRtpScriptTransform' in globalThis)) return { state: () => 'noSupport' };
  let state: SealState = 'waiting';
  const worker = new Worker(new URL('./unsealWorker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<UnsealVerdict>) => {
    state = data.isOpen ? 'open' : 'lacksKey';
  });
  setReceiverHook((receiver, kind) => {
    const options: UnsealOptions = { kind, ...key };
    receiver.transform = new RTCRtpScriptTransform(worker, options);
  });
  return { state: () => state };
}
