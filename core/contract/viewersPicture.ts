// The picture as viewers get it, shown to whoever runs the show: a session at the relay like any
// viewer's, whose offer and answer travel by RPC. A part of operations.ts.

import { z } from 'zod';

const staff = ['owner', 'coHost', 'moderator'] as const;
const command = 'command' as const;

export const viewersPictureOperations = {
  viewersPicture: {
    /** WHEP at the relay. `wrongState`: viewers see nothing yet. */
    watch: {
      kind: command,
      args: z.strictObject({ offerSdp: z.string().max(65_536) }),
      result: z.strictObject({
        sessionId: z.string(),
        answerSdp: z.string(),
        iceServers: z.array(
          z.object({
            urls: z.string(),
            username: z.string().optional(),
            credential: z.string().optional(),
          }),
        ),
      }),
      roles: staff,
    },
    leave: {
      kind: command,
      args: z.strictObject({ sessionId: z.string().max(64) }),
      result: z.strictObject({}),
      roles: staff,
    },
  },
} as const;
