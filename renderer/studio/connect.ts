// How this page reaches the engine: by a port that the window hands over where there is a window of
// ours, by WebSocket in a browser. Chosen here once; nobody else in the page can tell.

import type { Port } from '../../core/contract/rpc.ts';
import { openSocketPort, portOfMessagePort } from '../ui/socketPort.ts';
import { hasWindowPort, requestWindowPort } from '../ui/windowPort.ts';

/** Another way to the engine; named before the first connection, by a page of its own. */
export function chooseConnection(connect: () => Promise<Port>): void {
  chosen = connect;
}

let chosen: (() => Promise<Port>) | null = null;

/** Opens one connection to the engine; the RPC client calls it again after each loss. */
export async function connectStudio(): Promise<Port> {
  if (chosen !== null) return chosen();
  if (hasWindowPort()) return portOfMessagePort(await requestWindowPort());
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return openSocketPort(`${scheme}://${location.host}/rpc`);
}
