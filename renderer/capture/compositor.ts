// Draws a scene: the newest picture of each device, pictures, words and the market's card, into one
// canvas, and hands that out as frames. The rearmost device sets the pace and the frame's time, so
// that a drawn picture is as old as what it shows; a screen that does not move sends nothing, and
// then the clock sets the pace. It keeps one frame of each device and never queues.

import type { MarketCardFacts } from '../../core/media/capturePort.ts';
import { createArrivalClock } from './arrivalClock.ts';
import { FIRST_LIMITS, framesOf, type PictureLimits, pump } from './encoders.ts';
import { paintMarket, paintWords } from './paint.ts';
import { fitInto, isDevice, type Layer, type Scene } from './scene.ts';

/** Frames that wait for the encoder; more would be delay. */
const FRAMES_WAITING_MAX = 2;

type Device = {
  track: MediaStreamTrack;
  reader: ReadableStreamDefaultReader<VideoFrame>;
  clock: ReturnType<typeof createArrivalClock>;
  newest: VideoFrame | null;
};

/** The drawn pictures of a scene. */
export class Compositor {
  readonly canvas: HTMLCanvasElement;
  readonly frames: ReadableStreamDefaultReader<VideoFrame>;
  #paper: CanvasRenderingContext2D;
  #out: ReadableStreamDefaultController<VideoFrame> | null = null;
  #scene: Scene = { layers: [] };
  #devices = new Map<number, Device>();
  #images: ReadonlyMap<string, ImageBitmap> = new Map();
  #market: MarketCardFacts | null = null;
  #lastUs = 0;
  #limits: PictureLimits = FIRST_LIMITS;
  #ticker: Worker;
  #onDropped: () => void;

  /** @throws Error when the browser has no canvas to draw on */
  constructor(onDropped: () => void) {
    this.canvas = document.createElement('canvas');
    this.canvas.width = FIRST_LIMITS.width;
    this.canvas.height = FIRST_LIMITS.height;
    const paper = this.canvas.getContext('2d', { alpha: false, desynchronized: true });
    if (!paper) throw new Error('This browser has no canvas to draw on');
    this.#paper = paper;
    this.#onDropped = onDropped;
    const stream = new ReadableStream<VideoFrame>(
      {
        start: (controller) => {
          this.#out = controller;
        },
      },
      { highWaterMark: FRAMES_WAITING_MAX },
    );
    this.frames = stream.getReader();
    this.#ticker = new Worker(new URL('./ticker.ts', import.meta.url), { type: 'module' });
    this.#ticker.addEventListener('message', () => this.#tick());
  }

  /** What to draw from now on: the scene, its devices' tracks and its pictures by name. */
  show(
    scene: Scene,
    tracks: ReadonlyMap<number, MediaStreamTrack>,
    images: ReadonlyMap<string, ImageBitmap>,
  ): void {
    this.#scene = scene;
    this.#images = images;
    for (const [id, device] of this.#devices) {
      if (tracks.get(id) !== device.track) this.#close(id, device);
    }
    for (const [id, track] of tracks) {
      if (!this.#devices.has(id)) this.#open(id, track);
    }
  }

  showMarket(card: MarketCardFacts | null): void {
    this.#market = card;
  }

  /** The size that is drawn, and how often at most. */
  setLimits(limits: PictureLimits): void {
    this.#limits = limits;
    // Setting it, even to what it is, wipes the canvas.
    if (this.canvas.width !== limits.width) this.canvas.width = limits.width;
    if (this.canvas.height !== limits.height) this.canvas.height = limits.height;
    this.#ticker.postMessage(1000 / limits.framesPerSecond);
  }

  get #periodUs(): number {
    return 1_000_000 / this.#limits.framesPerSecond;
  }

  close(): void {
    this.#ticker.terminate();
    for (const [id, device] of this.#devices) this.#close(id, device);
    this.#out = null;
  }

  #open(id: number, track: MediaStreamTrack): void {
    const reader = framesOf<VideoFrame>(track);
    const device: Device = { track, reader, clock: createArrivalClock(), newest: null };
    this.#devices.set(id, device);
    const take = (frame: VideoFrame) => {
      if (this.#devices.get(id) !== device) return frame.close();
      device.newest?.close();
      device.newest = frame;
      device.clock.observe(frame.timestamp, performance.now() * 1000);
      if (this.#pacemaker() === device) this.#paced(device, frame.timestamp);
    };
    pump(reader, take).catch(() => {});
  }

  #close(id: number, device: Device): void {
    this.#devices.delete(id);
    device.newest?.close();
    device.newest = null;
    device.reader.cancel().catch(() => {});
  }

  #pacemaker(): Device | null {
    for (const layer of this.#scene.layers) {
      const device = isDevice(layer.kind) ? this.#devices.get(layer.id) : undefined;
      if (device) return device;
    }
    return null;
  }

  #paced(device: Device, timestamp: number): void {
    const madeUs = device.clock.toPageUs(timestamp);
    // A device that is faster than what was chosen is not drawn each time.
    if (madeUs !== null && madeUs - this.#lastUs > this.#periodUs * 0.7) this.#draw(madeUs);
  }

  #tick(): void {
    const nowUs = Math.round(performance.now() * 1000);
    if (nowUs - this.#lastUs > this.#periodUs * 1.6) this.#draw(nowUs);
  }

  #draw(timestamp: number): void {
    this.#lastUs = timestamp;
    const { width, height } = this.#limits;
    this.#paper.fillStyle = '#000';
    this.#paper.fillRect(0, 0, width, height);
    for (const layer of this.#scene.layers) this.#drawLayer(layer);
    if (!this.#out) return;
    if ((this.#out.desiredSize ?? 0) > 0) {
      this.#out.enqueue(new VideoFrame(this.canvas, { timestamp }));
    } else this.#onDropped();
  }

  #drawLayer(layer: Layer): void {
    const { width, height } = this.#limits;
    const box = {
      x: layer.x * width,
      y: layer.y * height,
      width: layer.width * width,
      height: layer.height * height,
    };
    switch (layer.kind) {
      case 'text':
        paintWords(this.#paper, box, layer.words);
        break;
      case 'market':
        if (this.#market) paintMarket(this.#paper, box, this.#market);
        break;
      case 'image': {
        const image = this.#images.get(layer.name);
        if (image) this.#drawFitted(image, box, image.width, image.height);
        break;
      }
      default: {
        const frame = this.#devices.get(layer.id)?.newest;
        if (frame) this.#drawFitted(frame, box, frame.displayWidth, frame.displayHeight);
      }
    }
  }

  #drawFitted(
    picture: CanvasImageSource,
    box: { x: number; y: number; width: number; height: number },
    width: number,
    height: number,
  ): void {
    const at = fitInto(box, width, height);
    this.#paper.drawImage(picture, at.x, at.y, at.width, at.height);
  }
}
