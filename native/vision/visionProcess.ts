// Vision as a process sees it: listens for the engine, finds pack and model, keeps the detector,
// and says once a second how it is. It outlives engines; each new link is a new session. A missing
// ffmpeg, pack or model is a reason in the status and never an end.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { CourtProposal } from '../../core/contract/places.ts';
import type { Endpoint } from '../../core/contract/process.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type Link, listenLink } from '../link/link.ts';
import { createPictureMemory } from './decodeTap.ts';
import {
  type HardwareChoice,
  hardwareHere,
  NO_HARDWARE,
  tryHardware,
} from './decodeTapHardware.ts';
import { ModelsInUse } from './models/modelsInUse.ts';
import { keepRuntimeQuiet, type Provider } from './models/runtime.ts';
import { proposeCourt } from './moriarty/court.ts';
import { EMPTY_PACK, findPack, type Pack, placesFault, withPlaces } from './moriarty/pack.ts';
import { PictureState } from './pictureState.ts';
import {
  decodeUnit,
  encodeJson,
  parseChecked,
  VISION_LINK,
  type VisionChoice,
  type VisionControl,
  type VisionStatus,
  visionControlSchema,
} from './protocol.ts';
import { Session, type SessionCounters } from './session.ts';
import { Sight } from './sight.ts';
import { StageTimes } from './stageTimes.ts';
import { makeIds } from './tracking/track.ts';
import { Highlights } from './vibrio/highlights.ts';
import { PICTURE } from './vibrio/motion.ts';

const STATUS_PERIOD_MS = 1_000;

export type VisionOptions = {
  ffmpeg: FfmpegChoice;
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
  /** Folders with a manifest, first one first. */
  modelFolders: readonly string[];
  packFolder: string;
  /** Packs of the owner's own; they stand before the others. */
  ownPackFolder?: string;
  /** The detector's worker. */
  workerUrl: URL;
  /** GPU providers that may be tried; CPU always is. */
  providers: readonly Provider[];
  /** Providers that are not tried, with the reason. */
  refused?: Readonly<Partial<Record<Provider, string>>> | undefined;
  /** Where a trial of a provider leaves its mark: a driver may end the process. */
  markFile?: string | null | undefined;
  /** Pack until the engine chooses one. */
  pack: string | null;
  /** How long a picture waits for what a model says; 400 unless told. */
  modelWaitMs?: number;
  onHelper?: ((pid: number, alive: boolean) => void) | undefined;
  /** Runs at each change of the status. */
  onStatus?: ((status: VisionStatus) => void) | undefined;
};

type Choice = VisionChoice;

/** @param luma of PICTURE's size; what lies behind it is not looked at */
function courtOf(luma: Uint8Array | null): CourtProposal {
  if (luma) return proposeCourt({ luma, ...PICTURE });
  return { corners: null, painted: 0, reason: 'There is no picture yet to look for a court in.' };
}

export type Vision = { endpoint: Endpoint; status(): VisionStatus; close(): Promise<void> };

/** Starts vision and listens for the engine. */
export async function startVision(options: VisionOptions): Promise<Vision> {
  keepRuntimeQuiet();
  const vision = new VisionProcess(options);
  return vision.start();
}

class VisionProcess {
  readonly #options: VisionOptions;
  readonly #times = new StageTimes();
  readonly #counters: SessionCounters = { judged: 0, detectorSkipped: 0 };
  readonly #takeId = makeIds();
  /** What is usual in the show is kept over sources, packs and engines. */
  readonly #highlights = new Highlights();
  #pack: Pack = EMPTY_PACK;
  #packReason = '';
  #decoderReason = '';
  readonly #models: ModelsInUse;
  readonly #picture = new PictureState();
  /** All pictures of this process: threads read them where the decoder's bytes were put. */
  readonly #pictures = createPictureMemory();
  #hardware: HardwareChoice = NO_HARDWARE;
  #sight: Sight;
  #session: Session | null = null;
  #link: Link | null = null;
  #droppedBefore = 0;
  #lastStatus = '';
  #choices: Promise<void> = Promise.resolve();
  #choice = '';
  #chosen: Choice = { pack: null, model: null };
  #cancelStatus: CancelTimer = () => {};
  #isClosed = false;

