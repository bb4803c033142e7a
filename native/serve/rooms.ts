// Binds the operations of the contract to the rooms that do them. It checks nothing and decides
// nothing: arguments and roles are checked before a handler runs. A missing, unknown or mistyped
// handler does not compile.

import type { Handlers } from '../../core/contract/rpcCalls.ts';

/** `serve({show: {...}, sources: {...}, markets: {...}, preview: {...}})`: one handler for each. */
export function serve(rooms: Handlers): Handlers {
  return rooms;
}
