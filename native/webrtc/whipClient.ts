// Publishes a fan-out by WHIP (RFC 9725): the uplink is one more viewer of it, so it starts with
// the cached key frame, and its NACKs are answered from the shared ring. It tries until it is
// closed. ICE servers that an answer names come too late for the connection that asked: the next
// one has them, and that is the one that needs them. The token must not appear in logs or in the
// reasons given to the studio, and it is not sent to another origin after a redirect.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { iceServerAddress } from '../../core/media/iceServerLinks.ts';
import type { FanOut, ViewerStats } from './fanOut.ts';
import type { PeerOptions } from './peer.ts';
import { openUplinkPeer, type UplinkPeer } from './uplinkPeer.ts';
import { deleteSession, postOffer, WhipRefusal } from './whipRequest.ts';

const RETRY_MS_FIRST = 250;
const RETRY_FACTOR = 1.5;
const RETRY_MS_MAX = 5000;

/** ICE and DTLS take 70 to 150 ms on a good path; after this the attempt is given up. */
const CONNECT_TIMEOUT_MS = 8000;

export type UplinkState = 'off' | 'connecting' | 'connected' | 'waiting' | 'closed';

export type WhipClientOptions = {
  url: string;
  token: string | null;
  /** The uplink is one more viewer of this fan-out. */
  fanOut: FanOut;
  peer: PeerOptions;
  fetch: typeof fetch;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** `reason` is a sentence for the studio's status bar; null when all is well. */
  onState(state: UplinkState, reason: string | null): void;
  /** The server reported on the picture: loss and round trip. */
  onReport?(stats: ViewerStats): void;
};

export type WhipClient = {
  state(): UplinkState;
  /** Ends the session on the server (DELETE, at most 2 s) and stops trying. */
  close(): Promise<void>;
};

/** Starts publishing. */
export function createWhipClient(options: WhipClientOptions): WhipClient {
  const uplink = new Uplink(options);
  uplink.attempt();
  return { state: () => uplink.state, close: () => uplink.close() };
}

class Uplink {
  state: UplinkState = 'off';
  readonly #options: WhipClientOptions;
  #retryMs = RETRY_MS_FIRST;
  #cancelTimer: CancelTimer | undefined;
  #peer: UplinkPeer | undefined;
  #sessionUrl: string | undefined;
  #abort: AbortController | undefined;
  /** Counts attempts: what an older attempt reports is ignored. */
  #attempt = 0;
  /** What the last answer named, with its timed credentials (RFC 9725 section 4.6). */
  #iceServers: readonly string[] = [];

  constructor(options: WhipClientOptions) {
    this.#options = options;
  }

  attempt(): void {
    const attempt = ++this.#attempt;
    this.#enter('connecting', null);
    this.#cancelTimer = this.#options.timers.after(CONNECT_TIMEOUT_MS, () =>
      this.#fail(attempt, 'The relay answered, but no media path opened. Is UDP blocked?', null),
    );
    this.#negotiate(attempt).catch((error: unknown) => {
      if (error instanceof WhipRefusal) this.#fail(attempt, error.message, error.retryAfterMs);
      else this.#fail(attempt, 'The relay cannot be reached.', null);
    });
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.#attempt++;
    this.#enter('closed', null);
    const ended = this.#release();
    if (ended) await deleteSession(ended, this.#options);
  }

  async #negotiate(attempt: number): Promise<void> {
    const { fanOut, peer: peerOptions, timers, random, logger } = this.#options;
    const peer = openUplinkPeer({
      fanOut,
      peer: { ...peerOptions, iceServers: [...peerOptions.iceServers, ...this.#iceServers] },
      timers,
      random,
      logger,
      onConnected: () => this.#connected(attempt),
      onReport: (stats) => this.#options.onReport?.(stats),
      onFailed: (reason, waitMs) => this.#fail(attempt, reason, waitMs),
    });
    this.#peer = peer;
    this.#abort = new AbortController();
    const answer = await postOffer(peer.offerSdp, this.#options, this.#abort.signal);
    // Ours speaks to servers over UDP only.
    const usable = answer.iceServers.filter(({ urls }) => /^(stun|turn):(?!.*=tcp)/.test(urls));
    this.#iceServers = usable.map(iceServerAddress);
    if (answer.isOffer) throw new WhipRefusal('The relay offers instead of answering.', null);
    if (attempt !== this.#attempt) {
      // Closed while the answer was on its way: the session would stay half open on the server.
      if (answer.sessionUrl) await deleteSession(answer.sessionUrl, this.#options);
      return;
    }
    this.#sessionUrl = answer.sessionUrl;
    peer.accept(answer.sdp);
  }

  #connected(attempt: number): void {
    if (attempt !== this.#attempt || this.state !== 'connecting') return;
    this.#cancelTimer?.();
    this.#retryMs = RETRY_MS_FIRST;
    this.#enter('connected', null);
  }

  #fail(attempt: number, reason: string, retryAfterMs: number | null): void {
    if (attempt !== this.#attempt || this.state === 'closed') return;
    this.#attempt++;
    const ended = this.#release();
    // The server may be gone; its session then ends by itself, so nobody waits for the answer.
    if (ended) void deleteSession(ended, this.#options);
    const waitMs = Math.min(RETRY_MS_MAX, Math.max(this.#retryMs, retryAfterMs ?? 0));
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * RETRY_FACTOR);
    this.#cancelTimer = this.#options.timers.after(waitMs, () => this.attempt());
    this.#enter('waiting', reason);
  }

  /** Lets go of the connection. Returns the session's URL when the server should be told. */
  #release(): string | undefined {
    this.#cancelTimer?.();
    this.#abort?.abort();
    this.#peer?.close();
    const url = this.#sessionUrl;
    this.#peer = undefined;
    this.#sessionUrl = undefined;
    return url;
  }

  #enter(state: UplinkState, reason: string | null): void {
    if (this.state === state) return;
    this.state = state;
    const fields = reason === null ? { state } : { state, reason };
    this.#options.logger.info('Uplink changed', fields);
    this.#options.onState(state, reason);
  }
}
