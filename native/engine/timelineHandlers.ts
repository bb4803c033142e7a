// The timeline's questions, answered by the room of what stays of a show: its events, and of one of
// them the picture, what vision knew and the clip that shows it.

import type { ClipView } from '../../core/contract/recording.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { Recording } from '../recording/recording.ts';

export function createTimelineHandlers(
  recording: Pick<Recording, 'moments' | 'clips'>,
): Handlers['timeline'] {
  const { moments } = recording;
  return {
    events: (before) => moments.events(before),
    async moment({ eventId }) {
      const event = moments.event(eventId);
      const moment = await moments.moment(eventId);
      if (!event || !moment) {
        throw new RpcError('notFound', 'This event is no longer kept; newer ones took its place.');
      }
      const { stillState, lines } = moment;
      return {
        still: Buffer.from(moment.still ?? []).toString('base64'),
        ...{ stillState, lines: [...lines] },
        clip: clipAt(await recording.clips(), event.captureUs)?.name ?? '',
      };
    },
  };
}

/** The shortest one that shows the moment. */
function clipAt(clips: readonly ClipView[], captureUs: number): ClipView | undefined {
  return clips
    .filter(({ fromUs, seconds }) => {
      if (fromUs === undefined) return false;
      return fromUs <= captureUs && captureUs <= fromUs + seconds * 1_000_000;
    })
    .sort((one, other) => one.seconds - other.seconds)[0];
}
