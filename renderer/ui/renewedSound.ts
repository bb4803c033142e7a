// Lets the sound of a running connection begin anew. A browser's buffer for sound grows by what a
// stalled machine or path once did and keeps that depth for a minute and more, silent or not; it
// has no other way back. Surprising: the other side takes no part. Our description of it is set
// again with the sound's SSRC left out, or put in; the browser then makes a new receiver for it.

/** Sets the descriptions again. Rejects where the browser does not like them; nothing changed. */
export type RenewSound = () => Promise<void>;

/** For one connection, once it is negotiated. */
export function createRenewSound(peer: RTCPeerConnection): RenewSound {
  let answerSdp: string | null = null;
  let isNamed = true;
  return async () => {
    answerSdp ??= peer.remoteDescription?.sdp ?? null;
    if (answerSdp === null || peer.signalingState !== 'stable') throw new Error('Not negotiated');
    const sdp = isNamed ? withSoundUnnamed(answerSdp) : answerSdp;
    await peer.setLocalDescription(await peer.createOffer());
    try {
      await peer.setRemoteDescription({ type: 'answer', sdp });
      isNamed = !isNamed;
    } catch (cause) {
      await peer.setLocalDescription({ type: 'rollback' });
      throw cause;
    }
  };
}

/** A browser finds a stream without an SSRC by its payload type (RFC 8843 section 9.2). */
export function withSoundUnnamed(answerSdp: string): string {
  return answerSdp
    .split(/^(?=m=)/m)
    .map((section) =>
      section.startsWith('m=audio') ? section.replace(/^a=ssrc:.*\r?\n/gm, '') : section,
    )
    .join('');
}
