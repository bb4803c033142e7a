// How much of what this machine sends arrives at its relay in a second: bodies of nothing, each
// four times the last, until one took long enough to be believed. The relay says how long it took
// there, so that the way back does not count. A relay on this machine is not asked.

import type { RandomBytes } from '../../../core/base/ids.ts';
import type { Machine } from '../../../core/contract/firstRun.ts';
import {
  UPLINK_ANSWER,
  UPLINK_BODY_BYTES_MAX,
  UPLINK_PATH,
} from '../../../core/wire/uplinkTrial.ts';

const FIRST_BYTES = 64 * 1024;
/** A body that took so long is long enough to be believed, ms. */
const BELIEVED_MS = 700;
/** All bodies together, ms. */
const TRIAL_MS_MAX = 4_000;

export type UplinkAround = {
  fetch: typeof fetch;
  random: RandomBytes;
  monotonicMs(): number;
  isRelayHere: boolean;
  /** Where pictures would be sent, and by which right; null: the relay does not answer. */
  whip(): { url: string; token: string } | null;
};

type Uplink = Machine['uplink'];

/** Never rejects: what is wrong is in the answer. */
export async function measureUplink(around: UplinkAround, signal: AbortSignal): Promise<Uplink> {
  if (around.isRelayHere) return { state: 'here', kilobitsPerSecond: null, reason: '' };
  const whip = around.whip();
  if (whip === null) return failed('the relay does not answer; the studio goes on trying');
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TRIAL_MS_MAX)]);
    return await measure(around, whip, limit);
  } catch (cause) {
    return failed(
      cause instanceof UplinkRefused ? cause.message : 'the way to the relay broke off',
    );
  }
}

class UplinkRefused extends Error {}

async function measure(
  { fetch, random, monotonicMs }: UplinkAround,
  whip: { url: string; token: string },
  signal: AbortSignal,
): Promise<Uplink> {
  const url = whip.url.replace('/whip/', UPLINK_PATH);
  const startedMs = monotonicMs();
  let best: number | null = null;
  for (let bytes = FIRST_BYTES; bytes <= UPLINK_BODY_BYTES_MAX; bytes *= 4) {
    const body = random(bytes);
    const headers = { authorization: `Bearer ${whip.token}` };
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
      signal,
    }).catch(
      // A body that did not come through in time still leaves what the one before it told.
      () => null,
    );
    if (answer === null) break;
    if (answer.status === 404 || answer.status === 405) {
      throw new UplinkRefused('this relay is older and measures nothing; its owner can update it');
    }
    if (!answer.ok) throw new UplinkRefused(`the relay refused to measure (${answer.status})`);
    const { afterFirst, tookMs } = UPLINK_ANSWER.parse(await answer.json());
    if (tookMs > 0) best = (afterFirst * 8) / tookMs;
    if (tookMs >= BELIEVED_MS || monotonicMs() - startedMs > TRIAL_MS_MAX / 2) break;
  }
  if (best === null) return failed('too little arrived at the relay within 4 s');
  return { state: 'measured', kilobitsPerSecond: Math.round(best), reason: '' };
}

function failed(reason: string): Uplink {
  return { state: 'failed', kilobitsPerSecond: null, reason };
}
