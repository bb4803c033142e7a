// Keeps the picture with its sound while sound is heard. Sound needs a buffer against jitter (a
// browser's own choice, 40 to 250 ms); a picture does not, and nobody who watches muted should wait
// for sound. So our pages take both as separate streams, which the browser shows as soon as it can,
// and hold the picture back only while sound is on. Surprising: with one stream for both the
// browser would align them by itself, muted or not, and every viewer would pay for it. A picture
// never waits for sound that a disturbance made late: such sound begins anew (renewedSound.ts).

import type { RenewSound } from './renewedSound.ts';

/** The most that a picture waits for its sound; later sound is a browser that was stopped, ms. */
const HELD_MS_MAX = 250;
/** What the sender must allow for it: the browser's own buffer comes on top, ms. */
const ROOM_MS = HELD_MS_MAX + 50;
/** Looks in a row with sound later than that before it begins anew. */
const LATE_LOOKS = 2;
/** The sender is told again every so many looks. */
const RETELL_LOOKS = 4;
/** Looks from one beginning to the next; twice as many where the last one did not help. */
const RENEWAL_LOOKS_FIRST = 10;
const RENEWAL_LOOKS_MAX = 160;
/** Within this nobody notices, and the buffer is left alone, ms. */
const UNNOTICED_MS = 12;
/** Browsers bend a picture's delay by 100 ms a second; between two looks that is this much, ms. */
const BENT_MS_PER_LOOK = 50;
/** Looks whose mean is believed. */
const LOOKS = 2;
/** From the decoder to the screen: half a picture of a 60 Hz screen, and the compositor, ms. */
const DISPLAY_MS = 10;

export type LipSync = {
  /** Takes the connection's figures, about twice a second. */
  follow(report: RTCStatsReport, isSoundOn: boolean): void;
  /** Sound after picture as last measured, ms; null when not known. */
  skewMs(): number | null;
};

export type LipSyncOptions = {
  picture: RTCRtpReceiver;
  /** Tells the sender how long pictures may wait here; without it they wait for nothing. */
  tellRoomMs: (roomMs: number) => void;
  renewSound: RenewSound;
};

/**
 * Holds back what `picture` receives. Both tracks come the same way, so they are apart by what this
 * machine adds: jitter buffer and output for sound, jitter buffer and decoder for pictures, each by
 * the figures of webrtc-stats (jitterBufferDelay, totalPlayoutDelay, totalProcessingDelay). The
 * browser's own estimatedPlayoutTimestamp exists only where it aligns by itself.
 */
export function createLipSync({ picture, tellRoomMs, renewSound }: LipSyncOptions): LipSync {
  const sound = new Average();
  const output = new Average();
  const pictures = new Average();
  let heldMs = 0;
  let skewMs: number | null = null;
  let looksToWait = 0;
  let seen: number[] = [];
  const renewal = createRenewal(renewSound);
  let roomMs = 0;
  let looks = 0;

  function hold(ms: number): void {
    const wanted = Math.min(HELD_MS_MAX, Math.max(0, Math.round(ms)));
    // Room is asked for a look before it is used, and given back a look after.
    const isRoomy = roomMs > 0;
    if (wanted === 0 ? heldMs === 0 && isRoomy : !isRoomy) {
      roomMs = wanted === 0 ? 0 : ROOM_MS;
      tellRoomMs(roomMs);
    }
    if (wanted === heldMs || (wanted > 0 && !isRoomy)) return;
    looksToWait = Math.ceil(Math.abs(wanted - heldMs) / BENT_MS_PER_LOOK) + 1;
    heldMs = wanted;
    picture.jitterBufferTarget = wanted;
  }

  return {
    follow(report, isSoundOn) {
      const soundMs = sound.since(figuresOf(report, 'inbound-rtp', 'audio', SOUND_BUFFER));
      const outputMs = output.since(figuresOf(report, 'media-playout', 'audio', SOUND_OUTPUT));
      const pictureMs = pictures.since(figuresOf(report, 'inbound-rtp', 'video', PICTURE));
      const isKnown = soundMs !== null && pictureMs !== null;
      skewMs = isKnown ? soundMs + (outputMs ?? 0) - pictureMs - DISPLAY_MS : null;
      const isLate = soundMs !== null && soundMs + (outputMs ?? 0) > HELD_MS_MAX;
      // What is about to begin anew, or just has, is nothing to follow.
      const isPassing = renewal.look(isLate, isSoundOn);
      if (isPassing) seen = [];
      // The channel that carries it loses messages.
      if (roomMs > 0 && ++looks % RETELL_LOOKS === 0) tellRoomMs(roomMs);
      if (!isSoundOn) return hold(0);
      if (looksToWait > 0) looksToWait--;
      else if (skewMs !== null && !isPassing) seen.push(skewMs);
      if (seen.length < LOOKS) return;
      const meanMs = seen.reduce((sum, one) => sum + one, 0) / seen.length;
      seen = [];
      if (Math.abs(meanMs) > UNNOTICED_MS) hold(heldMs + meanMs);
    },
    skewMs: () => skewMs,
  };
}

/** Lets sound that stays late begin anew, more and more rarely where that does not help. */
function createRenewal(renewSound: RenewSound): {
  /** True when it begins anew now or is going to. */
  look(isLate: boolean, isSoundOn: boolean): boolean;
} {
  let lateLooks = 0;
  let sinceLooks = RENEWAL_LOOKS_MAX;
  let pauseLooks = RENEWAL_LOOKS_FIRST;
  return {
    look(isLate, isSoundOn) {
      sinceLooks++;
      lateLooks = isLate ? lateLooks + 1 : 0;
      if (!isSoundOn || !isLate || sinceLooks < pauseLooks) return false;
      if (lateLooks < LATE_LOOKS) return true;
      const hasHelped = sinceLooks >= pauseLooks * 2;
      pauseLooks = hasHelped ? RENEWAL_LOOKS_FIRST : Math.min(RENEWAL_LOOKS_MAX, pauseLooks * 2);
      sinceLooks = 0;
      lateLooks = 0;
      renewSound().catch(() => {
        // This browser keeps its sound as it is; pictures do not wait for it all the same.
        pauseLooks = Number.POSITIVE_INFINITY;
      });
      return true;
    },
  };
}

/** Names of a sum in seconds and of what it is the sum over. */
type Names = readonly [sum: string, count: string];
const SOUND_BUFFER: Names = ['jitterBufferDelay', 'jitterBufferEmittedCount'];
const SOUND_OUTPUT: Names = ['totalPlayoutDelay', 'totalSamplesCount'];
const PICTURE: Names = ['totalProcessingDelay', 'framesDecoded'];

type Figures = { seconds: number; count: number };

/** The mean of what was added to a sum since it was last looked at. */
class Average {
  #last: Figures | null = null;

  /** Milliseconds; null when nothing was added. */
  since(now: Figures | null): number | null {
    const last = this.#last;
    this.#last = now;
    if (!now || !last || now.count <= last.count) return null;
    return ((now.seconds - last.seconds) * 1000) / (now.count - last.count);
  }
}

function figuresOf(
  report: RTCStatsReport,
  type: string,
  kind: 'video' | 'audio',
  [sum, count]: Names,
): Figures | null {
  for (const entry of report.values()) {
    if (entry.type !== type || entry.kind !== kind) continue;
    const figures = { seconds: Number(entry[sum]), count: Number(entry[count]) };
    return Number.isFinite(figures.seconds + figures.count) ? figures : null;
  }
  return null;
}
