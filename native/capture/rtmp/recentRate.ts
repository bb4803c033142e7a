// What an encoder really sends, beside what the uplink bears: a stream that goes through untouched
// can only be made smaller where it is made, so the person is told which number to set there.

const WINDOW_US = 2_000_000;
/** Room for sound, other packets and a picture that is larger than its fellows. */
const SHARE_FOR_PICTURE = 0.8;

/** Bits per second of the last whole window of two seconds; 0 before there is one. */
export class RecentRate {
  bitsPerSecond = 0;
  #sinceUs: number | null = null;
  #bytes = 0;

  add(bytes: number, atUs: number): void {
    this.#sinceUs ??= atUs;
    const passedUs = atUs - this.#sinceUs;
    if (passedUs >= WINDOW_US) {
      this.bitsPerSecond = (this.#bytes * 8 * 1_000_000) / passedUs;
      this.#sinceUs = atUs;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
  }
}

/**
 * What to change in OBS; empty while the uplink bears what comes. Bits per second.
 *
 * @param borne null: nothing is known against the uplink
 */
export function weakUplinkSentence(coming: number, borne: number | null): string {
  if (borne === null || coming <= borne) return '';
  const wanted = Math.max(300, Math.floor((borne * SHARE_FOR_PICTURE) / 100_000) * 100);
  return (
    `The uplink bears ${Math.round(borne / 1000)} kbit/s and OBS sends ` +
    `${Math.round(coming / 1000)}; in OBS set Video Bitrate to ${wanted} kbit/s`
  );
}
