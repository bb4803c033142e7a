// Player, picture and sound on the page's elements. Ten times a second it looks at what arrived,
// says what state that is, and asks for a new connection where the old one cannot come back. It
// must never trust a button or a word for "live".

import { fromBinary } from '@bufbuild/protobuf';
import type { StoreApi } from 'zustand/vanilla';
import type { Timers } from '../../core/base/clock.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import type { PageClock } from '../ui/mediaClock.ts';
import type { OverlayMode } from '../ui/overlayPainter.ts';
import { httpSignalling, type WhepConnection } from '../ui/whepConnection.ts';
import { createWhepPlayer, type PlayerState, type WhepPlayer } from '../ui/whepPlayer.ts';
import type { Transport } from './address.ts';
import type { FirstPicture } from './firstPicture.ts';
import { MediaMove } from './mediaMove.ts';
import { latest, Picture } from './picture.ts';
import { askQualities, type Qualities } from './qualities.ts';
import type { Seal } from './seal.ts';
import { Sound } from './sound.ts';
import type { StreamPlayer } from './streamPlayer.ts';
import { TransportChooser, type TransportPlan } from './transport.ts';
import type { PictureElements } from './viewerSession.ts';
import type { ViewerView } from './viewerView.ts';
import { type RenewFacts, shouldRenew, type WatchState, watchStateOf } from './watchState.ts';

export type ScreenOptions = {
  elements: PictureElements;
  store: StoreApi<ViewerView>;
  clock: PageClock;
  timers: Timers;
  monotonicMs: () => number;
  origin: string;
  channel: string;
  /** Asks the relay for the facts of frames by the line of facts, or for none. */
  sendAnalyticsWish(isWanted: boolean): void;
  /** What the page began with before this was loaded; it is taken over. */
  first: FirstPicture | null;
  seal: Seal;
  /** The way that the page's address names; null: as it turns out. */
  askedTransport: Transport | null;
};

/** After the word "live" a refused connection is asked for again this often and for so long, ms. */
const EAGER_GAP_MS = 400;
const EAGER_MS = 10_000;

/** Everything that shows and plays. */
export class Screen {
  readonly picture: Picture;
  readonly sound: Sound;
  #options: ScreenOptions;
  #player: WhepPlayer | null = null;
  #streamPlayer: StreamPlayer | null = null;
  #isStreamWanted = false;
  readonly #chooser: TransportChooser;
  #move: MediaMove;
  #clockOffset: number | null = null;
  #connectedAtMs = 0;
  #eagerUntilMs = 0;
  #isSoundOn = false;
  #shown: Transport = 'webrtc';
  /** New connections since the last new frame: each waits longer than the one before. */
  #renewals = 0;
  #stream: unknown = null;
  #decoded = { count: 0, atMs: null as number | null, isAsking: false };
  #rate = { frames: 0, atMs: 0, perSecond: 0 };

