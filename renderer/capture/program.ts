// One program of the page: a scene, the devices of its layers, and the encoders of its picture and
// sound. A scene that is one whole camera is encoded as it comes; every other one is drawn. It runs
// from the first time that somebody wants it, and keeps its devices until the page closes.

import type { CaptureProgram, FromPage, MarketCardFacts } from '../../core/media/capturePort.ts';
import type { LowerLayer } from '../../core/media/feed.ts';
import type { TextKey } from '../ui/texts.ts';
import { Compositor } from './compositor.ts';
import { DeviceInput, type InputState } from './deviceInput.ts';
import {
  type EncodedFrame,
  type Encoder,
  encodePicture,
  encodeSound,
  FIRST_LIMITS,
  framesOf,
  type PictureLimits,
} from './encoders.ts';
import { directCamera, isDevice, type Scene } from './scene.ts';
import { createSoundMix, type SoundMix } from './soundMix.ts';

export type ProgramView = {
  scene: Scene;
  state: 'starting' | 'live' | 'failed';
  reason: TextKey | 'encoder' | null;
  /** What the encoder said when it failed. */
  detail: string;
  inputs: ReadonlyMap<number, InputState>;
  /** What to look at: a camera as it is, or the drawn picture. */
  stream: MediaStream | null;
  canvas: HTMLCanvasElement | null;
  width: number;
  height: number;
  hasSound: boolean;
  title: string;
};

export type ProgramOptions = {
  kind: CaptureProgram;
  scene: Scene;
  isWanted(): boolean;
  /** Smaller copies that are wanted beside the picture. */
  layers(): readonly LowerLayer[];
  needsKeyFrame(): boolean;
  onFrame(frame: EncodedFrame): void;
  onDropped(): void;
  onChange(): void;
};

const RETRY_MS = 2_000;

