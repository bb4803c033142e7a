// The texts that devices sign, apart from how they are signed: a page whose browser signs by itself
// carries no cryptography of ours.

/** Version of the facts wire; another one is refused by name, never guessed. */
export const FACTS_VERSION = 1;

/** What a viewer's device signs to be a subject of a channel. */
export function viewerSigningText(channelId: string, subject: string, nonce: string): string {
  return `morphine-viewer-v1|${channelId}|${subject}|${nonce}`;
}
