// The studio's own WHIP endpoint (RFC 9725): OBS 30 and later, browsers and ffmpeg 8 publish into
// it by address and bearer token. It answers OBS' habits: an offer without candidates, no PATCH, a
// DELETE that must be 200. One publisher at a time: a second one is refused while the first sends,
// and takes its place once that fell silent, so that a killed OBS is let in again. The token must
// never be in a log, an answer or an error.

import { timingSafeEqual } from 'node:crypto';
import type { MediaClock, MediaTimeUs, Timers } from '../../../core/base/clock.ts';
import type { RandomBytes } from '../../../core/base/ids.ts';
import type { Logger } from '../../../core/base/logger.ts';
import { createFanOut } from '../../webrtc/fanOut.ts';
import {
  answerPatch,
  bearerOf,
  createPostCount,
  headerOf,
  type MediaRequest,
  refuseBody,
  refuseFlood,
  textOf,
} from '../../webrtc/mediaRequest.ts';
import { OfferRefused } from '../../webrtc/offerRefused.ts';
import type { PeerOptions } from '../../webrtc/peer.ts';
import {
  created,
  type MediaResponse,
  methodNotAllowed,
  options as optionsResponse,
  refuse,
  refuseOffer,
  respond,
} from '../../webrtc/responses.ts';
import { parseOffer, requireOneOfEach } from '../../webrtc/sdp.ts';
import { type ReadUnit, UnitReader } from '../../webrtc/unitReader.ts';
import { answerWhip, type IngestState, type WhipSession } from '../../webrtc/whip.ts';
import { SenderTimes } from './senderTimes.ts';

export const WHIP_PATH = '/whip';
const PATH_PATTERN = /^\/whip(?:\/([\w-]{1,128}))?\/?$/;
const ENDPOINT_METHODS = ['POST', 'GET', 'HEAD', 'OPTIONS'];
const SESSION_METHODS = ['DELETE', 'PATCH', 'GET', 'HEAD', 'OPTIONS'];
const POSTS_PER_MINUTE_MAX = 120;

/** What a publisher does now; null: nobody publishes. */
export type PublisherState = { title: string; state: Exclude<IngestState, 'closed'> };

export type WhipReceiver = {
  /** One access unit or Opus packet, whole and in order, the first picture a key frame. */
  onUnit(unit: ReadUnit, captureUs: MediaTimeUs): void;
  onPublisher(publisher: PublisherState | null): void;
  onDropped(count: number): void;
};

export type WhipIngest = {
  /** Undefined when the path is not ours. Never throws. */
  handle(request: MediaRequest): Promise<MediaResponse | undefined>;
  /** Frames go to the newest receiver. Returns how to let go; the publisher stays connected. */
  setReceiver(receiver: WhipReceiver): () => void;
  /** False: nobody publishes. OBS takes no such wish; its next key frame comes by its interval. */
  requestKeyFrame(): boolean;
  publisher(): PublisherState | null;
  /** From now on only this token lets anybody in; who publishes by the old one is let go. */
  setToken(token: string): void;
  close(): void;
};

export type WhipIngestOptions = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  peer: PeerOptions;
  token: string;
};

/** Creates the endpoint; nothing is bound before somebody publishes. */
export function createWhipIngest(options: WhipIngestOptions): WhipIngest {
  return new Ingest(options);
}

class Ingest implements WhipIngest {
  readonly #options: WhipIngestOptions;
  readonly #posts;
  #token: Buffer;
  #publisher: Publisher | null = null;
  #receiver: WhipReceiver | null = null;
  /** OBS closes its connection first and deletes its session then. */
  #endedSessionId: string | undefined;

  constructor(options: WhipIngestOptions) {
    this.#options = options;
    this.#token = Buffer.from(options.token);
    this.#posts = createPostCount(options.clock, POSTS_PER_MINUTE_MAX);
  }

