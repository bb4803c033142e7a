// The picture before the page: shows the stream while the rest of the page is still on its way. It
// must stay small and knows nothing of the show; whoever comes later takes its connection over.

import { showStream, type WhepConnection } from '../ui/whepConnection.ts';

export type FirstPicture = {
  /** When a frame was presented, or when none can be expected from this any more. */
  settled: Promise<void>;
  /** Hands the connection over and looks at frames no more. Times on the page's clock, ms. */
  takeOver(): {
    connection: WhepConnection;
    openedMs: number;
    firstFrameMs: number | null;
    lastFrameMs: number | null;
  };
};

/** Shows in `video` what the connection brings. `monotonicMs`: the page's clock. */
export function showFirstPicture(options: {
  video: HTMLVideoElement;
  connection: WhepConnection;
  monotonicMs: () => number;
}): FirstPicture {
  const { video, connection, monotonicMs } = options;
  let firstFrameMs: number | null = null;
  let lastFrameMs: number | null = null;
  const openedMs = monotonicMs();
  let handle = 0;
  const settled = new Promise<void>((done) => {
    const presented = () => {
      handle = video.requestVideoFrameCallback(presented);
      lastFrameMs = monotonicMs();
      firstFrameMs ??= lastFrameMs;
      done();
    };
    handle = video.requestVideoFrameCallback(presented);
    // Why there is no answer is told to who takes the connection over.
    connection.answered.then(() => showStream(video, connection.stream), done);
  });
  return {
    settled,
    takeOver() {
      video.cancelVideoFrameCallback(handle);
      return { connection, openedMs, firstFrameMs, lastFrameMs };
    },
  };
}
