// Which picture suits a machine, from what was measured of it. Pure, and steady: a faster encoder
// or a better uplink never makes the picture smaller. It promises nothing that was not measured:
// what is unknown is as good as what a studio does that nobody told anything.

import type { Advice, Machine } from '../contract/firstRun.ts';
import {
  type Encoder,
  FIRST_PICTURE_CHOICE,
  type PictureChoice,
  type PictureHeight,
  type PictureIntent,
} from '../contract/picture.ts';
import { pictureTargetOf } from './pictureTarget.ts';

/** x264 shares the processor with vision, markets and the page; a card's encoder does not. */
const SPARE = { processor: 2, hardware: 1.5 } as const;
/** A weak uplink's encoder searches longer. */
const WEAK_WORK = 2;
/** What may be taken of an uplink: it is shared, and it is not the same every minute. */
export const UPLINK_SHARE = 0.7;
const SOUND_BITS_PER_SECOND = 96_000;
/** Busier than this, nothing larger than the usual picture is begun. */
const IDLE_PERCENT_MIN = 25;
/** Twice the pictures are twice vision's work as well. */
const IDLE_PERCENT_FAST = 50;

type Wish = Pick<PictureChoice, 'height' | 'framesPerSecond' | 'intent'>;
const wish = (
  height: PictureHeight,
  framesPerSecond: 30 | 60,
  intent: PictureIntent = 'balanced',
): Wish => ({ height, framesPerSecond, intent });

/** The best first; the last one is taken whatever was measured. */
export const WISHES: readonly Wish[] = [
  ...[wish(1080, 60), wish(1080, 30), wish(720, 60), wish(720, 30), wish(720, 30, 'weakUplink')],
  ...[wish(480, 30), wish(480, 30, 'weakUplink'), wish(360, 30), wish(360, 30, 'weakUplink')],
];

type Refusal = 'speed' | 'uplink' | 'busy';

/** The picture for a machine, with the reasons for each part of it. */
export function pictureAdviceOf(machine: Machine): Advice {
  const encoders = [...new Set(machine.speeds.map(({ encoder }) => encoder))];
  const known: Encoder[] = encoders.length > 0 ? encoders : [FIRST_PICTURE_CHOICE.encoder];
  // Of two that bear the same picture the card's is taken: it leaves the processor to vision.
  const ordered = known.toSorted((one, other) => rankOf(one) - rankOf(other));
  let best = { encoder: ordered[0] ?? 'x264', at: Number.POSITIVE_INFINITY };
  for (const encoder of ordered) {
    const found = WISHES.findIndex((one) => refusalOf(one, encoder, machine) === null);
    const at = found < 0 ? WISHES.length : found;
    if (at < best.at) best = { encoder, at };
  }
  const isBorne = best.at < WISHES.length;
  const chosen = WISHES[isBorne ? best.at : WISHES.length - 1] ?? wish(360, 30, 'weakUplink');
  const choice: PictureChoice = { ...chosen, encoder: best.encoder };
  return { choice, reasons: reasonsOf(choice, machine, isBorne) };
}

const rankOf = (encoder: Encoder) => (encoder === 'x264' ? 1 : 0);

/** What is in the way of a picture first; null: nothing is. */
function refusalOf(one: Wish, encoder: Encoder, machine: Machine): Refusal | null {
  const { idlePercent } = machine.processor;
  const isLarge = one.height > FIRST_PICTURE_CHOICE.height || one.framesPerSecond > 30;
  const idleMin = one.framesPerSecond > 30 ? IDLE_PERCENT_FAST : IDLE_PERCENT_MIN;
  if (!fits(one, machine)) return 'uplink';
  if (!isFastEnough(one, encoder, machine)) return 'speed';
  if (isLarge && idlePercent !== null && idlePercent < idleMin) return 'busy';
  // Twice the pictures are judged in time only by a graphics card.
  const isVisionSlow = ['', 'cpu'].includes(machine.vision.provider.toLowerCase());
  return one.framesPerSecond > 30 && isVisionSlow ? 'busy' : null;
}