  constructor(options: ScreenOptions) {
    this.#options = options;
    const { elements, clock, monotonicMs } = options;
    const first = options.first?.takeOver() ?? null;
    this.picture = new Picture({ ...elements, clock, monotonicMs, before: first });
    this.picture.setMode(options.store.getState().overlay);
    this.picture.setLayers(options.store.getState().layers);
    this.sound = new Sound(elements.video);
    this.#chooser = new TransportChooser({
      asked: options.askedTransport,
      // Only what comes by WebRTC is opened.
      canStream: 'VideoDecoder' in globalThis && options.seal.state() === 'none',
    });
    this.#move = new MediaMove({
      ...{ video: elements.video, timers: options.timers, monotonicMs },
      url: `${options.origin}/whep/${options.channel}`,
      swap: (connection) => this.#playFrom(connection),
      onChange: () => this.#placeChanged(),
      isByWebrtc: () => this.#player !== null,
    });
    const begun = first?.connection ?? null;
    if (this.#chooser.plan.webrtc) this.#player = this.#connect(begun);
    else begun?.close();
    this.#connectedAtMs = first?.openedMs ?? monotonicMs();
    begun?.answered.then(
      () => this.#move.answeredBy(begun.answeredBy()),
      () => {},
    );
  }

  setOverlay(mode: OverlayMode): void {
    this.picture.setMode(mode);
    this.sound.setDelayMs(0);
  }

  /** What a viewer may choose from, and where to; null where the picture comes in one quality. */
  async qualities(wish?: string | null): Promise<Qualities | null> {
    const session = this.#shown === 'webrtc' ? (this.#player?.resource() ?? null) : null;
    return session === null ? null : askQualities(`${session}/layer`, wish);
  }

  /** The RTP offset of the channel's video as it comes out of our relay. */
  setClockOffset(offset: number): void {
    this.#clockOffset = offset;
    this.#placeChanged();
  }

  /** Sessions that ended without a goodbye: if ours is one, a new one is asked for at once. */
  sessionsLost(sessionIds: readonly string[]): void {
    const resource = this.#player?.resource() ?? null;
    const id = resource?.split('/').at(-1) ?? '';
    if (id !== '' && sessionIds.includes(id)) this.#playFrom(null);
  }

  /** The relay's word on who carries the picture. */
  setMedia(media: { url: string; isMoved: boolean } | null): void {
    this.#move.want(media);
  }

  close(): void {
    this.#move.close();
    this.#player?.close();
    this.#isStreamWanted = false;
    this.#streamPlayer?.close();
    this.picture.close();
    this.sound.close();
  }

  /**
   * The relay says that the show is live: for a while, who waits out a Retry-After asks sooner, so
   * that an early viewer starts with the show and everybody is back soon after a restart.
   */
  showIsLive(): void {
    this.#eagerUntilMs = this.#options.monotonicMs() + EAGER_MS;
  }

  tick(relayBackMs: number | null): void {
    const { store, clock, monotonicMs, elements } = this.#options;
    const nowMs = monotonicMs();
    const view = store.getState();
    if (this.#isSealed(view)) return;
    if (elements.video.srcObject !== this.#stream) {
      this.#stream = elements.video.srcObject;
      this.picture.connectionChanged();
      this.sound.streamChanged();
    }
    const figures = this.picture.figures();
    const lastFrameMs = latest(figures.lastFrameMs, this.#decoded.atMs);
    if (lastFrameMs === null || nowMs - lastFrameMs > 300) this.#lookAtDecoder(nowMs);
    const isConnected = view.facts.state === 'welcome';
    const show = isConnected ? (view.show?.state ?? null) : null;
    const studioConnected = isConnected ? (view.show?.studioConnected ?? null) : null;
    const isShowLive = show === 'live' && studioConnected === true;
    const player = this.#playerState();
    const { plan } = this.#lookAtWays(nowMs, isShowLive);
    const cannotDecode = this.#streamPlayer?.state === 'cannotDecode';
    const seen = player === 'noVideoCodec' && plan.stream && !cannotDecode ? 'connecting' : player;
    const isSlate = isConnected && (view.show?.slate ?? '') !== '';
    const watch = watchStateOf({ nowMs, player: seen, lastFrameMs, show, isSlate });
    if (watch === 'live') this.#renewals = 0;
    if (plan.webrtc) this.#renew({ nowMs, watch, lastFrameMs, show, studioConnected, relayBackMs });
    this.sound.setDelayMs(figures.addedDelayMs);
    this.#streamPlayer?.sound.setDelayMs(figures.addedDelayMs);
    this.#countRate(figures.frames, nowMs);
    const uncertaintyUs = clock.uncertaintyUs();
    store.setState({
      watch,
      transport: plan.shown,
      transportReason: plan.reason,
      streamSkewMs: this.#streamPlayer?.figures.skewMs ?? null,
      wasLive: view.wasLive || watch === 'live',
      figures: {
        ...figures,
        framesPerSecond: this.#rate.perSecond,
        uncertaintyMs: uncertaintyUs === null ? null : uncertaintyUs / 1000,
      },
    });
  }

  /** A show that this page cannot open is neither played nor shown. */
  #isSealed(view: ViewerView): boolean {
    const seal = this.#options.seal.state();
    const isEncrypted = view.show?.isEncrypted === true;
    const cannot = isEncrypted && ['none', 'insecure', 'noSupport'].includes(seal);
    if (view.seal !== seal) this.#options.store.setState({ seal });
    if (!cannot) return false;
    this.#player?.close();
    this.#player = null;
    this.#streamPlayer?.close();
    this.#streamPlayer = null;
    this.#options.elements.video.srcObject = null;
    this.#options.store.setState({ watch: 'connecting' });
    return true;
  }

  #playerState(): PlayerState {
    return this.#player?.state() ?? 'connecting';
  }

  /** Runs what the plan wants. */
  #lookAtWays(nowMs: number, isShowLive: boolean): { plan: TransportPlan } {
    const plan = this.#chooser.look({
      nowMs,
      player: this.#playerState(),
      hasPath: this.#player?.hasPath() ?? false,
      connectedAtMs: this.#connectedAtMs,
      elementFrameMs: latest(this.picture.flowingMsBy('webrtc'), this.#decoded.atMs),
      streamFrameMs: this.picture.flowingMsBy('websocket'),
      isShowLive,
    });
    if (plan.stream && !this.#isStreamWanted) {
      this.#isStreamWanted = true;
      this.picture.begins('websocket');
      void this.#openStream();
    } else if (!plan.stream && this.#isStreamWanted) {
      this.#isStreamWanted = false;
      this.#streamPlayer?.close();
      this.#streamPlayer = null;
    }
    if (plan.webrtc && !this.#player) {
      this.picture.begins('webrtc');
      this.#player = this.#connect(null);
    } else if (!plan.webrtc && this.#player && this.#player.state() !== 'noVideoCodec') {
      this.#player.close();
      this.#player = null;
    }
    if (plan.shown !== this.#shown) {
      this.#shown = plan.shown;
      this.picture.show(plan.shown);
      this.#placeChanged();
      this.#routeSound();
    }
    return { plan };
  }

  /** Called from a tap: only then may sound begin. */
  setSound(isOn: boolean): void {
    this.#isSoundOn = isOn;
    this.#routeSound();
  }

  get isSoundOn(): boolean {
    return this.#isSoundOn;
  }

  #routeSound(): void {
    const isStream = this.#shown === 'websocket';
    this.#streamPlayer?.sound.set(this.#isSoundOn && isStream);
    this.sound.set(this.#isSoundOn && !isStream);
  }

  /** Its code is fetched only by those who need it. */
  async #openStream(): Promise<void> {
    const { timers, monotonicMs, origin, channel } = this.#options;
    const code = await import('./streamPlayer.ts').catch(() => null);
    if (!code) this.#isStreamWanted = false;
    if (!code || !this.#isStreamWanted || this.#streamPlayer) return;
    this.#streamPlayer = new code.StreamPlayer({
      url: `${origin.replace(/^http/, 'ws')}/stream/${channel}`,
      timers,
      monotonicMs,
      onFrame: (frame, rtpTimestamp) => this.picture.takeFrame(frame, rtpTimestamp),
      onFacts: (bytes) => this.#takeFacts(bytes),
    });
    this.#routeSound();
  }

  #takeFacts(bytes: Uint8Array): void {
    try {
      this.picture.takeFacts(fromBinary(FrameFactsSchema, bytes));
    } catch {
      // Facts that do not read are as good as lost ones: the next come with the next frame.
    }
  }

  #renew(
    facts: Omit<RenewFacts, 'state' | 'player' | 'connectedAtMs' | 'renewals'> & {
      watch: WatchState;
      show: 'ready' | 'live' | 'ended' | null;
    },
  ): void {
    const { nowMs, watch, show } = facts;
    const player = this.#playerState();
    const connectedAtMs = this.#connectedAtMs;
    const isEager = nowMs < this.#eagerUntilMs && nowMs - connectedAtMs >= EAGER_GAP_MS;
    const isWaiting = player === 'notLive' && show === 'live';
    const renewals = this.#renewals;
    const due = { ...facts, state: watch, player, connectedAtMs, renewals };
    if (!(isWaiting && isEager) && !shouldRenew(due)) return;
    this.#renewals++;
    this.#move.distrust();
    this.#playFrom(null);
  }

  #playFrom(connection: WhepConnection | null): void {
    this.picture.keepLastFrame();
    this.#player?.close();
    this.#player = this.#connect(connection);
  }

  #placeChanged(): void {
    const { place, shift } = this.#move.figures();
    const { store, sendAnalyticsWish } = this.#options;
    if (this.#clockOffset !== null) {
      // The stream is always our relay's.
      const known = this.#shown === 'websocket' ? 0 : shift;
      this.picture.setClockOffset(known === null ? null : (this.#clockOffset + known) >>> 0);
    }
    sendAnalyticsWish(place === 'elsewhere');
    store.setState({ move: this.#move.figures() });
  }

  #connect(first: WhepConnection | null): WhepPlayer {
    const { elements, timers, monotonicMs } = this.#options;
    this.#connectedAtMs = monotonicMs();
    return createWhepPlayer({
      video: elements.video,
      signalling: async (offerSdp, signal) => {
        const session = await httpSignalling(this.#move.url())(offerSdp, signal);
        this.#move.answeredBy(session.answeredBy ?? null);
        return session;
      },
      timers,
      first,
      onState: () => {},
      isSoundOn: () => this.sound.isOn,
      onAnalytics: (bytes) => {
        // The other engine's own channel of this name says nothing of ours.
        const isOurs = this.#move.figures().place !== 'elsewhere';
        if (isOurs && this.#shown === 'webrtc') this.#takeFacts(bytes);
      },
    });
  }

  /** A hidden page presents no frames; what the decoder did then counts. */
  #lookAtDecoder(nowMs: number): void {
    if (this.#decoded.isAsking) return;
    this.#decoded.isAsking = true;
    const done = () => {
      this.#decoded.isAsking = false;
    };
    const asked = this.#player?.stats() ?? Promise.resolve(null);
    asked.then((report) => {
      done();
      for (const entry of report?.values() ?? []) {
        if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') continue;
        const count = Number(entry.framesDecoded ?? 0);
        if (count > this.#decoded.count && document.hidden) this.#decoded.atMs = nowMs;
        this.#decoded.count = count;
      }
    }, done);
  }

  #countRate(frames: number, nowMs: number): void {
    const passedMs = nowMs - this.#rate.atMs;
    if (passedMs < 1000) return;
    const perSecond = ((frames - this.#rate.frames) * 1000) / passedMs;
    this.#rate = { frames, atMs: nowMs, perSecond };
  }
}
