// What the page shows: the mirror of the studio's state, the newest readings, the connection and
// the sentences of calls that were refused. The page never changes the state itself; it asks by a
// call and sees the answer when the action arrives.

import { create } from 'zustand';
import { realTimers } from '../../core/base/clock.ts';
import { newId } from '../../core/base/ids.ts';
import type { Role } from '../../core/contract/roles.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import { type ConnectionState, createRpcClient } from '../../core/contract/rpcClient.ts';
import type { Readings, StudioState } from '../../core/contract/state.ts';
import { createPageClock } from '../ui/mediaClock.ts';
import { text } from '../ui/texts.ts';
import { connectStudio } from './connect.ts';
import { earlierWords } from './moderation/actWords.ts';
import { rememberReadings } from './stats/statsHistory.ts';

type Toast = { id: number; text: string; code: string };

type StudioPage = {
  connection: ConnectionState;
  /** Of the last welcome: what it may do is shown. */
  role: Role | null;
  state: StudioState | null;
  readings: Readings | null;
  /** Frames dropped within the last 10 s. */
  droppedRecently: number;
  toasts: readonly Toast[];
};

export const usePage = create<StudioPage>(() => ({
  connection: { state: 'connecting' },
  role: null,
  state: null,
  readings: null,
  droppedRecently: 0,
  toasts: [],
}));

/** Readings that make 10 s: they come twice a second. */
const RECENT_READINGS = 20;
/** How long a refused call's sentence stays, ms: long enough to read it twice. */
const TOAST_MS = 8_000;
/** Sentences shown at once; older ones make room. */
const TOASTS_MAX = 3;

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
export const newStudioId = () => newId(random);

/** The media clock, by the engine's readings. */
export const clock = createPageClock(() => performance.now());

const dropped: number[] = [];

const client = createRpcClient({
  connect: connectStudio,
  clientId: newStudioId(),
  timers: realTimers,
  onState: (state) => usePage.setState({ state }),
  onConnection: (connection) =>
    usePage.setState(
      connection.state === 'connected' ? { connection, role: connection.role } : { connection },
    ),
  onReadings(readings) {
    clock.takeReading(readings.mediaUs);
    dropped.push(readings.framesDropped);
    if (dropped.length > RECENT_READINGS) dropped.shift();
    const droppedRecently = Math.max(0, readings.framesDropped - (dropped[0] ?? 0));
    rememberReadings(readings, droppedRecently);
    usePage.setState({ readings, droppedRecently });
  },
});

/** Asks for the lost studio now. */
export const retryConnection = client.retry;

/** Every operation of the contract, typed. */
export const studio = client.studio;

let toastCount = 0;

export function dismissToast(id: number): void {
  usePage.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}

/** Shows a sentence for a while; without a code it tells of something that worked. */
export function say(words: string, code: string): void {
  const id = ++toastCount;
  usePage.setState(({ toasts }) => ({
    toasts: [...toasts, { id, text: words, code }].slice(-TOASTS_MAX),
  }));
  realTimers.after(TOAST_MS, () => dismissToast(id));
}

/** Who was first is said in the page's language; other refusals are the studio's sentences. */
function refusalWords({ earlier, message }: RpcError): string {
  return earlier ? earlierWords(earlier) : message;
}

/** What to say of a call that failed. */
export function refusalOf(error: unknown): string {
  return error instanceof RpcError ? refusalWords(error) : text('studio.call.failed');
}

/** Runs a call of a form: null when it worked, else the sentence to say at the field. */
export async function attempt(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}

/** Runs a call that a person asked for; a refusal becomes a sentence. True when it worked. */
export async function ask(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof RpcError) say(refusalWords(error), error.code);
    else say(text('studio.call.failed'), 'internal');
    return false;
  }
}
