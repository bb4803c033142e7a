// What the page's address says: the channel in the path, and behind the # the receipt, which stays
// in the browser. Reads nothing else and trusts nothing: the check itself compares both.

export type ReceiptLink = { channel: string; seq: number; hash: string };

/** The receipt of `/check/{channel}#{row}.{hash}`; null when the address is no such link. */
export function receiptOfAddress(path: string, fragment: string): ReceiptLink | null {
  const channel = /^\/check\/([0-9a-f]{32})\/?$/.exec(path)?.[1];
  const receipt = /^#([1-9][0-9]{0,14})\.([0-9a-f]{64})$/.exec(fragment);
  if (channel === undefined || !receipt) return null;
  return { channel, seq: Number(receipt[1]), hash: receipt[2] ?? '' };
}

/** Where the relay serves the proof. */
export function proofPath({ channel, seq, hash }: ReceiptLink): string {
  return `/receipt/${channel}/${seq}/${hash}`;
}
