// One device of a scene: a camera that is opened and opened again until it is there, or a screen or
// window that a person has to hand over by a press, because browsers ask for that each time.

import type { TextKey } from '../ui/texts.ts';
import type { PictureLimits } from './encoders.ts';
import type { LayerKind } from './scene.ts';

export type InputState = {
  state: 'starting' | 'live' | 'failed';
  /** Why it is not live; a key of the capture texts. */
  reason: TextKey | null;
  /** Waits for a person's press: share(). */
  needsPress: boolean;
  title: string;
};

/** What a device is asked for: no more than is sent of it. */
export function wantedPicture({ width, height, framesPerSecond }: PictureLimits) {
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: framesPerSecond, max: framesPerSecond },
  } satisfies MediaTrackConstraints;
}
/** The show's sound is music and games as well as speech; processing made for calls harms it. */
export const WANTED_SOUND: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};
const RETRY_MS = 2_000;

export type DeviceKind = Extract<LayerKind, 'camera' | 'screen' | 'window'>;

/** Opens and keeps one device; `onChange` runs after each change of its state or tracks. */
export class DeviceInput {
  readonly kind: DeviceKind;
  readonly deviceId: string;
  picture: MediaStreamTrack | null = null;
  /** Sound of a shared screen, where the system gives it. */
  sound: MediaStreamTrack | null = null;
  view: InputState;
  #limits: PictureLimits;
  #onChange: () => void;
  #retry = 0;
  #isClosed = false;

  constructor(kind: DeviceKind, deviceId: string, limits: PictureLimits, onChange: () => void) {
    this.#limits = limits;
    this.kind = kind;
    this.deviceId = deviceId;
    this.#onChange = onChange;
    this.view = {
      state: 'starting',
      reason: 'capture.askPermission',
      needsPress: false,
      title: '',
    };
  }

  /** Opens the device; `first` is a camera's track that is open already. */
  start(first: MediaStreamTrack | null = null): void {
    if (first) this.#took(first, null);
    else if (this.kind === 'camera') void this.#openCamera();
    else this.#waitForPress(this.kind === 'screen' ? 'capture.pressScreen' : 'capture.pressWindow');
  }

  /** Asks for the screen or window, or for the camera again. Must run inside a person's press. */
  async share(): Promise<void> {
    if (this.kind === 'camera') return this.#openCamera();
    const video = {
      ...wantedPicture(this.#limits),
      displaySurface: this.kind === 'screen' ? 'monitor' : 'window',
    };
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video, audio: true });
      const [picture] = stream.getVideoTracks();
      if (picture) this.#took(picture, stream.getAudioTracks()[0] ?? null);
    } catch {
      this.#waitForPress('capture.shareRefused');
    }
  }

  /** An open device is asked anew; one that cannot stays as it is and is scaled. */
  setLimits(limits: PictureLimits): void {
    this.#limits = limits;
    this.picture?.applyConstraints(wantedPicture(limits)).catch(() => {});
  }

  close(): void {
    this.#isClosed = true;
    this.#letGo();
  }

  async #openCamera(): Promise<void> {
    this.#letGo();
    try {
      const device = this.deviceId === '' ? {} : { deviceId: { exact: this.deviceId } };
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { ...wantedPicture(this.#limits), ...device },
      });
      const [picture] = stream.getVideoTracks();
      if (picture) this.#took(picture, null);
    } catch (error) {
      const name = error instanceof DOMException ? error.name : '';
      const isRefused = name === 'NotAllowedError' || name === 'SecurityError';
      if (isRefused) this.#fail('capture.refused', false);
      else this.#fail(name === 'NotReadableError' ? 'capture.busy' : 'capture.noCamera', true);
    }
  }

  #took(picture: MediaStreamTrack, sound: MediaStreamTrack | null): void {
    if (this.#isClosed) {
      picture.stop();
      sound?.stop();
      return;
    }
    this.#letGo();
    this.picture = picture;
    this.sound = sound;
    picture.addEventListener('ended', () => {
      if (this.picture !== picture) return;
      if (this.kind === 'camera') this.#fail('capture.gone', true);
      else this.#waitForPress('capture.shareEnded');
    });
    this.#set({ state: 'live', reason: null, needsPress: false, title: picture.label });
  }

  #waitForPress(reason: TextKey): void {
    this.#letGo();
    this.#set({ state: 'failed', reason, needsPress: true, title: '' });
  }

  #fail(reason: TextKey, willRetry: boolean): void {
    this.#letGo();
    this.#set({ state: 'failed', reason, needsPress: !willRetry, title: '' });
    if (!willRetry || this.#isClosed) return;
    this.#retry = window.setTimeout(() => void this.#openCamera(), RETRY_MS);
  }

  #letGo(): void {
    clearTimeout(this.#retry);
    this.picture?.stop();
    this.sound?.stop();
    this.picture = null;
    this.sound = null;
  }

  #set(view: InputState): void {
    this.view = view;
    if (!this.#isClosed) this.#onChange();
  }
}
