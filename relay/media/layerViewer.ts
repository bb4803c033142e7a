// One viewer of a show with several layers: a reader of one layer's fan-out at a time, with one
// SSRC and one run of numbers for the browser. A change begins at the next key frame of the new
// layer; until then the old one goes on. Until a viewer first changes, packets go past this and
// cost nothing here.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import { startsKeyFrame } from '../../core/media/h264Rtp.ts';
import { LayerPicker, type LinkReport } from '../../core/media/layerPicker.ts';
import { parseRtcp, writeNack } from '../../core/media/rtcp.ts';
import {
  isRtcp,
  parseRtp,
  read16,
  read32,
  sequenceDistance,
  write16,
  write32,
} from '../../core/media/rtp.ts';
import type { FanOut, FanOutViewer, ViewerTrack } from '../../native/webrtc/fanOut.ts';
import { PathView } from './pathView.ts';
import { Splice } from './splice.ts';

/** Packets from before the first change that may still be asked for. */
const EARLIER_PACKETS = 2048;
/** What was sent before a change is answered for so long, ms. */
const AFTERLIFE_MS = 2_000;
/**
 * A viewer is not sent more than its path may bear only because its layer stops: a publisher that
 * stutters brings the better layer back a moment before the others.
 */
const STOPPED_MS = 1_000;
/** A layer that brings no key frame for so long is not the one, ms. */
const CHANGE_MS_MAX = 4_000;
/** A probe is for so much more than the layer has: what is sent again comes on top of it. */
const PROBE_SHARE = 1.1;
/** A probe that is not answered for so long was lost, us. */
const PROBE_ANSWER_US_MAX = 2_000_000;
const NACK = 205;

export type Layer = {
  id: string;
  fanOut: FanOut;
  /** Packets come. */
  isFlowing(): boolean;
  bitsPerSecond(): number;
};

/** What a viewer needs of its show. */
export type LayerHost = {
  clock: MediaClock;
  timers: Timers;
  /** Best first; the first one also carries sound and analytics. */
  layers(): readonly Layer[];
};

/** One layer's reader on behalf of this viewer. */
type Reader = { layer: Layer; member: FanOutViewer };

export class LayerViewer implements FanOutViewer {
  readonly #host: LayerHost;
  readonly #video: ViewerTrack | undefined;
  /** What the best layer sends by: the viewer's own track, until its first change of layers. */
  readonly #door: ViewerTrack | undefined;
  readonly #base: FanOutViewer;
  readonly #signals: { onDropped(): void; onClosed(): void };
  readonly #drop = () => this.#signals.onDropped();
  readonly #picker = new LayerPicker();
  #now: Reader;
  #next: Reader | null = null;
  #splice: Splice<Reader> | null = null;
  /** In the browser's numbers, from the first change on. */
  #last = { sequence: -1, timestamp: 0 };
  #sent = { packets: 0, octets: 0 };
  /** An answer to a NACK is being sent by this reader. */
  #answering: Reader | null = null;
  #wish: string | null = null;
  #roomMs = 0;
  readonly #path = new PathView();
  /** Somebody looks again soon whether the layer is back. */
  #isWaiting = false;
  #answersReports = false;
  /** Since when a probe for the next layer up is under way. */
  #probeSinceUs: number | null = null;
  #cancels = new Set<CancelTimer>();
  #isWatched = false;
  #isOpen = false;
  #isClosed = false;

  constructor(
    host: LayerHost,
    tracks: { video?: ViewerTrack; audio?: ViewerTrack },
    signals: { onDropped(): void; onClosed(): void },
  ) {
    this.#host = host;
    this.#video = tracks.video;
    this.#signals = signals;
    const [best] = host.layers();
    if (!best) throw new Error('A show has at least one layer');
    this.#door = tracks.video ? { ...tracks.video } : undefined;
    const video = this.#door ? { video: this.#door } : {};
    this.#base = best.fanOut.addViewer({ ...tracks, ...video }, this.#drop);
    this.#now = { layer: best, member: this.#base };
  }

  /** Id of the layer that is sent now. */
  get layer(): string {
    return this.#now.layer.id;
  }

