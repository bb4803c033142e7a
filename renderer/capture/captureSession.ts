// The flow of the capture page: devices, encoders, connection, and the state that both the person
// and the engine are told. It gives up on nothing but what only a person can mend, and a reload of
// the studio does not touch it.

import type { FromPage, PageFrame, ToPage } from '../../core/media/capturePort.ts';
import { type TextKey, text } from '../ui/texts.ts';
import { type Encoder, encodePicture, encodeSound, missingFeature } from './encoders.ts';
import { createEngineLink, type EngineLink, helloOf } from './engineLink.ts';
import type { Line, LineSignals } from './line.ts';

type OpenLine = (signals: LineSignals) => Line;

export type CaptureView = {
  state: 'starting' | 'ready' | 'live' | 'failed';
  /** One sentence, or empty. */
  reason: string;
  /** What the button in the middle does; null when there is nothing to press. */
  remedy: 'tryAgain' | 'useThisPage' | null;
  stream: MediaStream | null;
  width: number;
  height: number;
  framesPerSecond: number;
  hasSound: boolean;
  framesSent: number;
  framesDropped: number;
};

export type CaptureSession = {
  start(): void;
  /** Tries the devices again, or takes over from another page. */
  remedy(): void;
  subscribe(run: () => void): () => void;
  view(): CaptureView;
};

const WANTED_PICTURE: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
/** The show's sound is music and games as well as speech; processing made for calls harms it. */
const WANTED_SOUND: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};
const RETRY_MS = 2_000;
const VIEW_MS = 500;

/** Makes the session of this page; start() asks for the devices. */
export function createCaptureSession(openLine: OpenLine): CaptureSession {
  return new PageSession(openLine);
}

