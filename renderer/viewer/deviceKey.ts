// Who this device is to a channel's ledger: an Ed25519 key and a random subject, made at the first
// visit and kept by the page. The secret must never leave the device and never enters a log. Works
// without a secure context, because a link opened from the local network has none.

import { newId, type RandomBytes, toHex } from '../../core/base/ids.ts';
import { FACTS_VERSION, viewerSigningText } from '../../core/wire/signingTexts.ts';
import { openSigner } from './deviceSigner.ts';
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
  subject: string;
  /** What to answer to a relay's challenge on a channel. */
  hello(channel: string, nonce: string): Promise<HelloParts>;
};

/** The key of this device; made and stored when there is none, or when what is stored is broken. */
export function loadDeviceKey(store: TextStore, random: RandomBytes): DeviceKey {
  const saved = readShape(store.read(KEY), savedShape);
  const device = saved ?? { secret: toHex(random(32)), subject: newId(random) };
  if (!saved) store.write(KEY, JSON.stringify(device));
  // Begun at once: the challenge comes a moment later.
  const opening = openSigner(device.secret);
  return {
    subject: device.subject,
    async hello(channel, nonce) {
      const signer = await opening;
      const text = viewerSigningText(channel, device.subject, nonce);
      return {
        version: FACTS_VERSION,
        publicKey: signer.publicKey,
        subject: device.subject,
        signature: await signer.sign(text),
      };
    },
  };
}
