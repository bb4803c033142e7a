// What a channel says beyond its own node, and who says what to it from there. A relay without
// other nodes has a span that does nothing, and costs nothing.

import type { FrameFacts, Poster, Still } from '../../core/wire/gen/facts_pb.js';
import type { Channel } from '../channel.ts';

export type ChannelSpan = {
  /** The studio registered here: this node is the channel's home from now on. */
  studioCame(channel: Channel): void;
  /** To the viewers of the channel at every other node. */
  toGuests(channelId: string, message: Uint8Array): void;
  /** Facts of one frame, latest wins. */
  analyticsToGuests(channelId: string, facts: FrameFacts): void;
  /** The show as it looks now, latest wins. */
  posterToGuests(channelId: string, poster: Poster): void;
  /** The frame that decided a market, signed by the channel: each node checks it itself. */
  stillToGuests(channelId: string, still: Still): void;
  /** Nobody is here any more; the channel is forgotten. */
  forgotten(channelId: string): void;
};

export const NO_SPAN: ChannelSpan = {
  studioCame() {},
  toGuests() {},
  analyticsToGuests() {},
  posterToGuests() {},
  stillToGuests() {},
  forgotten() {},
};
