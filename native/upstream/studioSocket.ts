// The studio's one signed WebSocket to its relay: it registers the channel, carries facts both
// ways and finds its way back by itself. It must never hold up the engine: while the relay is
// away nothing is queued here, because viewers who come back are told everything again and the
// journal is its own outbox. The one door to ws in this room.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { WebSocket } from 'ws';
import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { createSignal, type Subscribe } from '../../core/base/signal.ts';
import {
  type FrameFacts,
  type FrameTimes,
  type FromStudio,
  FromStudioSchema,
  type FromViewer,
  type JournalAck,
  type JournalBatch,
  type JournalRefused,
  type JournalTail,
  type LinkChecked,
  type People,
  type Pong,
  PosterSchema,
  type Registered,
  type RelayStats,
  type SignedIn,
  StillSchema,
  type ToStudio,
  ToStudioSchema,
  type ToViewer,
  type ViewerJoined,
} from '../../core/wire/gen/facts_pb.js';
import {
  FACTS_VERSION,
  signText,
  stillSigningText,
  studioSigningText,
} from '../../core/wire/signing.ts';
import { sha256HexOf } from '../hash/sha256.ts';
import type { ChannelKey } from './channelKey.ts';
import { describeFailure, socketUrlOf } from './relayAddress.ts';
import { RetryWait } from './retryWait.ts';

/** An attempt or a handshake that takes longer is given up, ms. */
const HANDSHAKE_MS_MAX = 4_000;
/** Above this many unsent bytes analytics are skipped: a newer frame's facts come in 33 ms. */
const ANALYTICS_CONGESTED_BYTES = 64 * 1024;
/** Above this many unsent bytes the link is taken for dead: closed, and begun again. */
const FACTS_STUCK_BYTES = 16 * 1024 * 1024;
/** Clock samples: a burst of 8 (the relay keeps the one of least round trip), every 10 s. */
const CLOCK_BURST = 8;
const CLOCK_BURST_GAP_MS = 40;
const CLOCK_PERIOD_MS = 10_000;
/** No word from the relay for this long means it is gone, ms. It answers a ping every second. */
const SILENCE_MS_MAX = 5_000;
const MESSAGE_BYTES_MAX = 1024 * 1024;

export type StudioSocketState = {
  state: 'connecting' | 'connected' | 'unreachable';
  /** One sentence; empty when connected. */
  reason: string;
  /** The relay's code when it refused us (FENCED, REPLACED, NOT_AN_OWNER, ...); else empty. */
  code: string;
};

export type StudioSocketOptions = {
  /** http(s) URL of the relay; the socket is at /studio below it. */
  relayUrl: string;
  key: ChannelKey;
  /** The key of the relay that we are paired with; absent: any relay is taken. */
  relayKey?: string | null;
  /** The ledger as far as it is known; null while it is away. */
  ledgerIdentity: () => { ledgerId: string; epoch: number } | null;
  /** Key of the networks' hashes; absent: the relay names no networks. */
  networkKey?: () => string;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
};

