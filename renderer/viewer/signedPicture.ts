// Fetches the picture that decided a market and checks that the channel's own key signed it. Loaded
// when somebody asks for the first one: few visits do.

import { isStillSigned } from '../../core/wire/signing.ts';

/**
 * @returns an object URL; null when there is no picture, or when it is not the channel's
 * @throws when the relay cannot be reached
 */
export async function signedPicture(channelId: string, marketId: string): Promise<string | null> {
  const answer = await fetch(`/still/${channelId}/${marketId}.jpg`);
  if (!answer.ok) return null;
  const jpeg = new Uint8Array(await answer.arrayBuffer());
  const header = (name: string) => answer.headers.get(name) ?? '';
  const captureUs = Number(header('x-captured-us'));
  const proof = { signature: header('x-signature'), publicKey: header('x-public-key') };
  if (!isStillSigned(channelId, { marketId, captureUs, jpeg, ...proof })) return null;
  return URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }));
}