  async handle(request: MediaRequest): Promise<MediaResponse | undefined> {
    const match = PATH_PATTERN.exec(request.path);
    if (!match) return undefined;
    try {
      const [, sessionId] = match;
      const response =
        sessionId === undefined ? await this.#endpoint(request) : this.#session(request, sessionId);
      return request.method === 'HEAD' ? { ...response, body: '' } : response;
    } catch (error) {
      const refusal = refuseOffer(error);
      if (refusal) return refusal;
      this.#options.logger.error('A WHIP request failed', { error: String(error) });
      return refuse(500, 'Internal error', 'The studio could not make a session.');
    }
  }

  setReceiver(receiver: WhipReceiver): () => void {
    this.#receiver = receiver;
    receiver.onPublisher(this.publisher());
    this.#publisher?.restart();
    return () => {
      if (this.#receiver === receiver) this.#receiver = null;
    };
  }

  requestKeyFrame(): boolean {
    this.#publisher?.requestKeyFrame();
    return this.#publisher !== null;
  }

  publisher(): PublisherState | null {
    return this.#publisher?.state() ?? null;
  }

  setToken(token: string): void {
    this.#token = Buffer.from(token);
    this.#publisher?.close();
  }

  close(): void {
    this.#receiver = null;
    this.#publisher?.close();
  }

  async #endpoint(request: MediaRequest): Promise<MediaResponse> {
    if (request.method === 'OPTIONS') return optionsResponse(ENDPOINT_METHODS);
    if (!ENDPOINT_METHODS.includes(request.method)) return methodNotAllowed(ENDPOINT_METHODS);
    if (request.method !== 'POST') return respond(204);
    if (!this.#posts.isAllowed(request.remoteAddress)) return refuseFlood();
    const refusal = this.#refuseToken(request) ?? refuseBody(request) ?? this.#refuseSecond();
    if (refusal) return refusal;
    return this.#publish(textOf(request.body), titleOf(headerOf(request, 'user-agent')));
  }

  async #publish(offerSdp: string, title: string): Promise<MediaResponse> {
    const publisher: Publisher = new Publisher(this.#options, title, {
      onUnit: (unit, captureUs) => this.#receiver?.onUnit(unit, captureUs),
      onDropped: (count) => this.#receiver?.onDropped(count),
      onPublisher: (state) => {
        if (this.#publisher !== publisher) return;
        if (state === null) {
          this.#publisher = null;
          this.#endedSessionId = publisher.session?.sessionId;
        }
        this.#receiver?.onPublisher(state);
      },
    });
    const session = await publisher.answer(offerSdp);
    // Two offers may have been answered at the same time: whoever sends already stays.
    const late = this.#refuseSecond();
    if (late) {
      publisher.close();
      return late;
    }
    const older = this.#publisher;
    this.#publisher = publisher;
    older?.close();
    this.#receiver?.onPublisher(publisher.state());
    return created(`${WHIP_PATH}/${session.sessionId}`, session, []);
  }

  #session(request: MediaRequest, sessionId: string): MediaResponse {
    if (request.method === 'OPTIONS') return optionsResponse(SESSION_METHODS);
    if (!SESSION_METHODS.includes(request.method)) return methodNotAllowed(SESSION_METHODS);
    const refusal = this.#refuseToken(request);
    if (refusal) return refusal;
    if (request.method === 'DELETE' && sessionId === this.#endedSessionId) {
      this.#endedSessionId = undefined;
      return respond(200);
    }
    const session = this.#publisher?.session;
    if (session?.sessionId !== sessionId) {
      return refuse(404, 'Not found', 'There is no such session.');
    }
    if (request.method === 'PATCH') return answerPatch(request, session);
    if (request.method !== 'DELETE') return respond(204);
    // If-Match on DELETE is ignored (RFC 9725 section 4.3); OBS takes no other answer than 200.
    this.#publisher?.close();
    this.#endedSessionId = undefined;
    return respond(200);
  }

  #refuseToken(request: MediaRequest): MediaResponse | null {
    const shown = Buffer.from(bearerOf(request));
    const isRight = shown.length === this.#token.length && timingSafeEqual(shown, this.#token);
    if (isRight) return null;
    const detail = 'Copy the bearer token from the studio, under Sources.';
    return refuse(401, 'Not authorised', detail, { 'www-authenticate': 'Bearer realm="whip"' });
  }

  #refuseSecond(): MediaResponse | null {
    const now = this.publisher();
    if (now === null || now.state !== 'flowing') return null;
    const detail = `${now.title} publishes here already. Stop it first, or wait until it has gone.`;
    return refuse(409, 'Somebody publishes already', detail, { 'retry-after': '2' });
  }
}