export type StudioSocket = {
  readonly state: StudioSocketState;
  /** What the relay gave at the last registration; null while not connected. */
  readonly registered: Registered | null;
  readonly roundTripUs: number | null;
  readonly counters: {
    analyticsSent: number;
    /** Frames of facts skipped because the link was congested. */
    analyticsSkipped: number;
    /** Facts for viewers not sent because the relay was away; viewers hear all on return. */
    deliveriesSkipped: number;
    connections: number;
  };
  onState: Subscribe<[StudioSocketState]>;
  onRegistered: Subscribe<[Registered]>;
  /** The connection was lost: every viewer known through it is gone until it joins again. */
  onLost: Subscribe<[]>;
  onViewerJoined: Subscribe<[ViewerJoined]>;
  onViewerLeft: Subscribe<[viewerId: string]>;
  onViewerMessage: Subscribe<[viewerId: string, message: FromViewer]>;
  onStats: Subscribe<[RelayStats]>;
  onJournalAck: Subscribe<[JournalAck]>;
  onJournalRefused: Subscribe<[JournalRefused]>;
  onTookOver: Subscribe<[JournalAck]>;
  onJournalTail: Subscribe<[JournalTail]>;
  /** A viewer logged in at the relay. */
  onSignedIn: Subscribe<[SignedIn]>;
  /** Hashes of texts that the relay erased. */
  onTextsErased: Subscribe<[readonly string[]]>;
  onLinkChecked: Subscribe<[LinkChecked]>;
  onFrameTimes: Subscribe<[FrameTimes]>;
  /** Sends to these viewers; an empty list is everybody. False when the relay is away. */
  deliver(viewerIds: readonly string[], message: ToViewer): boolean;
  /** Latest wins: false when skipped. */
  sendAnalytics(facts: FrameFacts): boolean;
  /** A small picture of the show for previews of the link; false when the relay is away. */
  sendPoster(poster: { jpeg: Uint8Array; width: number; height: number }): boolean;
  /** The frame that decided a market, signed for whoever watches; false when the relay is away. */
  sendStill(still: { marketId: string; captureUs: number; jpeg: Uint8Array }): boolean;
  /** False when the relay is away; the shipper sends again after registration. */
  sendJournal(batch: JournalBatch): boolean;
  /** Asks for the next epoch; false when the relay is away. */
  takeOver(ledgerId: string): boolean;
  /** Asks for witnessed rows; false when the relay is away. */
  askTail(fromSeq: number, limit: number): boolean;
  /** Asks the relay to erase its copies of these texts; false when it is away. */
  eraseTexts(hashes: readonly string[]): boolean;
  /** Asks the relay to try its own public link; `onLinkChecked` tells. False while it is away. */
  askLinkCheck(): boolean;
  /** Asks when it passed on the last frames; `onFrameTimes` tells. False while it is away. */
  askFrameTimes(afterUs: number): boolean;
  /** What was decided about people, whole; false when the relay is away. */
  sendPeople(people: People): boolean;
  close(): void;
};

/** Connects, and stays connected until closed. Never throws for a relay that is away. */
export function createStudioSocket(options: StudioSocketOptions): StudioSocket {
  return new SignedSocket(options);
}

