// For tests: a fan-out whose viewers lose packets on the way. Only first transmissions are lost, so
// a test can say how many repairs there must be; a packet that is sent again arrives.

import { isRtcp, read16 } from '../../core/media/rtp.ts';
import type { FanOut, ViewerTrack } from './fanOut.ts';

/** The same fan-out, but every `oneOf`th new RTP packet of a viewer's video is thrown away. */
export function losing(fanOut: FanOut, oneOf: number): { fanOut: FanOut; lostCount(): number } {
  let lost = 0;
  const wrap = (track: ViewerTrack): ViewerTrack => {
    const seen = new Set<number>();
    return {
      ...track,
      send(packet) {
        const sequence = read16(packet, 2);
        if (isRtcp(packet) || seen.has(sequence)) return track.send(packet);
        seen.add(sequence);
        if (seen.size % oneOf !== 0) return track.send(packet);
        lost++;
        return true;
      },
    };
  };
  return {
    lostCount: () => lost,
    fanOut: {
      ...methodsOf(fanOut),
      addViewer: (tracks, onDropped) =>
        fanOut.addViewer(
          { ...tracks, ...(tracks.video ? { video: wrap(tracks.video) } : {}) },
          onDropped,
        ),
    },
  };
}

function methodsOf(fanOut: FanOut): FanOut {
  return {
    openInput: () => fanOut.openInput(),
    openReader: (reader) => fanOut.openReader(reader),
    addViewer: (tracks, onDropped) => fanOut.addViewer(tracks, onDropped),
    sendAnalytics: (bytes) => fanOut.sendAnalytics(bytes),
    timestampShift: (track) => fanOut.timestampShift(track),
    viewerCount: () => fanOut.viewerCount(),
    hasKeyFrame: () => fanOut.hasKeyFrame(),
    counters: () => fanOut.counters(),
    close: () => fanOut.close(),
  };
}
