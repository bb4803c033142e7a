// Further places that a live show is pushed to: each by itself, with its own state and its own
// waits, so that one that fails is a line in a list and nothing else.

import type { Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import type { DestinationTarget, DestinationView } from '../../../core/contract/destinations.ts';
import type { Unit } from '../../../core/media/feed.ts';
import { type FfmpegChoice, hasFfmpeg } from '../../ffmpeg/resolve.ts';
import type { PeerOptions } from '../../webrtc/peer.ts';
import type { Publisher } from '../publisher.ts';
import { createRtmpPush, type Push } from './rtmpPush.ts';

export type KeptDestination = DestinationTarget & { id: string; isOn: boolean };

export type Destinations = {
  view(): DestinationView[];
  /** Replaces the list; what stays the same goes on undisturbed. */
  set(list: readonly KeptDestination[]): void;
  /** Best picture and sound; smaller copies are passed over. */
  push(unit: Unit): void;
  /** The show went live or ended. */
  steer(): void;
  close(): Promise<void>;
};

export type DestinationsOptions = {
  publisher: Pick<Publisher, 'openBranch'>;
  ffmpeg: FfmpegChoice;
  peer: PeerOptions;
  timers: Timers;
  logger: Logger;
  /** A folder of this studio's own. */
  folder: string;
  onHelper(pid: number, alive: boolean): void;
  isLive(): boolean;
  onChange(view: DestinationView[]): void;
};

export function createDestinations(options: DestinationsOptions): Destinations {
  return new Room(options);
}

type Place = { kept: KeptDestination; view: DestinationView; push: Push | null };

class Room implements Destinations {
  readonly #options: DestinationsOptions;
  #places: Place[] = [];
  /** Those that were told to end and have not yet. */
  readonly #ending = new Set<Promise<void>>();
  #pushes = 0;

  constructor(options: DestinationsOptions) {
    this.#options = options;
  }

  view(): DestinationView[] {
    return this.#places.map(({ view }) => view);
  }

  set(list: readonly KeptDestination[]): void {
    const known = new Map(this.#places.map((place) => [JSON.stringify(place.kept), place]));
    const next = list.map((kept) => known.get(JSON.stringify(kept)) ?? placeOf(kept));
    for (const place of this.#places) if (!next.includes(place)) this.#stop(place);
    this.#places = next;
    this.steer();
    this.#tell();
  }

  push(unit: Unit): void {
    if (unit.layer) return;
    for (const { push } of this.#places) push?.push(unit);
  }

  steer(): void {
    for (const place of this.#places) {
      const isWanted = place.kept.isOn && this.#options.isLive();
      if (isWanted && !place.push) this.#start(place);
      if (!isWanted && place.push) this.#stop(place);
    }
  }

  async close(): Promise<void> {
    for (const place of this.#places) this.#stop(place);
    await Promise.all(this.#ending);
  }

  #start(place: Place): void {
    const { url } = place.kept;
    place.view = { ...place.view, attempts: 0, bytesDropped: 0 };
    if (url.startsWith('http')) place.push = this.#whip(place);
    else place.push = this.#rtmp(place);
  }

  #stop(place: Place): void {
    const { push } = place;
    place.push = null;
    this.#change(place, { state: 'off', reason: '' });
    if (!push) return;
    const ending = push.close().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #whip(place: Place): Push {
    const { url, secret } = place.kept;
    const client = this.#options.publisher.openBranch({
      ...{ url, token: secret === '' ? null : secret, peer: this.#options.peer, isForPublic: true },
      onState: (state, reason) => {
        if (state === 'closed' || state === 'off') return;
        this.#change(place, {
          state: state === 'connected' ? 'live' : state,
          reason: reason ?? '',
        });
      },
    });
    return { push() {}, close: () => client.close() };
  }

  #rtmp(place: Place): Push | null {
    const { ffmpeg, timers, logger, folder, onHelper } = this.#options;
    if (!hasFfmpeg(ffmpeg)) {
      this.#change(place, { state: 'waiting', reason: ffmpeg.reason });
      return null;
    }
    const { id, url, secret } = place.kept;
    return createRtmpPush({
      ...{ ffmpeg, timers, onHelper, url, key: secret },
      logger: logger.with({ destination: id }),
      // One that still ends removes its own file, never that of its successor.
      optionFile: `${folder}/.push-${id}-${++this.#pushes}`,
      onState: (state, reason) => this.#change(place, { state, reason }),
      onDropped: (bytes) => this.#change(place, { bytesDropped: place.view.bytesDropped + bytes }),
    });
  }

  #change(place: Place, change: Partial<DestinationView>): void {
    const { view } = place;
    const isBegun = change.state === 'connecting' && view.state !== 'connecting';
    const next = { ...view, ...change, attempts: view.attempts + (isBegun ? 1 : 0) };
    if (JSON.stringify(next) === JSON.stringify(view)) return;
    place.view = next;
    this.#tell();
  }

  #tell(): void {
    this.#options.onChange(this.view());
  }
}

function placeOf(kept: KeptDestination): Place {
  const { id, title, url, isOn } = kept;
  const kind = url.startsWith('http') ? 'whip' : 'rtmp';
  const nothing = { state: 'off', reason: '', attempts: 0, bytesDropped: 0 } as const;
  return { kept, view: { id, title, kind, url, isOn, ...nothing }, push: null };
}