class PageSession implements CaptureSession {
  #view: CaptureView = {
    state: 'starting',
    reason: text('capture.askPermission'),
    remedy: null,
    stream: null,
    width: 0,
    height: 0,
    framesPerSecond: 30,
    hasSound: false,
    framesSent: 0,
    framesDropped: 0,
  };
  #listeners = new Set<() => void>();
  #openLine: OpenLine;
  #link: EngineLink;
  #encoders: Encoder[] = [];
  #picture: Encoder | null = null;
  #isWanted = false;
  #isReplaced = false;
  #framesSent = 0;
  #lost = 0;
  #retry = 0;

  constructor(openLine: OpenLine) {
    this.#openLine = openLine;
    this.#link = this.#makeLink();
  }

  start(): void {
    this.#link.start();
    void this.#openDevices();
    navigator.mediaDevices?.addEventListener('devicechange', () => {
      if (this.#view.state === 'failed' && !this.#isReplaced) void this.#openDevices();
    });
    setInterval(() => {
      const framesDropped = this.#lost + this.#link.droppedCount();
      this.#change({ framesSent: this.#framesSent, framesDropped });
    }, VIEW_MS);
  }

  remedy(): void {
    if (this.#isReplaced) {
      this.#isReplaced = false;
      this.#link = this.#makeLink();
      this.#link.start();
    }
    this.#change({ remedy: null });
    void this.#openDevices();
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
        this.#picture?.requestKeyFrame();
        const label = this.#view.stream?.getVideoTracks()[0]?.label ?? '';
        this.#link.sendMessage(helloOf(label));
        this.#refresh();
      },
      onClosed: () => {
        this.#isWanted = false;
        this.#refresh();
      },
      onMessage: (message) => this.#hear(message),
    });
  }

  #hear(message: ToPage): void {
    if (message.type === 'keyFrame') this.#picture?.requestKeyFrame();
    if (message.type === 'bitrate') this.#picture?.setBitrate(message.bitsPerSecond);
    if (message.type === 'wanted') {
      this.#isWanted = message.isWanted;
      if (message.isWanted) this.#picture?.requestKeyFrame();
      this.#refresh();
    }
    if (message.type === 'refused') {
      this.#isReplaced = true;
      this.#closeDevices();
      this.#change({ state: 'failed', reason: message.reason, remedy: 'useThisPage' });
    }
  }

  async #openDevices(): Promise<void> {
    clearTimeout(this.#retry);
    this.#closeDevices();
    const missing = await missingFeature();
    if (missing) {
      this.#fail(missing, false);
      return;
    }
    try {
      const stream = await askForDevices();
      this.#encode(stream);
    } catch (error) {
      const name = error instanceof DOMException ? error.name : '';
      if (name === 'NotAllowedError' || name === 'SecurityError') {
        this.#fail('capture.refused', false);
      } else this.#fail(name === 'NotReadableError' ? 'capture.busy' : 'capture.noCamera', true);
    }
  }

  #encode(stream: MediaStream): void {
    const [video] = stream.getVideoTracks();
    const [audio] = stream.getAudioTracks();
    if (!video) return;
    const shared = {
      isWanted: () => this.#isWanted && this.#link.isOpen(),
      onFrame: (frame: PageFrame) => {
        this.#framesSent++;
        this.#link.sendFrame(frame);
      },
      onDropped: () => {
        this.#lost++;
      },
      onFailure: (reason: string) => {
        this.#fail('capture.encoderFailed', true, { reason });
      },
    };
    video.addEventListener('ended', () => this.#fail('capture.gone', true));
    this.#picture = encodePicture({
      ...shared,
      track: video,
      needsKeyFrame: () => this.#link.needsKeyFrame(),
      onSize: (width, height) => {
        this.#change({ width, height });
        this.#refresh();
      },
    });
    this.#encoders = [this.#picture];
    if (audio) this.#encoders.push(encodeSound({ ...shared, track: audio }));
    const { width = 0, height = 0, frameRate = 30 } = video.getSettings();
    this.#change({
      ...{ stream, width, height, framesPerSecond: frameRate, hasSound: audio !== undefined },
      ...{ state: 'ready', reason: '', remedy: null },
    });
    this.#link.sendMessage(helloOf(video.label));
    this.#refresh();
  }

  #closeDevices(): void {
    for (const encoder of this.#encoders.splice(0)) encoder.stop();
    this.#picture = null;
    for (const track of this.#view.stream?.getTracks() ?? []) track.stop();
    this.#change({ stream: null });
  }

  #fail(key: TextKey, willRetry: boolean, values: Record<string, string> = {}): void {
    this.#closeDevices();
    const reason = text(key, values);
    this.#change({ state: 'failed', reason, remedy: willRetry ? null : 'tryAgain' });
    this.#tellEngine();
    clearTimeout(this.#retry);
    if (willRetry) this.#retry = window.setTimeout(() => void this.#openDevices(), RETRY_MS);
  }

  /** State and reason after a change of the connection or of what the show wants. */
  #refresh(): void {
    if (this.#view.state === 'ready' || this.#view.state === 'live') {
      const reason = this.#link.isOpen() ? '' : text('capture.noStudio');
      this.#change({ state: this.#isWanted ? 'live' : 'ready', reason });
    }
    this.#tellEngine();
  }

  #tellEngine(): void {
    const { state, reason, width, height, framesPerSecond, hasSound } = this.#view;
    const told = state === 'ready' ? 'live' : state;
    const message: FromPage = {
      ...{ type: 'state', state: told, reason: told === 'live' ? '' : reason.slice(0, 300) },
      ...{ width, height, framesPerSecond, hasSound },
    };
    this.#link.sendMessage(message);
  }

  #change(change: Partial<CaptureView>): void {
    this.#view = { ...this.#view, ...change };
    for (const run of this.#listeners) run();
  }
}

/** Camera and microphone; the camera alone where there is no microphone or it is refused. */
async function askForDevices(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: WANTED_PICTURE,
      audio: WANTED_SOUND,
    });
  } catch {
    return await navigator.mediaDevices.getUserMedia({ video: WANTED_PICTURE });
  }
}