class SignedSocket implements StudioSocket {
  readonly #options: StudioSocketOptions;
  readonly #signals = {
    state: createSignal<[StudioSocketState]>(),
    registered: createSignal<[Registered]>(),
    lost: createSignal<[]>(),
    viewerJoined: createSignal<[ViewerJoined]>(),
    viewerLeft: createSignal<[string]>(),
    viewerMessage: createSignal<[string, FromViewer]>(),
    stats: createSignal<[RelayStats]>(),
    journalAck: createSignal<[JournalAck]>(),
    journalRefused: createSignal<[JournalRefused]>(),
    tookOver: createSignal<[JournalAck]>(),
    journalTail: createSignal<[JournalTail]>(),
    textsErased: createSignal<[readonly string[]]>(),
    linkChecked: createSignal<[LinkChecked]>(),
    frameTimes: createSignal<[FrameTimes]>(),
    signedIn: createSignal<[SignedIn]>(),
  };
  readonly onState = this.#signals.state.subscribe;
  readonly onRegistered = this.#signals.registered.subscribe;
  readonly onLost = this.#signals.lost.subscribe;
  readonly onViewerJoined = this.#signals.viewerJoined.subscribe;
  readonly onViewerLeft = this.#signals.viewerLeft.subscribe;
  readonly onViewerMessage = this.#signals.viewerMessage.subscribe;
  readonly onStats = this.#signals.stats.subscribe;
  readonly onJournalAck = this.#signals.journalAck.subscribe;
  readonly onJournalRefused = this.#signals.journalRefused.subscribe;
  readonly onTookOver = this.#signals.tookOver.subscribe;
  readonly onJournalTail = this.#signals.journalTail.subscribe;
  readonly onTextsErased = this.#signals.textsErased.subscribe;
  readonly onLinkChecked = this.#signals.linkChecked.subscribe;
  readonly onFrameTimes = this.#signals.frameTimes.subscribe;
  readonly onSignedIn = this.#signals.signedIn.subscribe;
  readonly counters = {
    analyticsSent: 0,
    analyticsSkipped: 0,
    deliveriesSkipped: 0,
    connections: 0,
  };
  #state: StudioSocketState = {
    state: 'connecting',
    reason: 'Connecting to the relay.',
    code: '',
  };
  #registered: Registered | null = null;
  #roundTripUs: number | null = null;
  #socket: WebSocket | null = null;
  readonly #retry: RetryWait;
  #heardUs = 0;
  #refusal = '';
  #refusalCode = '';
  #cancels = new Set<CancelTimer>();
  #closed = false;

  constructor(options: StudioSocketOptions) {
    this.#options = options;
    this.#retry = new RetryWait(options.clock.nowUs());
    this.#connect();
  }

  get state(): StudioSocketState {
    return this.#state;
  }

  get registered(): Registered | null {
    return this.#registered;
  }

  get roundTripUs(): number | null {
    return this.#roundTripUs;
  }

  deliver(viewerIds: readonly string[], message: ToViewer): boolean {
    const sent = this.#send({
      case: 'deliver',
      value: { $typeName: 'morphine.facts.v1.Deliver', viewerIds: [...viewerIds], message },
    });
    if (!sent) this.counters.deliveriesSkipped++;
    return sent;
  }

  sendAnalytics(facts: FrameFacts): boolean {
    const congested = (this.#socket?.bufferedAmount ?? 0) > ANALYTICS_CONGESTED_BYTES;
    const sent = !congested && this.#send({ case: 'analytics', value: facts });
    if (sent) this.counters.analyticsSent++;
    else this.counters.analyticsSkipped++;
    return sent;
  }

  sendPoster(poster: { jpeg: Uint8Array; width: number; height: number }): boolean {
    return this.#send({ case: 'poster', value: create(PosterSchema, poster) });
  }

  sendStill(still: { marketId: string; captureUs: number; jpeg: Uint8Array }): boolean {
    const { key } = this.#options;
    const { marketId, captureUs, jpeg } = still;
    const hash = sha256HexOf(jpeg);
    const signed = stillSigningText(key.channelId, { marketId, captureUs, hash });
    const signature = signText(signed, key.secretKey);
    const value = create(StillSchema, {
      ...{ marketId, captureUs: BigInt(captureUs), jpeg, signature },
      publicKey: key.publicKey,
    });
    return this.#send({ case: 'still', value });
  }

  sendJournal(batch: JournalBatch): boolean {
    return this.#send({ case: 'journalBatch', value: batch });
  }

  takeOver(ledgerId: string): boolean {
    const value = { $typeName: 'morphine.facts.v1.TakeOver', ledgerId } as const;
    return this.#send({ case: 'takeOver', value });
  }

  askTail(fromSeq: number, limit: number): boolean {
    const $typeName = 'morphine.facts.v1.JournalTailRequest';
    const value = { $typeName, fromSeq: BigInt(fromSeq), limit } as const;
    return this.#send({ case: 'journalTailRequest', value });
  }

  eraseTexts(hashes: readonly string[]): boolean {
    const $typeName = 'morphine.facts.v1.EraseTexts';
    return this.#send({ case: 'eraseTexts', value: { $typeName, hashes: [...hashes] } });
  }

  sendPeople(people: People): boolean {
    return this.#send({ case: 'people', value: people });
  }

  askFrameTimes(afterUs: number): boolean {
    const $typeName = 'morphine.facts.v1.FrameTimesRequest';
    const value = { $typeName, afterUs: BigInt(afterUs) } as const;
    return this.#send({ case: 'frameTimesRequest', value });
  }

  askLinkCheck(): boolean {
    const value = { $typeName: 'morphine.facts.v1.LinkCheckRequest' } as const;
    return this.#send({ case: 'checkLink', value });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimers();
    this.#socket?.close(1001, 'studio closed');
    this.#socket?.terminate();
    this.#socket = null;
    this.#registered = null;
  }

  #send(message: FromStudio['message']): boolean {
    if (!this.#registered) return false;
    return this.#sendRaw(message);
  }

  #sendRaw(message: FromStudio['message']): boolean {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    if (socket.bufferedAmount > FACTS_STUCK_BYTES) {
      socket.terminate();
      return false;
    }
    socket.send(toBinary(FromStudioSchema, create(FromStudioSchema, { message })));
    return true;
  }

  #connect(): void {
    if (this.#closed) return;
    const socket = new WebSocket(socketUrlOf(this.#options.relayUrl), {
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      handshakeTimeout: HANDSHAKE_MS_MAX,
    });
    this.#socket = socket;
    this.#refusal = '';
    this.#refusalCode = '';
    let trouble = '';
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      this.#ended(socket, this.#refusal || trouble || 'The relay closed the connection.');
    };
    this.#later(HANDSHAKE_MS_MAX, () => {
      if (this.#socket === socket && !this.#registered) socket.terminate();
    });
    socket.on('message', (data, isBinary) => {
      if (this.#socket !== socket || !isBinary) return;
      this.#heardUs = this.#options.clock.nowUs();
      this.#receive(data as Buffer);
    });
    socket.on('error', (error) => {
      trouble = describeFailure(error, this.#options.relayUrl);
    });
    socket.on('close', end);
  }

  #receive(bytes: Uint8Array): void {
    let parsed: ToStudio;
    try {
      parsed = fromBinary(ToStudioSchema, bytes);
    } catch {
      this.#options.logger.warn('the relay sent a message that is not ours; closing the link');
      this.#socket?.terminate();
      return;
    }
    const { message } = parsed;
    switch (message.case) {
      case 'challenge':
        this.#answer(message.value.nonce);
        break;
      case 'registered':
        this.#becomeRegistered(message.value);
        break;
      case 'refused':
        this.#refusal = message.value.message || message.value.code;
        this.#refusalCode = message.value.code;
        if (isTakenBy(message.value.code)) this.#retry.replaced();
        break;
      case 'viewerJoined':
        this.#signals.viewerJoined.emit(message.value);
        break;
      case 'viewerLeft':
        this.#signals.viewerLeft.emit(message.value.viewerId);
        break;
      case 'viewerMessage':
        if (message.value.message) {
          this.#signals.viewerMessage.emit(message.value.viewerId, message.value.message);
        }
        break;
      case 'journalAck':
        this.#signals.journalAck.emit(message.value);
        break;
      case 'journalRefused':
        this.#signals.journalRefused.emit(message.value);
        break;
      case 'tookOver':
        this.#signals.tookOver.emit(message.value);
        break;
      case 'journalTail':
        this.#signals.journalTail.emit(message.value);
        break;
      case 'linkChecked':
        this.#signals.linkChecked.emit(message.value);
        break;
      case 'frameTimes':
        this.#signals.frameTimes.emit(message.value);
        break;
      case 'textsErased':
        this.#signals.textsErased.emit(message.value.hashes);
        break;
      case 'signedIn':
        this.#signals.signedIn.emit(message.value);
        break;
      case 'stats':
        this.#signals.stats.emit(message.value);
        break;
      case 'pong':
        this.#measured(message.value);
        break;
      case undefined:
        // A newer relay may say things we do not know; they are not for us.
        break;
    }
  }

  #answer(nonce: string): void {
    const { key, ledgerIdentity } = this.#options;
    const ledger = ledgerIdentity();
    const text = studioSigningText(key.channelId, nonce);
    this.#sendRaw({
      case: 'register',
      value: {
        $typeName: 'morphine.facts.v1.Register',
        version: FACTS_VERSION,
        channelId: key.channelId,
        publicKey: key.publicKey,
        signature: signText(text, key.secretKey),
        ledgerId: ledger?.ledgerId ?? '',
        epoch: BigInt(ledger?.epoch ?? 0),
        networkKey: this.#options.networkKey?.() ?? '',
      },
    });
  }

  #becomeRegistered(registered: Registered): void {
    const { relayKey = null } = this.#options;
    if (relayKey !== null && registered.relayKey !== relayKey) {
      this.#refusal = 'Another relay answers there than the one that was paired; pair again.';
      this.#refusalCode = 'OTHER_RELAY';
      this.#socket?.terminate();
      return;
    }
    this.#registered = registered;
    this.#retry.succeeded();
    this.counters.connections++;
    this.#setState({ state: 'connected', reason: '', code: '' });
    this.#options.logger.info('registered with the relay', {
      channel: this.#options.key.channelId,
    });
    this.#watchLink();
    this.#signals.registered.emit(registered);
  }

  /** Measures the clocks, and notices a relay that no longer answers. */
  #watchLink(): void {
    const { timers } = this.#options;
    const burst = () => {
      for (let i = 0; i < CLOCK_BURST; i++) this.#later(i * CLOCK_BURST_GAP_MS, () => this.#ping());
    };
    burst();
    this.#cancels.add(timers.every(CLOCK_PERIOD_MS, burst));
    this.#cancels.add(
      timers.every(1_000, () => {
        if (this.#options.clock.nowUs() - this.#heardUs > SILENCE_MS_MAX * 1000) {
          this.#refusal = `The relay has been silent for ${SILENCE_MS_MAX / 1000} s.`;
          this.#socket?.terminate();
          return;
        }
        this.#ping();
      }),
    );
  }

  #ping(): void {
    const sentMs = this.#options.clock.nowUs() / 1000;
    this.#send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs } });
  }

  #measured(pong: Pong): void {
    const nowUs = this.#options.clock.nowUs();
    const sentUs = Math.round(pong.sentMs * 1000);
    const roundTripUs = nowUs - sentUs;
    if (!(roundTripUs >= 0) || roundTripUs > 60_000_000) return;
    this.#roundTripUs = roundTripUs;
    // The midpoint rule (RFC 5905 section 8): the relay read its clock half way, to half the trip.
    this.#send({
      case: 'mediaTime',
      value: {
        $typeName: 'morphine.facts.v1.MediaTime',
        mediaUs: BigInt(Math.round((sentUs + nowUs) / 2)),
        roundTripUs,
        relayUs: pong.relayUs,
      },
    });
  }

  #ended(socket: WebSocket, reason: string): void {
    if (this.#socket !== socket || this.#closed) return;
    const wasRegistered = this.#registered !== null;
    const nowUs = this.#options.clock.nowUs();
    this.#socket = null;
    this.#registered = null;
    this.#roundTripUs = null;
    this.#stopTimers();
    this.#setState({ state: 'unreachable', reason, code: this.#refusalCode });
    if (wasRegistered) {
      this.#retry.lost(nowUs);
      this.#options.logger.warn('lost the relay; trying again', { reason });
      this.#signals.lost.emit();
    }
    const [byte = 128] = this.#options.random(1);
    this.#later(this.#retry.next(nowUs, byte / 255), () => this.#connect());
  }

  #setState(next: StudioSocketState): void {
    if (JSON.stringify(next) === JSON.stringify(this.#state)) return;
    this.#state = next;
    this.#signals.state.emit(next);
  }

  #later(delayMs: number, run: () => void): void {
    const cancel = this.#options.timers.after(delayMs, () => {
      this.#cancels.delete(cancel);
      run();
    });
    this.#cancels.add(cancel);
  }

  #stopTimers(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}

/** Another studio has the channel: coming back soon would only disturb it. */
function isTakenBy(code: string): boolean {
  return code === 'REPLACED' || code === 'FENCED';
}
