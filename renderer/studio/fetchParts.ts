// Pictures and clips come over the studio's own contract in parts, so that whoever helps from
// elsewhere sees them, too. What is fetched becomes an address that only this page knows.

import { useEffect, useState } from 'react';

/** Bytes from `offset` on, as base64. */
export type ReadPart = (offset: number) => Promise<{ base64: string }>;

/** All bytes of a part; fails when fewer come than were told. */
export async function readParts(length: number, read: ReadPart): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; ) {
    const { base64 } = await read(offset);
    const piece = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    if (piece.length === 0 || offset + piece.length > length) throw new Error('cut off');
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** An address for bytes; empty for none. Whoever made it revokes it. */
export function addressOfBytes(bytes: Uint8Array<ArrayBuffer>, type: string): string {
  return bytes.length === 0 ? '' : URL.createObjectURL(new Blob([bytes], { type }));
}

/** The address of a part while the component stands: 'wait', then the address or 'none'. */
export function useFetched(part: {
  /** Changes when something else is to be fetched; null: nothing is. */
  key: string | null;
  length: number;
  type: string;
  read: ReadPart;
}): string {
  const { key, length, type, read } = part;
  const [address, setAddress] = useState('wait');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for all the others
  useEffect(() => {
    if (key === null) return;
    let made = '';
    let isHere = true;
    setAddress('wait');
    readParts(length, read)
      .then((bytes) => {
        if (!isHere) return;
        made = addressOfBytes(bytes, type);
        setAddress(made === '' ? 'none' : made);
      })
      .catch(() => isHere && setAddress('none'));
    return () => {
      isHere = false;
      if (made !== '') URL.revokeObjectURL(made);
    };
  }, [key]);
  return address;
}