/** One publisher: its connection, and its packets as whole units. */
class Publisher {
  session: WhipSession | undefined;
  readonly #options: WhipIngestOptions;
  readonly #title: string;
  readonly #receiver: WhipReceiver;
  readonly #fanOut;
  readonly #times = new SenderTimes();
  readonly #reader: UnitReader;
  #lost = 0;
  /** A receiver that comes later starts with a key frame, too. */
  #needsKeyFrame = true;
  #isClosed = false;

  constructor(options: WhipIngestOptions, title: string, receiver: WhipReceiver) {
    this.#options = options;
    this.#title = title;
    this.#receiver = receiver;
    const { clock, timers, random, logger } = options;
    this.#fanOut = createFanOut({
      ...{ owner: 'whip ingest', clock, timers, random, logger },
      onKeyFrameRequest: () => this.session?.requestKeyFrame(),
    });
    const take = (unit: ReadUnit) => this.#take(unit);
    this.#reader = new UnitReader(this.#fanOut, { take, analytics() {} });
  }

  /** Throws OfferRefused. */
  async answer(offerSdp: string): Promise<WhipSession> {
    if (!requireOneOfEach(parseOffer(offerSdp)).video) {
      throw new OfferRefused(
        422,
        'No picture',
        'Publish a picture (H.264), with or without sound.',
      );
    }
    const input = this.#fanOut.openInput();
    const { peer, clock, timers, random, logger } = this.#options;
    this.session = await answerWhip(offerSdp, {
      ...{ peer, clock, timers, random, logger },
      onPacket: (track, packet) => input.push(track, packet),
      onSenderReport: (track, report) => input.senderReport(track, report),
      onState: (state) => {
        if (state === 'closed') this.close();
        else this.#receiver.onPublisher(this.state());
      },
    });
    return this.session;
  }

  state(): PublisherState | null {
    const state = this.session?.state() ?? 'connecting';
    return state === 'closed' || this.#isClosed ? null : { title: this.#title, state };
  }

  requestKeyFrame(): void {
    this.#reader.requestKeyFrame();
  }

  restart(): void {
    this.#needsKeyFrame = true;
    this.requestKeyFrame();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reader.close();
    this.#fanOut.close();
    this.session?.close();
    this.#receiver.onPublisher(null);
  }

  #take(unit: ReadUnit): void {
    const { unitsLost } = this.#reader.counters;
    if (unitsLost > this.#lost) this.#receiver.onDropped(unitsLost - this.#lost);
    this.#lost = unitsLost;
    const captureUs = this.#times.captureUs(unit, this.#options.clock.nowUs());
    if (unit.track === 'video') this.#needsKeyFrame &&= !unit.isKeyFrame;
    const isWaiting = unit.track === 'video' && this.#needsKeyFrame;
    if (!isWaiting) this.#receiver.onUnit(unit, captureUs);
  }
}

/** What a person calls the program: OBS's User-Agent is "Mozilla/5.0 (OBS-Studio/30.1; ...". */
function titleOf(userAgent: string): string {
  const [, version] = /OBS-Studio\/(\d+(?:\.\d+){0,2})/.exec(userAgent) ?? [];
  if (version) return `OBS ${version}`;
  if (/OBS/.test(userAgent)) return 'OBS';
  const known = ['GStreamer', 'Chrome', 'Firefox', 'Safari'].find((name) =>
    userAgent.includes(name),
  );
  if (known) return known;
  return userAgent.startsWith('Lavf') ? 'ffmpeg' : 'A WHIP publisher';
}
