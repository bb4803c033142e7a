// What a client keeps of a call until it is answered, and the check of what comes in.

import { type FromServer, fromServerSchema, type RpcError } from './rpc.ts';

export type Pending = {
  settle(message: Extract<FromServer, { type: 'reply' | 'fail' }>): void;
  reject(error: RpcError): void;
};

/**
 * Checks messages of one connection: the first must be a welcome or a refusal, later ones must not
 * be. Gives null for anything else; the connection is then not worth keeping.
 */
export function createInboundCheck(): (raw: unknown) => FromServer | null {
  let isWelcomed = false;
  return (raw) => {
    const parsed = fromServerSchema.safeParse(raw);
    if (!parsed.success) return null;
    const message = parsed.data;
    if (message.type === 'refused') return message;
    if ((message.type === 'welcome') === isWelcomed) return null;
    isWelcomed = true;
    return message;
  };
}
