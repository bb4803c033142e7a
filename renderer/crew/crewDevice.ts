// Who this device is: the same key and subject as on the page for viewers, so that whoever has bet
// here cannot decide the market as crew. The secret never leaves the device.

import { fromHex, newId, type RandomBytes, toHex } from '../../core/base/ids.ts';
import { type KeyPair, keyPairOf } from '../../core/wire/signing.ts';

/** What the viewers' page keeps it under, as `{secret, subject}`. */
const KEPT = 'morphine.device';

export type CrewDevice = KeyPair & { subject: string };

/** The kept device, or a new one where there is none or what is kept is broken. */
export function crewDevice(store: Storage, random: RandomBytes): CrewDevice {
  const kept = readKept(store);
  const device = kept ?? { secret: toHex(random(32)), subject: newId(random) };
  if (!kept) store.setItem(KEPT, JSON.stringify(device));
  return { ...keyPairOf(fromHex(device.secret)), subject: device.subject };
}

function readKept(store: Storage): { secret: string; subject: string } | null {
  try {
    const { secret, subject } = JSON.parse(store.getItem(KEPT) ?? '') as Record<string, unknown>;
    const isWhole =
      typeof secret === 'string' &&
      typeof subject === 'string' &&
      /^[0-9a-f]{64}$/.test(secret) &&
      /^[0-9a-f]{32}$/.test(subject);
    return isWhole ? { secret, subject } : null;
  } catch {
    return null;
  }
}
