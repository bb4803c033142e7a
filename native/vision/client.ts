// The engine's side of vision: sends the encoded picture, hands out facts, events and progress,
// and after a crash of vision replays so that judging has neither a hole nor an event twice.
// It must never make the show wait: a slow or absent vision costs old units of a bounded ring.
// Surprising: the replay starts some seconds before the last judged frame, because an event that
// was being confirmed when vision died needs the frames that led to it.

import { fromBinary } from '@bufbuild/protobuf';
import type { MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { type GameEvent, gameEventSchema } from '../../core/contract/events.ts';
import type { CourtProposal } from '../../core/contract/places.ts';
import type { Endpoint } from '../../core/contract/process.ts';
import type { Unit } from '../../core/media/feed.ts';
import { type FrameFacts, FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { connectLink, type Link } from '../link/link.ts';
import {
  courtSchema,
  encodeJson,
  encodeUnit,
  judgedSchema,
  parseChecked,
  VISION_LINK,
  type VisionChoice,
  type VisionControl,
  type VisionSignal,
  type VisionStatus,
  visionStatusSchema,
} from './protocol.ts';
import { UnitRing } from './unitRing.ts';

/** Frames before the last judged one that a new vision sees again: tracks need them to settle. */
const WARM_UP_US = 2_500_000;
/** Same type and subject closer than this is one event told twice; packs' cooldowns are longer. */
const SAME_EVENT_US = 500_000;
/** Events remembered for that comparison; a replay never goes back further than the ring. */
const EVENTS_REMEMBERED = 64;
/** How soon a congested or refused link is tried again, ms. */
const PUMP_RETRY_MS = 10;
const CONNECT_RETRY_MS = 200;
/** Longest wait for a proposal: it takes a tenth of a second where vision runs, ms. */
const COURT_WAIT_MS = 5_000;

export type { VisionStatus } from './protocol.ts';

export type JudgedListener = (
  untilUs: MediaTimeUs,
  blindUntilUs: MediaTimeUs,
  lostUntilUs: MediaTimeUs,
) => void;

export type VisionClient = {
  /** Takes a unit of the best layer; audio is ignored. Never waits. */
  push(unit: Unit): void;
  /** Chooses the pack and, when not null, another model than the pack's. Kept over restarts. */
  configure(choice: VisionChoice): void;
  /** The units that follow show something else (source switched). */
  streamReset(): void;
  /** What the show was like besides its picture; lost while there is no link. */
  signal(signal: VisionSignal): void;
  /** Corners of a court on the picture of now; says so where none is found or nobody looks. */
  proposeCourt(): Promise<CourtProposal>;
  /** Files of models changed, or one that was given up is to be tried again. */
  modelsChanged(): void;
  /** The pack and drawings in force; null before the first. */
  choice(): VisionChoice | null;
  /** Runs with what is asked of vision besides pictures, as it is asked. */
  onAsked(run: (control: VisionControl) => void): void;
  /** Vision (re)started (endpoint) or went away (null). */
  setEndpoint(endpoint: Endpoint | null): void;
  /** `bytes` are the message as it travelled, for passing on without encoding again. */
  onFacts(run: (facts: FrameFacts, bytes: Uint8Array) => void): void;
  onEvent(run: (event: GameEvent) => void): void;
  /**
   * Every event with `captureUs` <= untilUs has been handed out before this runs. `blindUntilUs`:
   * the newest picture at which the pack's detector was broken (0: none); that something did not
   * happen is not known of times around it. `lostUntilUs`: the same of events that need places.
   */
  onJudged(run: JudgedListener): void;
  onStatus(run: (status: VisionStatus) => void): void;
  /** True while a link to vision stands. */
  isConnected(): boolean;
  /** Units that left the ring unseen by vision, in total. */
  unitsDropped(): number;
  close(): void;
};

export type VisionClientOptions = {
  timers: Timers;
  logger: Logger;
  /** Seconds of video kept for replay. */
  ringSeconds?: number;
  /** Replaced in tests only. */
  connect?: (endpoint: Endpoint) => Promise<Link>;
};

/** Makes the engine's side of vision; nothing is sent before `setEndpoint`. */
export function createVisionClient(options: VisionClientOptions): VisionClient {
  const client = new Client(options);
  return {
    push: (unit) => client.push(unit),
    configure: (choice) => client.configure(choice),
    streamReset: () => client.streamReset(),
    signal: (signal) => client.signal(signal),
    proposeCourt: () => client.proposeCourt(),
    modelsChanged: () => client.modelsChanged(),
    choice: () => client.choice(),
    onAsked: (run) => client.askedListeners.push(run),
    setEndpoint: (endpoint) => client.setEndpoint(endpoint),
    onFacts: (run) => client.factListeners.push(run),
    onEvent: (run) => client.eventListeners.push(run),
    onJudged: (run) => client.judgedListeners.push(run),
    onStatus: (run) => client.statusListeners.push(run),
    isConnected: () => client.isConnected(),
    unitsDropped: () => client.ring.droppedCount,
    close: () => client.close(),
  };
}

class Client {
  readonly factListeners: ((facts: FrameFacts, bytes: Uint8Array) => void)[] = [];
  readonly eventListeners: ((event: GameEvent) => void)[] = [];
  readonly judgedListeners: JudgedListener[] = [];
  readonly statusListeners: ((status: VisionStatus) => void)[] = [];
  readonly askedListeners: ((control: VisionControl) => void)[] = [];
  readonly ring: UnitRing;
  readonly #options: VisionClientOptions;
  readonly #recent: GameEvent[] = [];
  #link: Link | null = null;
  #endpoint: Endpoint | null = null;
  /** Counts endpoints, so that a late connection to an old one is closed. */
  #generation = 0;
  #judgedUntilUs = 0;
  #factsUntilUs = 0;
  /** Kept over restarts of vision: a new one knows nothing of an old one's blindness. */
  #blindUntilUs = 0;
  #lostUntilUs = 0;
  #choice: VisionChoice | null = null;
  /** Questions for a court that wait for their answer. */
  readonly #asked = new Map<number, (proposal: CourtProposal) => void>();
  #courts = 0;
  #cancelPump: (() => void) | null = null;
  #cancelConnect: (() => void) | null = null;

  constructor(options: VisionClientOptions) {
    this.#options = options;
    this.ring = new UnitRing(options.ringSeconds ?? 8);
  }

  push(unit: Unit): void {
    if (unit.track !== 'video') return;
    this.ring.push({ type: 'unit', unit });
    this.#pump();
  }

  configure(choice: VisionChoice): void {
    this.#choice = choice;
    this.#tellAsked({ type: 'configure', ...choice });
    if (this.#link) this.#sendControl({ type: 'configure', ...choice });
  }

  choice(): VisionChoice | null {
    return this.#choice;
  }

  #tellAsked(control: VisionControl): void {
    for (const run of this.askedListeners) run(control);
  }

  streamReset(): void {
    this.#tellAsked({ type: 'streamReset' });
    this.ring.push({ type: 'reset' });
    this.#pump();
  }

  modelsChanged(): void {
    this.#sendControl({ type: 'modelsChanged' });
  }

  proposeCourt(): Promise<CourtProposal> {
    const none = (reason: string): CourtProposal => ({ corners: null, painted: 0, reason });
    if (!this.#link) return Promise.resolve(none('Vision is not there; try again when it runs.'));
    const id = ++this.#courts;
    this.#sendControl({ type: 'proposeCourt', id });
    return new Promise((resolve) => {
      const end = (proposal: CourtProposal) => {
        cancel();
        this.#asked.delete(id);
        resolve(proposal);
      };
      const cancel = this.#options.timers.after(COURT_WAIT_MS, () =>
        end(none('Vision gave no answer; try again.')),
      );
      this.#asked.set(id, end);
    });
  }

  signal(signal: VisionSignal): void {
    this.#tellAsked({ type: 'signal', ...signal });
    if (this.#link) this.#sendControl({ type: 'signal', ...signal });
  }

  setEndpoint(endpoint: Endpoint | null): void {
    this.#endpoint = endpoint;
    this.#generation++;
    this.#drop();
    if (endpoint) void this.#connect(endpoint, this.#generation);
  }

  isConnected(): boolean {
    return this.#link !== null;
  }

  close(): void {
    this.setEndpoint(null);
  }

  #drop(): void {
    this.#cancelPump?.();
    this.#cancelConnect?.();
    this.#cancelPump = null;
    this.#cancelConnect = null;
    const link = this.#link;
    this.#link = null;
    link?.close();
  }

  async #connect(endpoint: Endpoint, generation: number): Promise<void> {
    const connect = this.#options.connect ?? connectLink;
    let link: Link;
    try {
      link = await connect(endpoint);
    } catch {
      if (generation === this.#generation) this.#connectLater(generation);
      return;
    }
    if (generation !== this.#generation) {
      link.close();
      return;
    }
    this.#link = link;
    link.onFrame((frame) => this.#receive(link, frame.kind, frame.payload));
    link.onClose(() => {
      if (this.#link !== link) return;
      this.#drop();
      if (generation === this.#generation) this.#connectLater(generation);
    });
    this.#sendControl({
      type: 'resume',
      judgedUntilUs: this.#judgedUntilUs,
      factsUntilUs: this.#factsUntilUs,
    });
    if (this.#choice) this.#sendControl({ type: 'configure', ...this.#choice });
    this.ring.rewind(Math.max(0, this.#judgedUntilUs - WARM_UP_US));
    this.#options.logger.info('connected to vision', { judgedUntilUs: this.#judgedUntilUs });
    this.#pump();
  }

  #connectLater(generation: number): void {
    const endpoint = this.#endpoint;
    if (!endpoint) return;
    this.#cancelConnect = this.#options.timers.after(CONNECT_RETRY_MS, () => {
      void this.#connect(endpoint, generation);
    });
  }

  #pump(): void {
    const link = this.#link;
    if (!link || this.#cancelPump) return;
    while (!link.isCongested()) {
      const item = this.ring.next();
      if (!item) return;
      if (item.type === 'unit') link.send(VISION_LINK.unit, encodeUnit(item.unit));
      else this.#sendControl({ type: 'streamReset' });
    }
    this.#cancelPump = this.#options.timers.after(PUMP_RETRY_MS, () => {
      this.#cancelPump = null;
      this.#pump();
    });
  }

  #sendControl(control: VisionControl): void {
    this.#link?.send(VISION_LINK.control, encodeJson(control));
  }

  #receive(link: Link, kind: number, payload: Buffer): void {
    if (link !== this.#link) return;
    switch (kind) {
      case VISION_LINK.facts:
        this.#receiveFacts(payload);
        return;
      case VISION_LINK.event: {
        const event = parseChecked(gameEventSchema, payload);
        if (event) this.#receiveEvent(event);
        return;
      }
      case VISION_LINK.judged: {
        const judged = parseChecked(judgedSchema, payload);
        if (!judged || judged.untilUs <= this.#judgedUntilUs) return;
        this.#judgedUntilUs = judged.untilUs;
        this.#blindUntilUs = Math.max(this.#blindUntilUs, judged.blindUntilUs);
        this.#lostUntilUs = Math.max(this.#lostUntilUs, judged.lostUntilUs);
        for (const run of this.judgedListeners) {
          run(judged.untilUs, this.#blindUntilUs, this.#lostUntilUs);
        }
        return;
      }
      case VISION_LINK.court: {
        const court = parseChecked(courtSchema, payload);
        if (court) this.#asked.get(court.id)?.(court.proposal);
        return;
      }
      case VISION_LINK.status: {
        const status = parseChecked(visionStatusSchema, payload);
        if (status) for (const run of this.statusListeners) run(status);
        return;
      }
      default:
        return;
    }
  }

  #receiveFacts(payload: Buffer): void {
    let facts: FrameFacts;
    try {
      facts = fromBinary(FrameFactsSchema, payload);
    } catch {
      return;
    }
    const captureUs = Number(facts.captureUs);
    if (captureUs <= this.#factsUntilUs) return;
    this.#factsUntilUs = captureUs;
    for (const run of this.factListeners) run(facts, payload);
  }

  #receiveEvent(event: GameEvent): void {
    const isKnown = this.#recent.some(
      (other) =>
        other.type === event.type &&
        other.subject === event.subject &&
        Math.abs(other.captureUs - event.captureUs) < SAME_EVENT_US,
    );
    if (isKnown) return;
    this.#recent.push(event);
    if (this.#recent.length > EVENTS_REMEMBERED) this.#recent.shift();
    for (const run of this.eventListeners) run(event);
  }
}