  /** The viewer's own wish; null: by its path. False when there is no such layer. */
  choose(id: string | null): boolean {
    if (id !== null && !this.#host.layers().some((layer) => layer.id === id)) return false;
    this.#wish = id;
    this.consider();
    return true;
  }

  opened(track: TrackKind): void {
    this.#base.opened(track);
    if (track !== 'video') return;
    this.#isOpen = true;
    this.consider();
  }

  rtcp(track: TrackKind, packet: Uint8Array): void {
    if (track === 'audio' || (this.#splice === null && this.#host.layers().length === 1)) {
      this.#base.rtcp(track, packet);
      return;
    }
    for (const part of partsOf(packet)) {
      if (part[1] === NACK && this.#splice) this.#answer(this.#splice, part);
      else this.#now.member.rtcp('video', part);
    }
    this.#report(packet);
  }

  setAnalytics(channel: Parameters<FanOutViewer['setAnalytics']>[0]): void {
    this.#base.setAnalytics(channel);
  }

  probe(bitsPerSecond: number): void {
    this.#now.member.probe(bitsPerSecond);
  }

  setRoomMs(roomMs: number): void {
    this.#roomMs = roomMs;
    for (const { member } of this.#readers()) member.setRoomMs(roomMs);
    this.#next?.member.setRoomMs(roomMs);
  }

  sentVideo() {
    return this.#base.sentVideo();
  }

  stats() {
    const own = this.#now.member.stats();
    if (this.#now.member === this.#base) return own;
    return { ...own, packetsSent: this.#sent.packets };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signals.onClosed();
    for (const cancel of this.#cancels) cancel();
    for (const { member } of this.#readers()) member.close();
    this.#next?.member.close();
    this.#base.close();
  }

  /** A layer came, went or stopped: takes the one that is wished for, or one that flows. */
  consider(): void {
    if (!this.#isOpen || this.#isClosed || !this.#video) return;
    const flowing = this.#host.layers().filter((layer) => layer.isFlowing());
    if (flowing.length === 0) return;
    const wished = flowing.find(({ id }) => id === this.#wish);
    const aim = this.#next?.layer ?? this.#now.layer;
    if (wished) {
      if (wished !== aim) this.#change(wished);
    } else if (!flowing.includes(aim)) this.#replace(aim, flowing);
  }

  /** The layer stopped: the next one below at once, one above only when it stays away. */
  #replace(stopped: Layer, flowing: readonly Layer[], isGone = false): void {
    const layers = this.#host.layers();
    const rank = layers.indexOf(stopped);
    const below = flowing.find((layer) => layers.indexOf(layer) > rank);
    const above = flowing.at(-1);
    if (below) this.#change(below);
    else if (above && (isGone || rank < 0)) this.#change(above);
    else if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#after(STOPPED_MS, () => {
        this.#isWaiting = false;
        const now = this.#host.layers().filter((layer) => layer.isFlowing());
        const aim = this.#next?.layer ?? this.#now.layer;
        if (aim === stopped && now.length > 0 && !now.includes(aim)) {
          this.#replace(aim, now, true);
        }
      });
    }
  }

  /** What the viewer says of its path, and what follows of it. */
  #report(packet: Uint8Array): void {
    for (const item of parseRtcp(packet)) {
      if (item.type === 'bitrateMax') this.#path.bitsPerSecondMax = item.bitsPerSecond;
      if (item.type !== 'reports') continue;
      const block = item.blocks.find(({ ssrc }) => ssrc === this.#video?.ssrc);
      if (!block) continue;
      const atUs = this.#host.clock.nowUs();
      const { roundTripMs, probedTripMs } = this.#now.member.stats();
      this.#answersReports ||= roundTripMs !== null;
      const report = this.#path.take(atUs, block, roundTripMs);
      if (report && this.#wish === null) this.#pick(report, probedTripMs);
    }
  }

  #pick(report: LinkReport, probedTripMs: number | null): void {
    const flowing = this.#host.layers().filter((layer) => layer.isFlowing());
    const at = flowing.indexOf(this.#now.layer);
    if (at < 0 || this.#next || flowing.length < 2) return;
    const rates = flowing.map((layer) => layer.bitsPerSecond());
    const { atUs } = report;
    if (this.#probeSinceUs !== null) {
      const isUnheard = probedTripMs === null;
      if (isUnheard && atUs - this.#probeSinceUs < PROBE_ANSWER_US_MAX) return;
      this.#probeSinceUs = null;
      // Who answers reports and does not answer this one lost it in a queue.
      const isLost = isUnheard && this.#answersReports;
      const tripMs = isLost ? Number.POSITIVE_INFINITY : probedTripMs;
      const better = flowing[this.#picker.probed(atUs, tripMs, at)];
      if (better && better !== this.#now.layer) this.#change(better);
      return;
    }
    const picked = flowing[this.#picker.pick(report, rates, at)];
    if (picked && picked !== this.#now.layer) this.#change(picked);
    else if (this.#picker.wantsProbe) {
      this.#probeSinceUs = atUs;
      this.#now.member.probe((rates[at - 1] ?? 0) * PROBE_SHARE - (rates[at] ?? 0));
    }
  }

  /** Reads the other layer beside the present one until its key frame comes. */
  #change(layer: Layer): void {
    this.#next?.member.close();
    this.#next = null;
    this.#probeSinceUs = null;
    if (!this.#video || layer === this.#now.layer) return;
    this.#watchDoor();
    const video = { ...this.#video, send: (packet: Buffer) => this.#send(reader, packet) };
    const member = layer.fanOut.addViewer({ video }, this.#drop);
    member.setRoomMs(this.#roomMs);
    const reader: Reader = { layer, member };
    this.#next = reader;
    member.opened('video', 'next');
    this.#after(CHANGE_MS_MAX, () => {
      if (this.#next !== reader) return;
      member.close();
      this.#next = null;
    });
  }

  /** From the first change on every packet is looked at; what went out before is counted in. */
  #watchDoor(): void {
    if (!this.#door || this.#isWatched) return;
    this.#isWatched = true;
    const base = this.#now;
    this.#door.send = (packet) => this.#send(base, packet);
    const { last, packets, octets } = this.#base.sentVideo();
    if (last) this.#last = last;
    this.#sent = { packets, octets };
  }

  #send(reader: Reader, packet: Buffer): boolean {
    const out = this.#video;
    if (!out) return false;
    // A reader's first report comes right before its first packet.
    const isOurs = reader === this.#now || reader === this.#next;
    if (isRtcp(packet)) return !isOurs || this.#sendReport(out, packet);
    if (reader === this.#next && !this.#takeOver(reader, packet)) return true;
    if (reader !== this.#now && reader !== this.#answering) return true;
    if (this.#splice === null) {
      const sequence = read16(packet, 2);
      const last = this.#last;
      if (last.sequence < 0 || sequenceDistance(last.sequence, sequence) > 0) {
        last.sequence = sequence;
        last.timestamp = read32(packet, 4);
      }
    } else {
      const place = this.#splice.map(reader, read16(packet, 2), read32(packet, 4));
      if (!place) return true;
      write16(packet, 2, place.sequence);
      write32(packet, 4, place.timestamp);
    }
    this.#sent.packets++;
    this.#sent.octets += packet.length - 12;
    return out.send(packet);
  }

  /** Counts are the viewer's, over all layers. */
  #sendReport(out: ViewerTrack, packet: Buffer): boolean {
    if (this.#splice && packet.length >= 28) {
      write32(packet, 20, this.#sent.packets);
      write32(packet, 24, this.#sent.octets);
    }
    return out.send(packet);
  }

  /** True when this packet begins the new layer's key frame: from here on it is the one. */
  #takeOver(reader: Reader, packet: Buffer): boolean {
    const header = parseRtp(packet);
    if (!header || !startsKeyFrame(packet, header.payloadStart, header.payloadEnd)) return false;
    const before = this.#now;
    if (this.#splice === null) {
      this.#splice = new Splice();
      const hasSent = this.#last.sequence >= 0;
      if (hasSent) {
        this.#splice.begin(before, this.#last.sequence, EARLIER_PACKETS);
        this.#splice.map(before, this.#last.sequence, this.#last.timestamp);
      }
    }
    this.#splice.begin(reader, header.sequence);
    this.#now = reader;
    this.#next = null;
    this.#after(AFTERLIFE_MS, () => this.#forget(before));
    return true;
  }

  /** The base reader stays: sound and analytics go by it. */
  #forget(reader: Reader): void {
    if (reader.member !== this.#base && reader !== this.#now) reader.member.close();
  }

  #answer(splice: Splice<Reader>, packet: Uint8Array): void {
    for (const item of parseRtcp(packet)) {
      if (item.type !== 'nack') continue;
      const wanted = new Map<Reader, number[]>();
      for (const sequence of item.sequences) {
        const place = splice.locate(sequence);
        if (!place) continue;
        const known = wanted.get(place.source);
        if (known) known.push(place.sequence);
        else wanted.set(place.source, [place.sequence]);
      }
      for (const [reader, sequences] of wanted) {
        this.#answering = reader;
        reader.member.rtcp('video', writeNack(item.ssrc, item.mediaSsrc, sequences));
        this.#answering = null;
      }
    }
  }

  #readers(): Set<Reader> {
    return this.#splice?.sources() ?? new Set([this.#now]);
  }

  #after(delayMs: number, run: () => void): void {
    const cancel = this.#host.timers.after(delayMs, () => {
      this.#cancels.delete(cancel);
      if (!this.#isClosed) run();
    });
    this.#cancels.add(cancel);
  }
}

/** The packets of a compound one (RFC 3550 section 6.1). */
function partsOf(packet: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let offset = 0;
  while (offset + 4 <= packet.length) {
    const length = 4 + 4 * read16(packet, offset + 2);
    if (offset + length > packet.length) break;
    parts.push(packet.subarray(offset, offset + length));
    offset += length;
  }
  return parts;
}
