// The flow of the capture page: programs, microphone, connection, and the state that both the
// person and the engine are told. It gives up on nothing but what only a person can mend, and a
// reload of the studio does not touch it.

import {
  CAPTURE_PROGRAMS,
  type CaptureProgram,
  type MarketCardFacts,
  type ToPage,
} from '../../core/media/capturePort.ts';
import type { LowerLayer } from '../../core/media/feed.ts';
import { keepMicrophone, keptMicrophone } from '../ui/keptDevices.ts';
import { type TextKey, text } from '../ui/texts.ts';
import { WANTED_SOUND, wantedPicture } from './deviceInput.ts';
import { FIRST_LIMITS, missingFeature } from './encoders.ts';
import { createEngineLink, type EngineLink, HELLO } from './engineLink.ts';
import { keepImage, keepScene, keptImages, keptScene } from './keptScenes.ts';
import type { Line, LineSignals } from './line.ts';
import { Program, type ProgramView } from './program.ts';
import type { Scene } from './scene.ts';

type OpenLine = (signals: LineSignals) => Line;

export type Device = { id: string; title: string };

export type CaptureView = {
  /** Which program is looked at and edited. */
  shown: CaptureProgram;
  wanted: readonly CaptureProgram[];
  program: ProgramView;
  state: 'starting' | 'ready' | 'live' | 'failed';
  /** One sentence, or empty. */
  reason: string;
  /** What the button in the middle does; null when there is nothing to press. */
  remedy: 'tryAgain' | 'useThisPage' | 'share' | null;
  cameras: readonly Device[];
  microphones: readonly Device[];
  microphone: string;
  /** Why there is no sound of one; a key of the capture texts. Null: there is. */
  microphoneLack: TextKey | null;
  framesSent: number;
  framesDropped: number;
};

const VIEW_MS = 500;

/** The session of this page; start() asks for the devices. */
export class CaptureSession {
  #openLine: OpenLine;
  #link: EngineLink;
  #programs: Record<CaptureProgram, Program>;
  #shown: CaptureProgram = 'camera';
  #wanted: readonly CaptureProgram[] = [];
  #missing: TextKey | null = null;
  /** The first question to the person is answered; devices may be opened. */
  #isReady = false;
  readonly #told = new Map<CaptureProgram, string>();
  #replacedReason = '';
  #layers: readonly LowerLayer[] = [];
  #images = new Map<string, ImageBitmap>();
  #microphone: MediaStreamTrack | null = null;
  #microphoneId = keptMicrophone();
  #microphoneLack: TextKey | null = null;
  #devices: { cameras: Device[]; microphones: Device[] } = { cameras: [], microphones: [] };
  #framesSent = 0;
  #lost = 0;
  #view: CaptureView;
  #listeners = new Set<() => void>();

