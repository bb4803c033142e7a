// The only door to obs-websocket-js: one connection to the obs-websocket 5 server inside OBS 28 and
// later. Whatever keeps it away becomes one of few named reasons with the next step. The password
// must never be in a sentence or a log.

import OBSWebSocket, {
  EventSubscription,
  type OBSRequestTypes,
  type OBSResponseTypes,
  OBSWebSocketError,
} from 'obs-websocket-js/json';
import type { Timers } from '../../core/base/clock.ts';

/** Loopback answers in milliseconds; a server of another protocol never greets. */
const GREETING_MS_MAX = 4_000;
const CALL_MS_MAX = 5_000;
/** Close codes of obs-websocket 5 (docs/generated/protocol.md, WebSocketCloseCode). */
const NOT_IDENTIFIED = 4007;
const WRONG_PASSWORD = 4009;
const UNSUPPORTED_VERSION = 4010;

export type ObsTrouble = 'absent' | 'wrongPassword' | 'tooOld';

/** OBS is not to be had; the message is for a person. */
export class ObsAway extends Error {
  readonly trouble: ObsTrouble;
  constructor(trouble: ObsTrouble, message: string) {
    super(message);
    this.trouble = trouble;
  }
}

/** OBS refused a request; the message is OBS's own. */
export class ObsRefused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export type ObsEvents = {
  onStreaming(isStreaming: boolean): void;
  onScene(name: string): void;
  onScenes(): void;
  onClosed(): void;
};

export type ObsConnection = {
  /** Rejects with ObsRefused, or ObsAway when the connection is gone. */
  call<Name extends keyof OBSRequestTypes>(
    name: Name,
    data?: OBSRequestTypes[Name],
  ): Promise<OBSResponseTypes[Name]>;
  close(): void;
};

/** Connects and logs in. Rejects with ObsAway. */
export async function openObs(
  to: { address: string; password: string; timers: Timers },
  events: ObsEvents,
): Promise<ObsConnection> {
  const socket = new OBSWebSocket();
  const { Outputs, Scenes } = EventSubscription;
  const late = () => new ObsAway('tooOld', noGreeting(to.address));
  try {
    await within(
      socket.connect(`ws://${to.address}`, to.password === '' ? undefined : to.password, {
        rpcVersion: 1,
        eventSubscriptions: Outputs | Scenes,
      }),
      GREETING_MS_MAX,
      to.timers,
      late,
    );
  } catch (error) {
    void socket.disconnect().catch(() => {});
    throw error instanceof ObsAway ? error : away(error, to);
  }
  socket.on('StreamStateChanged', ({ outputActive }) => events.onStreaming(outputActive));
  socket.on('CurrentProgramSceneChanged', ({ sceneName }) => events.onScene(sceneName));
  socket.on('SceneListChanged', () => events.onScenes());
  socket.on('ConnectionClosed', () => events.onClosed());
  return {
    async call(name, data) {
      const gone = () => new ObsAway('absent', `OBS at ${to.address} no longer answers.`);
      try {
        return await within(socket.call(name, data), CALL_MS_MAX, to.timers, gone);
      } catch (error) {
        if (error instanceof OBSWebSocketError && error.code >= 100) {
          throw new ObsRefused(error.code, error.message);
        }
        throw error instanceof ObsAway ? error : gone();
      }
    },
    close() {
      void socket.disconnect().catch(() => {});
    },
  };
}

function away(error: unknown, { address, password }: { address: string; password: string }) {
  const code = error instanceof OBSWebSocketError ? error.code : 0;
  if (code === WRONG_PASSWORD || code === NOT_IDENTIFIED) return wrongPassword(password);
  if (code === UNSUPPORTED_VERSION) return new ObsAway('tooOld', tooOld());
  const text = error instanceof Error ? error.message : '';
  // The library complains by itself when OBS wants a password and none was given.
  if (/authentication|password/i.test(text)) return wrongPassword(password);
  if (/Unexpected server response|subprotocol|protocol/i.test(text)) {
    return new ObsAway('tooOld', noGreeting(address));
  }
  return new ObsAway('absent', `Nothing answers at ${address}.`);
}

function wrongPassword(password: string): ObsAway {
  const where = 'OBS shows it under Tools → WebSocket Server Settings → Show Connect Info.';
  const what = password === '' ? 'OBS asks for its password.' : 'OBS does not take this password.';
  return new ObsAway('wrongPassword', `${what} ${where}`);
}

function tooOld(): string {
  return 'This OBS is too old to be driven from here; OBS 28 or later has what it takes built in.';
}

function noGreeting(address: string): string {
  return `What answers at ${address} is no OBS 28 or later. Update OBS, or check the port.`;
}

function within<Value>(
  promise: Promise<Value>,
  limitMs: number,
  timers: Timers,
  late: () => Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(limitMs, () => reject(late()));
    promise.then(resolve, reject).finally(cancel);
  });
}