/** One program; it opens nothing before start(). */
export class Program {
  view: ProgramView;
  #options: ProgramOptions;
  #inputs = new Map<number, DeviceInput>();
  #images: ReadonlyMap<string, ImageBitmap> = new Map();
  #market: MarketCardFacts | null = null;
  #microphone: MediaStreamTrack | null = null;
  #picture: Encoder | null = null;
  #sound: Encoder | null = null;
  #mix: SoundMix | null = null;
  #compositor: Compositor | null = null;
  /** What is being encoded: a track's id, or that the scene is drawn. */
  #shown = '';
  #heard = '';
  #isStarted = false;
  #bitsPerSecond: number | null = null;
  #limits: PictureLimits = FIRST_LIMITS;
  #retry = 0;

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.view = {
      ...{ scene: options.scene, state: 'starting', reason: 'capture.askPermission', detail: '' },
      ...{ inputs: new Map(), stream: null, canvas: null, width: 0, height: 0 },
      ...{ hasSound: false, title: '' },
    };
  }

  /** Opens the devices; `camera` is a track that is open already, for the first camera. */
  start(camera: MediaStreamTrack | null = null): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#openInputs(camera);
  }

  setScene(scene: Scene): void {
    this.#set({ scene });
    if (this.#isStarted) this.#openInputs(null);
  }

  setMicrophone(track: MediaStreamTrack | null): void {
    this.#microphone = track;
    this.#refresh();
  }

  setImages(images: ReadonlyMap<string, ImageBitmap>): void {
    this.#images = images;
    this.#refresh();
  }

  showMarket(card: MarketCardFacts | null): void {
    this.#market = card;
    this.#compositor?.showMarket(card);
  }

  /** A person's press: hands over the screen, or tries the camera again. */
  async share(id: number): Promise<void> {
    await this.#inputs.get(id)?.share();
  }

  requestKeyFrame(): void {
    this.#picture?.requestKeyFrame();
  }

  setBitrate(bitsPerSecond: number): void {
    this.#bitsPerSecond = bitsPerSecond;
    this.#picture?.setBitrate(bitsPerSecond);
  }

  /** Most that the picture may be from now on; what runs follows without a stop. */
  setLimits(limits: PictureLimits): void {
    this.#limits = limits;
    for (const input of this.#inputs.values()) input.setLimits(limits);
    this.#compositor?.setLimits(limits);
    this.#options.onChange();
  }

  /** Devices came or went: cameras that failed are tried again at once. */
  devicesChanged(): void {
    for (const input of this.#inputs.values()) {
      if (input.kind === 'camera' && input.view.state === 'failed') void input.share();
    }
  }

  /** Lets go of every device; start() begins anew. */
  stop(): void {
    this.#isStarted = false;
    for (const input of this.#inputs.values()) input.close();
    this.#inputs.clear();
    this.#stopEncoders();
    this.#set({ state: 'starting', inputs: new Map(), stream: null, canvas: null });
  }

  /** What the engine is told of this program; `reason` in words, `isUnable`: this browser is. */
  stateMessage(reason: string, isUnable: boolean): FromPage {
    const state = isUnable ? 'failed' : this.view.state;
    const { width, height, hasSound, title } = this.view;
    return {
      ...{ type: 'state', program: this.#options.kind, state, reason: reason.slice(0, 300) },
      ...{ title: title.slice(0, 100), width, height, hasSound },
      framesPerSecond: this.#limits.framesPerSecond,
    };
  }

  #openInputs(camera: MediaStreamTrack | null): void {
    let first = camera;
    const wanted = new Set<number>();
    for (const layer of this.view.scene.layers) {
      if (!isDevice(layer.kind)) continue;
      wanted.add(layer.id);
      const deviceId = layer.kind === 'camera' ? layer.deviceId : '';
      const there = this.#inputs.get(layer.id);
      if (there?.kind === layer.kind && there.deviceId === deviceId) continue;
      there?.close();
      const input = new DeviceInput(layer.kind, deviceId, this.#limits, () => this.#refresh());
      this.#inputs.set(layer.id, input);
      const isFirst = layer.kind === 'camera' && deviceId === '';
      input.start(isFirst ? first : null);
      if (isFirst) first = null;
    }
    for (const [id, input] of this.#inputs) {
      if (wanted.has(id)) continue;
      input.close();
      this.#inputs.delete(id);
    }
    first?.stop();
    this.#refresh();
  }

  /** After any change: what is encoded, what is heard, and what is said of it. */
  #refresh(): void {
    if (!this.#isStarted) return;
    const inputs = [...this.#inputs.values()];
    const isDrawable = inputs.some(({ picture }) => picture !== null);
    const hasStill = this.view.scene.layers.some(({ kind }) => !isDevice(kind));
    const failed = inputs.find(({ view }) => view.state === 'failed');
    const starting = inputs.find(({ view }) => view.state === 'starting');
    if (isDrawable || hasStill) {
      this.#encode();
      const state = 'live' as const;
      this.#set({ state, reason: failed?.view.reason ?? null, inputs: this.#inputViews() });
      return;
    }
    this.#stopEncoders();
    const one = failed ?? starting;
    // A screen that nobody has handed over yet is no failure; the show waits for the press.
    const isWaiting = one?.view.state === 'starting' || (one && one.kind !== 'camera');
    this.#set({
      ...{ state: isWaiting ? 'starting' : 'failed', stream: null, canvas: null },
      ...{ reason: one?.view.reason ?? 'capture.emptyScene', inputs: this.#inputViews() },
    });
  }

  #inputViews(): Map<number, InputState> {
    return new Map([...this.#inputs].map(([id, { view }]) => [id, view]));
  }

  #encode(): void {
    const camera = directCamera(this.view.scene);
    const track = camera ? (this.#inputs.get(camera.id)?.picture ?? null) : null;
    if (track) this.#encodeTrack(track);
    else this.#encodeScene();
    this.#encodeSound();
    const title = [...this.#inputs.values()].find(({ picture }) => picture)?.view.title ?? '';
    this.#set({ title });
  }

  #encodeTrack(track: MediaStreamTrack): void {
    if (this.#shown === track.id) return;
    this.#stopPicture();
    this.#shown = track.id;
    this.#startPicture(framesOf<VideoFrame>(track));
    const { width = 0, height = 0 } = track.getSettings();
    this.#set({ stream: new MediaStream([track]), canvas: null, width, height });
  }

  #encodeScene(): void {
    if (!this.#compositor) {
      this.#stopPicture();
      this.#compositor = new Compositor(() => this.#options.onDropped());
      this.#compositor.showMarket(this.#market);
      this.#compositor.setLimits(this.#limits);
      this.#shown = 'scene';
      this.#startPicture(this.#compositor.frames);
      const { canvas } = this.#compositor;
      this.#set({ stream: null, canvas, width: canvas.width, height: canvas.height });
    }
    const tracks = new Map<number, MediaStreamTrack>();
    for (const [id, { picture }] of this.#inputs) if (picture) tracks.set(id, picture);
    this.#compositor.show(this.view.scene, tracks, this.#images);
  }

  #startPicture(frames: ReadableStreamDefaultReader<VideoFrame>): void {
    this.#picture = encodePicture({
      frames,
      ...this.#shared(),
      layers: () => this.#options.layers(),
      limits: () => this.#limits,
      needsKeyFrame: () => this.#options.needsKeyFrame(),
      onSize: (width, height) => this.#set({ width, height }),
    });
    if (this.#bitsPerSecond !== null) this.#picture.setBitrate(this.#bitsPerSecond);
  }

  /** The microphone and the sound of shared screens, mixed where there are several. */
  #encodeSound(): void {
    const tracks = [this.#microphone, ...[...this.#inputs.values()].map(({ sound }) => sound)];
    const all = tracks.filter((track) => track !== null);
    const heard = all.map(({ id }) => id).join();
    if (heard === this.#heard) return;
    this.#heard = heard;
    this.#sound?.stop();
    this.#mix?.close();
    this.#mix = null;
    this.#sound = null;
    let [track] = all;
    if (all.length > 1) {
      this.#mix = createSoundMix(all);
      track = this.#mix.track;
    }
    if (track) this.#sound = encodeSound({ frames: framesOf<AudioData>(track), ...this.#shared() });
    this.#set({ hasSound: track !== undefined });
  }

  #shared() {
    const { isWanted, onFrame, onDropped } = this.#options;
    return { isWanted, onFrame, onDropped, onFailure: (detail: string) => this.#fail(detail) };
  }

  #fail(detail: string): void {
    if (!this.#isStarted) return;
    this.#stopEncoders();
    this.#set({ state: 'failed', reason: 'encoder', detail });
    clearTimeout(this.#retry);
    this.#retry = window.setTimeout(() => this.#refresh(), RETRY_MS);
  }

  #stopPicture(): void {
    this.#picture?.stop();
    this.#picture = null;
    this.#compositor?.close();
    this.#compositor = null;
    this.#shown = '';
  }

  #stopEncoders(): void {
    clearTimeout(this.#retry);
    this.#stopPicture();
    this.#sound?.stop();
    this.#mix?.close();
    this.#sound = null;
    this.#mix = null;
    this.#heard = '';
  }

  #set(change: Partial<ProgramView>): void {
    this.view = { ...this.view, ...change };
    this.#options.onChange();
  }
}
