// Why and how a page takes sound apart from its picture; what then keeps both together is lipSync.
// Apart from it, because the first connection of a page needs only this.

const PLAYOUT_DELAY_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

/**
 * Puts the sound of an answer into a media stream of its own, so that its picture does not wait for
 * it. Only where the browser lets us hold the picture ourselves: others align both as usual.
 */
export function withSoundApart(answerSdp: string): string {
  if (!answerSdp.includes(PLAYOUT_DELAY_URI)) return answerSdp;
  const sections = answerSdp.split(/^(?=m=)/m);
  return sections
    .map((section) =>
      section.startsWith('m=audio')
        ? section.replace(/^(a=(?:ssrc:\d+ )?msid:)(?=\S)/gm, '$1sound-')
        : section,
    )
    .join('');
}
