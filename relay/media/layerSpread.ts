// A show's layers as one fan-out: whoever joins starts with the best one and gets the one that fits
// its path or its own wish. With one layer it is that layer's fan-out and nothing more.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import type { FanOut, FanOutViewer, ViewerTrack } from '../../native/webrtc/fanOut.ts';
import { type Layer, LayerViewer } from './layerViewer.ts';

export class LayerSpread implements FanOut {
  readonly #clock: MediaClock;
  readonly #timers: Timers;
  readonly #best: Layer;
  #lower: readonly Layer[] = [];
  readonly #viewers = new Set<LayerViewer>();

  constructor(options: { clock: MediaClock; timers: Timers; best: Layer }) {
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#best = options.best;
  }

  /** Best first. */
  layers(): readonly Layer[] {
    return [this.#best, ...this.#lower];
  }

  /** The layers below the best one, better ones first. */
  setLower(lower: readonly Layer[]): void {
    this.#lower = lower;
    this.layersChanged();
  }

  /** A layer came, went, flows or stopped. */
  layersChanged(): void {
    for (const viewer of this.#viewers) viewer.consider();
  }

  /** Viewers by the layer that they get. */
  viewersByLayer(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { id } of this.layers()) counts[id] = 0;
    for (const { layer } of this.#viewers) counts[layer] = (counts[layer] ?? 0) + 1;
    return counts;
  }

  /** Who reads whole units (where UDP fails) gets the best layer. */
  openReader(reader: Parameters<FanOut['openReader']>[0]) {
    return this.#best.fanOut.openReader(reader);
  }

  openInput() {
    return this.#best.fanOut.openInput();
  }

  addViewer(
    tracks: { video?: ViewerTrack; audio?: ViewerTrack },
    onDropped: () => void,
  ): LayerViewer {
    const host = {
      ...{ clock: this.#clock, timers: this.#timers },
      layers: () => this.layers(),
    };
    const viewer: LayerViewer = new LayerViewer(host, tracks, {
      onDropped,
      onClosed: () => this.#viewers.delete(viewer),
    });
    this.#viewers.add(viewer);
    return viewer;
  }

  sendAnalytics(bytes: Uint8Array): void {
    this.#best.fanOut.sendAnalytics(bytes);
  }

  timestampShift(track: TrackKind): number {
    return this.#best.fanOut.timestampShift(track);
  }

  viewerCount(): number {
    return this.#viewers.size;
  }

  hasKeyFrame(): boolean {
    return this.#best.fanOut.hasKeyFrame();
  }

  counters() {
    return this.#best.fanOut.counters();
  }

  close(): void {
    for (const viewer of [...this.#viewers]) viewer.close();
    for (const { fanOut } of this.layers()) fanOut.close();
  }

  /** The same spread, which tells the viewer that is added by it. */
  seat(): { fanOut: FanOut; viewer(): LayerViewer | undefined } {
    let viewer: LayerViewer | undefined;
    return {
      viewer: () => viewer,
      fanOut: {
        openInput: () => this.openInput(),
        openReader: (reader) => this.openReader(reader),
        addViewer: (tracks, onDropped): FanOutViewer => {
          viewer = this.addViewer(tracks, onDropped);
          return viewer;
        },
        sendAnalytics: (bytes) => this.sendAnalytics(bytes),
        timestampShift: (track) => this.timestampShift(track),
        viewerCount: () => this.viewerCount(),
        hasKeyFrame: () => this.hasKeyFrame(),
        counters: () => this.counters(),
        close: () => this.close(),
      },
    };
  }
}