  constructor(openLine: OpenLine) {
    this.#openLine = openLine;
    this.#link = this.#makeLink();
    this.#programs = {
      camera: this.#makeProgram('camera'),
      screen: this.#makeProgram('screen'),
      window: this.#makeProgram('window'),
    };
    this.#view = this.#lookAgain();
  }

  start(): void {
    this.#link.start();
    void this.#openDevices();
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#devicesChanged());
    setInterval(() => this.#tell(), VIEW_MS);
  }

  /** Tries again, hands over the screen, or takes over from another page. */
  remedy(): void {
    const { remedy, program } = this.#view;
    if (remedy === 'useThisPage') {
      this.#replacedReason = '';
      this.#link = this.#makeLink();
      this.#link.start();
      void this.#openDevices();
      return;
    }
    const waiting = [...program.inputs].find(([, input]) => input.needsPress);
    if (waiting) void this.share(waiting[0]);
    else void this.#openDevices();
  }

  share(layer: number): Promise<void> {
    return this.#programs[this.#shown].share(layer);
  }

  look(program: CaptureProgram): void {
    this.#shown = program;
    if (this.#isReady && this.#replacedReason === '') this.#programs[program].start();
    this.#tell();
  }

  setScene(scene: Scene): void {
    keepScene(this.#shown, scene);
    this.#programs[this.#shown].setScene(scene);
  }

  /** Takes a picture in under a new name. Rejects when it is none or too large. */
  async addImage(file: File): Promise<string> {
    const name = `${Date.now()} ${file.name}`.slice(0, 200);
    this.#images.set(name, await keepImage(name, file));
    for (const program of Object.values(this.#programs)) program.setImages(this.#images);
    return name;
  }

  async chooseMicrophone(deviceId: string): Promise<void> {
    this.#microphoneId = deviceId;
    keepMicrophone(deviceId);
    await this.retryMicrophone();
  }

  /** Asks for the microphone again: it was refused, or went away. */
  async retryMicrophone(): Promise<void> {
    await this.#openMicrophone();
    this.#tell();
  }

  subscribe(run: () => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  view(): CaptureView {
    return this.#view;
  }

  #makeLink(): EngineLink {
    return createEngineLink({
      openLine: this.#openLine,
      onOpen: () => {
        this.#told.clear();
        this.#link.sendMessage(HELLO);
        this.#tell();
      },
      onClosed: () => {
        this.#wanted = [];
        this.#tell();
      },
      onMessage: (message) => this.#hear(message),
    });
  }

  #makeProgram(kind: CaptureProgram): Program {
    return new Program({
      kind,
      scene: keptScene(kind),
      isWanted: () => this.#wanted.includes(kind) && this.#link.isOpen(),
      layers: () => this.#layers,
      needsKeyFrame: () => this.#link.needsKeyFrame(kind),
      onFrame: (frame) => {
        this.#framesSent++;
        this.#link.sendFrame({ ...frame, program: kind });
      },
      onDropped: () => {
        this.#lost++;
      },
      onChange: () => this.#tell(),
    });
  }

  #hear(message: ToPage): void {
    const programs = Object.values(this.#programs);
    if (message.type === 'keyFrame') for (const one of programs) one.requestKeyFrame();
    if (message.type === 'bitrate')
      for (const one of programs) one.setBitrate(message.bitsPerSecond);
    if (message.type === 'picture') for (const one of programs) one.setLimits(message);
    if (message.type === 'layers') {
      this.#layers = message.layers;
      for (const one of programs) one.requestKeyFrame();
    }
    if (message.type === 'market') this.#showMarket(message.card);
    if (message.type === 'wanted') this.#want(message.programs);
    if (message.type === 'refused') {
      this.#replacedReason = message.reason;
      for (const one of programs) one.stop();
      this.#setMicrophone(null);
      this.#tell();
    }
  }

  #showMarket(card: MarketCardFacts | null): void {
    for (const one of Object.values(this.#programs)) one.showMarket(card);
  }

  /** What the show newly wants is what the person looks at. */
  #want(programs: readonly CaptureProgram[]): void {
    const added = programs.find((one) => !this.#wanted.includes(one));
    this.#wanted = programs;
    for (const one of programs) this.#programs[one].requestKeyFrame();
    if (added) this.look(added);
    this.#tell();
  }

  async #openDevices(): Promise<void> {
    this.#missing = await missingFeature();
    if (this.#missing) return this.#tell();
    const stream = await firstDevices();
    this.#setMicrophone(stream?.getAudioTracks()[0] ?? null);
    const names = CAPTURE_PROGRAMS.flatMap((one) =>
      this.#programs[one].view.scene.layers.flatMap((layer) =>
        layer.kind === 'image' ? [layer.name] : [],
      ),
    );
    if (names.length > 0) this.#images = await keptImages(names);
    for (const one of Object.values(this.#programs)) one.setImages(this.#images);
    const [camera = null] = stream?.getVideoTracks() ?? [];
    this.#isReady = true;
    if (this.#isAsked('camera')) this.#programs.camera.start(camera);
    else camera?.stop();
    for (const kind of CAPTURE_PROGRAMS) if (this.#isAsked(kind)) this.#programs[kind].start();
    if (this.#microphoneId !== '') await this.#openMicrophone();
    await this.#devicesChanged();
  }

  async #devicesChanged(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const of = (kind: MediaDeviceKind) =>
      all
        .filter((device) => device.kind === kind && device.label !== '')
        .map(({ deviceId, label }) => ({ id: deviceId, title: label }));
    this.#devices = { cameras: of('videoinput'), microphones: of('audioinput') };
    for (const one of Object.values(this.#programs)) one.devicesChanged();
    const isSilent = this.#microphone === null || this.#microphone.readyState === 'ended';
    if (isSilent && this.#devices.microphones.length > 0) await this.#openMicrophone();
    if (this.#microphone === null) this.#microphoneLack ??= 'capture.noMicrophone';
    this.#tell();
  }

  async #openMicrophone(): Promise<void> {
    if (this.#replacedReason !== '') return;
    const device = this.#microphoneId === '' ? {} : { deviceId: { exact: this.#microphoneId } };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { ...WANTED_SOUND, ...device },
      });
      this.#setMicrophone(stream.getAudioTracks()[0] ?? null);
    } catch (error) {
      // A show without sound goes on; the page says why there is none.
      this.#setMicrophone(null);
      this.#microphoneLack = lackOf(error);
    }
  }

  #setMicrophone(track: MediaStreamTrack | null): void {
    if (this.#microphone === track) return;
    this.#microphone?.stop();
    this.#microphone = track;
    if (track) this.#watchMicrophone(track);
    for (const one of Object.values(this.#programs)) one.setMicrophone(track);
  }

  #watchMicrophone(track: MediaStreamTrack): void {
    this.#microphoneLack = null;
    track.addEventListener('ended', () => {
      if (this.#microphone !== track) return;
      this.#setMicrophone(null);
      this.#microphoneLack = 'capture.microphoneGone';
      this.#tell();
    });
  }

  /** Looks at everything again; tells the person and the engine. */
  #tell(): void {
    this.#view = this.#lookAgain();
    for (const run of this.#listeners) run();
    for (const kind of CAPTURE_PROGRAMS) if (this.#isAsked(kind)) this.#tellEngine(kind);
  }

  #tellEngine(kind: CaptureProgram): void {
    const program = this.#programs[kind];
    const words = this.#missing ? text(this.#missing) : this.#wordsOf(program.view);
    const message = program.stateMessage(words, this.#missing !== null);
    const said = JSON.stringify(message);
    if (!this.#link.isOpen() || this.#told.get(kind) === said) return;
    this.#told.set(kind, said);
    this.#link.sendMessage(message);
  }

  #isAsked(kind: CaptureProgram): boolean {
    return kind === this.#shown || this.#wanted.includes(kind);
  }

  #lookAgain(): CaptureView {
    const program = this.#programs[this.#shown].view;
    const shared = {
      ...{ shown: this.#shown, wanted: this.#wanted, program, ...this.#devices },
      ...{ microphone: this.#microphoneId, microphoneLack: this.#microphoneLack },
      framesSent: this.#framesSent,
      framesDropped: this.#lost + this.#link.droppedCount(),
    };
    if (this.#replacedReason !== '') {
      const reason = this.#replacedReason;
      return { ...shared, state: 'failed', reason, remedy: 'useThisPage' };
    }
    if (this.#missing) {
      return { ...shared, state: 'failed', reason: text(this.#missing), remedy: 'tryAgain' };
    }
    const needsPress = [...program.inputs.values()].some((input) => input.needsPress);
    const remedy = needsPress ? (this.#shown === 'camera' ? 'tryAgain' : 'share') : null;
    const words = this.#wordsOf(program);
    if (program.state !== 'live') {
      return { ...shared, state: program.state, reason: words, remedy };
    }
    const reason = this.#link.isOpen() ? words : text('capture.noStudio');
    const isOnAir = this.#wanted.includes(this.#shown);
    return { ...shared, state: isOnAir ? 'live' : 'ready', reason, remedy };
  }

  #wordsOf({ reason, detail }: ProgramView): string {
    if (reason === 'encoder') return text('capture.encoderFailed', { reason: detail });
    return reason === null ? '' : text(reason);
  }
}

/** Why a microphone could not be opened. */
function lackOf(error: unknown): TextKey {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'capture.microphoneRefused';
  return name === 'NotReadableError' ? 'capture.microphoneBusy' : 'capture.noMicrophone';
}

/**
 * Camera and microphone by one question; the camera alone where there is no microphone. Null when
 * there is none or it is refused: the layer's own attempt says why.
 */
async function firstDevices(): Promise<MediaStream | null> {
  for (const audio of [WANTED_SOUND, false]) {
    try {
      return await navigator.mediaDevices.getUserMedia({
        video: wantedPicture(FIRST_LIMITS),
        audio,
      });
    } catch {
      // The next attempt asks for less.
    }
  }
  return null;
}
