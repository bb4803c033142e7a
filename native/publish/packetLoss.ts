// Loses packets on their way to the relay because the owner of a demo wants to see what becomes of
// it: of all that would be sent, repairs and reports included, a share is thrown away for a while.
// It stands between fan-out and connection, and passes everything on when nobody asks for it.

import type { Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { PacketLossView } from '../../core/contract/breakIt.ts';
import { isRtcp, read16 } from '../../core/media/rtp.ts';
import type { FanOut, ViewerTrack } from '../webrtc/fanOut.ts';

/** Numbers of packets that are remembered to know a repair: 16 bits are all there are. */
const NUMBERS = 65_536;

export type PacketLoss = {
  /** The same fan-out for a viewer behind the bad path. */
  behind(fanOut: FanOut): FanOut;
  /** False while packets are being lost already. */
  begin(id: string, percent: number, forMs: number): boolean;
  /** Of the last time; null: never. */
  view(): PacketLossView | null;
};

export function createPacketLoss(options: { timers: Timers; random: RandomBytes }): PacketLoss {
  let view: PacketLossView | null = null;
  let percent = 0;

  function pass(sent: Set<number>, track: ViewerTrack, packet: Buffer): boolean {
    if (!view || view.isOver) return track.send(packet);
    const counted = { ...view, sent: view.sent + 1 };
    if (!isRtcp(packet)) {
      const number = read16(packet, 2);
      if (sent.has(number)) counted.sentAgain++;
      if (sent.size >= NUMBERS / 2) sent.clear();
      sent.add(number);
    }
    const isLost = ((options.random(1)[0] ?? 0) * 100) / 256 < percent;
    view = { ...counted, lost: counted.lost + (isLost ? 1 : 0) };
    return isLost ? true : track.send(packet);
  }

  const lossy = (track: ViewerTrack): ViewerTrack => {
    const sent = new Set<number>();
    return { ...track, send: (packet) => pass(sent, track, packet) };
  };

  return {
    behind: (fanOut) => ({
      openInput: () => fanOut.openInput(),
      openReader: (reader) => fanOut.openReader(reader),
      addViewer: (tracks, onDropped) => {
        const { video, audio } = tracks;
        const behind = {
          ...(video ? { video: lossy(video) } : {}),
          ...(audio ? { audio: lossy(audio) } : {}),
        };
        return fanOut.addViewer({ ...tracks, ...behind }, onDropped);
      },
      sendAnalytics: (bytes) => fanOut.sendAnalytics(bytes),
      timestampShift: (track) => fanOut.timestampShift(track),
      viewerCount: () => fanOut.viewerCount(),
      hasKeyFrame: () => fanOut.hasKeyFrame(),
      counters: () => fanOut.counters(),
      close: () => fanOut.close(),
    }),
    begin(id, share, forMs) {
      if (view && !view.isOver) return false;
      view = { id, isOver: false, sent: 0, lost: 0, sentAgain: 0 };
      percent = share;
      options.timers.after(forMs, () => {
        if (view) view = { ...view, isOver: true };
      });
      return true;
    },
    view: () => view,
  };
}
