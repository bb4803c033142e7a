// Who this device is to a channel's ledger: an Ed25519 key and a random subject, made at the first
// visit and kept by the page. The secret must never leave the device and never enters a log. Works
// without a secure context, because a link opened from the local network has none.

import { fromHex, newId, type RandomBytes, toHex } from '../../core/base/ids.ts';
import { FACTS_VERSION, keyPairOf, signText, viewerSigningText } from '../../core/wire/signing.ts';
import { hexOf, readShape, record } from './shape.ts';
import type { TextStore } from './textStore.ts';

const KEY = 'morphine.device';

const savedShape = record({ secret: hexOf(64), subject: hexOf(32) });

export type HelloParts = {
  version: number;
  publicKey: string;
  subject: string;
  signature: string;
};

export type DeviceKey = {
  publicKey: string;
  subject: string;
  /** What to answer to a relay's challenge on a channel. */
  hello(channel: string, nonce: string): HelloParts;
};

/** The key of this device; made and stored when there is none, or when what is stored is broken. */
export function loadDeviceKey(store: TextStore, random: RandomBytes): DeviceKey {
  const saved = readShape(store.read(KEY), savedShape);
  const device = saved ?? { secret: toHex(random(32)), subject: newId(random) };
  if (!saved) store.write(KEY, JSON.stringify(device));
  const pair = keyPairOf(fromHex(device.secret));
  return {
    publicKey: pair.publicKey,
    subject: device.subject,
    hello(channel, nonce) {
      const text = viewerSigningText(channel, device.subject, nonce);
      return {
        version: FACTS_VERSION,
        publicKey: pair.publicKey,
        subject: device.subject,
        signature: signText(text, pair.secretKey),
      };
    },
  };
}