function bitsOf(one: Wish): number {
  return pictureTargetOf({ ...one, encoder: 'x264' }).bitsPerSecond + SOUND_BITS_PER_SECOND;
}

function fits(one: Wish, { uplink }: Machine): boolean {
  if (uplink.kilobitsPerSecond === null) return true;
  return bitsOf(one) <= uplink.kilobitsPerSecond * 1000 * UPLINK_SHARE;
}

function isFastEnough(one: Wish, encoder: Encoder, machine: Machine): boolean {
  const times = timesOf(encoder, one.height, machine);
  // Not measured: what every studio begins with, and nothing above it.
  if (times === null) {
    return one.height <= FIRST_PICTURE_CHOICE.height && one.framesPerSecond === 30;
  }
  const work = (one.framesPerSecond / 30) * (one.intent === 'weakUplink' ? WEAK_WORK : 1);
  return times >= work * (encoder === 'x264' ? SPARE.processor : SPARE.hardware);
}

/** How many times real time at 30 a second; smaller pictures than 720p are no slower than it. */
function timesOf(encoder: Encoder, height: PictureHeight, { speeds }: Machine): number | null {
  const measured = height > 720 ? 1080 : 720;
  const found = speeds.find((one) => one.encoder === encoder && one.height === measured);
  if (!found) return null;
  const pixels = (rows: number) => rows * rows;
  return height < 720 ? (found.timesRealTime * pixels(720)) / pixels(height) : found.timesRealTime;
}

function reasonsOf(choice: PictureChoice, machine: Machine, isBorne: boolean): Advice['reasons'] {
  const { encoder, height } = choice;
  const times = timesOf(encoder, height, machine);
  const code = encoder === 'x264' ? 'encoderProcessor' : 'encoderHardware';
  const byEncoder =
    times === null
      ? { code: 'speedUnknown' as const, values: {} }
      : { code, values: { encoder, times: rounded(times), height } as const };
  const isFast = choice.framesPerSecond > 30;
  const isWeak = choice.intent === 'weakUplink';
  return [
    byEncoder,
    sizeReason(choice, machine, isBorne),
    { code: isFast ? 'rateFast' : 'rateUsual', values: {} },
    { code: isWeak ? 'intentWeakUplink' : 'intentBalanced', values: {} },
    uplinkReason(choice, machine),
  ] as Advice['reasons'];
}

function sizeReason(choice: PictureChoice, machine: Machine, isBorne: boolean) {
  const { height, encoder } = choice;
  if (!isBorne) return { code: 'sizeSmallest', values: { height } };
  const larger = WISHES.findLast((one) => one.height > height);
  const refusal = larger && refusalOf({ ...larger, framesPerSecond: 30 }, encoder, machine);
  if (!larger || refusal === null) return { code: 'sizeLargest', values: { height } };
  const values = { height, larger: larger.height };
  if (refusal === 'uplink') return { code: 'sizeByUplink', values };
  if (refusal === 'busy') return { code: 'sizeByBusyProcessor', values };
  const times = timesOf(encoder, larger.height, machine);
  return {
    code: 'sizeBySpeed',
    values: { ...values, times: times === null ? '?' : rounded(times) },
  };
}

function uplinkReason(choice: PictureChoice, machine: Machine) {
  const { uplink } = machine;
  if (uplink.state === 'here') return { code: 'uplinkHere', values: {} };
  if (uplink.kilobitsPerSecond === null) return { code: 'uplinkUnknown', values: {} };
  const values = {
    measured: rounded(uplink.kilobitsPerSecond / 1000),
    needed: rounded(bitsOf(choice) / 1_000_000),
  };
  return { code: fits(choice, machine) ? 'uplinkFits' : 'uplinkTooWeak', values };
}

const rounded = (value: number) => Math.round(value * 10) / 10;