  constructor(options: VisionOptions) {
    this.#options = options;
    this.#models = new ModelsInUse({
      ...options,
      pictures: this.#pictures.memory,
      onChange: () => this.#tell(false),
      onPose: (look) => this.#times.add('pose', look.totalMs),
    });
    this.#sight = this.#makeSight();
  }

  async start(): Promise<Vision> {
    this.#choose({ pack: this.#options.pack, model: null });
    this.#tryHardware();
    const listening = await listenLink((link) => this.#accept(link));
    this.#cancelStatus = this.#options.timers.every(STATUS_PERIOD_MS, () => this.#tell(true));
    return {
      endpoint: listening.endpoint,
      status: () => this.#status(),
      close: async () => {
        this.#isClosed = true;
        this.#cancelStatus();
        listening.close();
        this.#link?.close();
        await Promise.all([this.#models.close(), this.#session?.close()]);
      },
    };
  }

  /** Until the trial has ended, and where it fails, software decodes. */
  #tryHardware(): void {
    const { ffmpeg, logger } = this.#options;
    if (!hasFfmpeg(ffmpeg)) return;
    void tryHardware(ffmpeg, hardwareHere(process.platform)).then((choice) => {
      this.#hardware = choice;
      const { name, reason } = choice;
      logger.info('decoders tried', { hardware: name, reason });
    });
  }

  #accept(link: Link): void {
    const { ffmpeg, clock, timers, logger, onHelper } = this.#options;
    this.#link?.close();
    void this.#endSession();
    this.#link = link;
    const send = (kind: number, payload: Uint8Array) => link.send(kind, payload);
    this.#sight = this.#makeSight();
    if (hasFfmpeg(ffmpeg)) {
      this.#session = new Session({
        ...{ ffmpeg, clock, timers, logger, onHelper },
        hardware: () => this.#hardware,
        pictures: this.#pictures,
        times: this.#times,
        counters: this.#counters,
        sight: () => this.#sight,
        detectorSettled: () => this.#detectorSettled(),
        onTrouble: (reason) => {
          this.#decoderReason = `The decoder was restarted: ${reason}`;
          logger.warn('decoder ended', { reason });
          this.#tell(false);
        },
        output: {
          // The newest facts replace older ones, so a slow engine misses some.
          facts: (bytes) => {
            this.#decoderReason = '';
            if (!link.isCongested()) send(VISION_LINK.facts, bytes);
          },
          event: (event) => send(VISION_LINK.event, encodeJson(event)),
          judged: (judged) => send(VISION_LINK.judged, encodeJson(judged)),
          picture: ({ scene, places }, captureUs) => {
            if (this.#picture.take(scene, places, captureUs)) this.#tell(false);
          },
        },
      });
    }
    const session = this.#session;
    link.onFrame((frame) => {
      if (frame.kind === VISION_LINK.unit) {
        const unit = decodeUnit(frame.payload);
        if (unit) session?.push(unit);
      } else if (frame.kind === VISION_LINK.control) {
        const control = parseChecked(visionControlSchema, frame.payload);
        if (control) this.#control(session, control);
      }
    });
    link.onClose(() => {
      if (this.#link !== link) return;
      this.#link = null;
      void this.#endSession();
    });
    logger.info('engine connected');
    this.#tell(true);
  }

  #control(session: Session | null, control: VisionControl): void {
    switch (control.type) {
      case 'resume':
        session?.resume(control.judgedUntilUs, control.factsUntilUs);
        return;
      case 'configure':
        this.#choose(control);
        return;
      case 'signal':
        this.#highlights.add(control.channel, control.atUs, control.value);
        return;
      case 'streamReset':
        session?.streamReset();
        return;
      case 'proposeCourt': {
        const proposal = courtOf(session?.newestLuma() ?? null);
        this.#link?.send(VISION_LINK.court, encodeJson({ id: control.id, proposal }));
        return;
      }
      case 'modelsChanged':
        this.#choice = '';
        this.#choose(this.#chosen);
        return;
    }
  }

  async #endSession(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.#picture.reset();
    if (!session) return;
    this.#droppedBefore += session.droppedCount();
    await session.close();
  }

  /** Choices take effect one after the other; the same one again changes nothing. */
  #choose(choice: Choice): void {
    const { pack, model, places = null, drawn = 0 } = choice;
    this.#chosen = { pack, model, places, drawn };
    const key = JSON.stringify([pack, model, places, drawn]);
    if (key === this.#choice) return;
    this.#choice = key;
    this.#choices = this.#choices.then(() => this.#apply(choice));
  }

  async #apply(choice: Choice): Promise<void> {
    if (this.#isClosed) return;
    const { packFolder, ownPackFolder, logger } = this.#options;
    const folders = [...(ownPackFolder ? [ownPackFolder] : []), packFolder];
    const found = choice.pack === null ? null : await findPack(choice.pack, folders);
    this.#pack = found && 'pack' in found ? found.pack : EMPTY_PACK;
    this.#packReason = found && 'reason' in found ? found.reason : '';
    const fault = choice.places ? placesFault(this.#pack, choice.places) : null;
    if (fault) this.#packReason = `What was drawn is not used. ${fault}.`;
    else if (choice.places) this.#pack = withPlaces(this.#pack, choice.places);
    const detector = choice.model ?? this.#pack.detector?.model ?? null;
    await this.#models.choose({
      ...{ detector, pose: this.#pack.pose ?? null },
      ball: this.#pack.ball?.finder?.model ?? null,
    });
    if (this.#isClosed) {
      await this.#models.close();
      return;
    }
    this.#sight = this.#makeSight();
    logger.info('pack chosen', { pack: this.#pack.id, model: detector, reason: this.#reason() });
    this.#tell(false);
  }

  #makeSight(): Sight {
    const { clock, timers, modelWaitMs } = this.#options;
    const { detector, poser, ballSeer } = this.#models;
    const parts = {
      takeId: this.#takeId,
      highlights: this.#highlights,
      pictures: this.#pictures,
      pack: this.#pack,
      detector,
      poser,
      ballSeer,
    };
    return new Sight({ clock, timers, modelWaitMs, ...parts });
  }

  async #detectorSettled(): Promise<void> {
    await this.#choices;
    await this.#models.settled();
  }

  #reason(): string {
    const { ffmpeg } = this.#options;
    const reasons = [
      hasFfmpeg(ffmpeg) ? '' : `Vision sees nothing. ${ffmpeg.reason}`,
      this.#packReason,
      ...this.#models.reasons(),
      this.#decoderReason,
    ];
    return reasons
      .filter((reason) => reason !== '')
      .join(' ')
      .slice(0, 500);
  }

  #status(): VisionStatus {
    const detector = this.#models.detector;
    const running = detector?.state();
    const reason = this.#reason();
    const isRunning = running?.state === 'running';
    let state: VisionStatus['state'] = reason === '' ? 'running' : 'degraded';
    if (!hasFfmpeg(this.#options.ffmpeg)) state = 'off';
    else if (reason === '' && running?.state === 'starting') state = 'starting';
    return {
      state,
      reason,
      model: isRunning ? (detector?.model.id ?? '') : '',
      provider: running?.provider ?? '',
      pack: this.#pack.id,
      framesJudged: this.#counters.judged,
      framesDropped: this.#droppedBefore + (this.#session?.droppedCount() ?? 0),
      detectorSkipped: this.#counters.detectorSkipped,
      models: this.#models.running(),
      decoder: this.#session?.decoder() ?? { name: '', reason: '' },
      scene: this.#picture.scene,
      places: this.#picture.places,
      stagesMs: this.#times.percentiles(0.95),
    };
  }

  /** Sends the status; without `isDue` only when more than figures changed. */
  #tell(isDue: boolean): void {
    const status = this.#status();
    const { framesJudged, framesDropped, detectorSkipped, stagesMs, ...rest } = status;
    const words = JSON.stringify(rest);
    if (words !== this.#lastStatus) this.#options.onStatus?.(status);
    else if (!isDue) return;
    this.#lastStatus = words;
    this.#link?.send(VISION_LINK.status, encodeJson(status));
  }
}
