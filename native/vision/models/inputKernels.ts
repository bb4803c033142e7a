// The loops that make a model's input of a picture, for the WebAssembly assembler: 8 or 16 pixels a
// step, in 16-bit lanes. Where each target pixel comes from lies in a table of steps, because one
// `swizzle` picks 8 neighbours' bytes at once as long as they lie within 16 source pixels.

import {
  assemble,
  block,
  type Code,
  type FunctionCode,
  f32x4,
  i8x16,
  i16x8,
  i32,
  i32x4,
  local,
  pictures,
  repeat,
  setLocal,
  v128,
} from '../vibrio/wasm/assembler.ts';

/** Target pixels of one step of `line`. */
export const LINE_STEP = 8;
/** Bytes of a step's entry: luma and chroma offsets, then four vectors of 16 bytes. */
export const STEP_BYTES = 80;
export const STEP_AT = { luma: 0, chroma: 4, left: 16, right: 32, weight: 48, colour: 64 } as const;
/** Bytes of the constants of `line`: lowest and highest value, then gain and base per channel. */
export const CONSTANTS_BYTES = 16 * 8;
/** Weights are counted in 64ths. */
export const WEIGHT_ONE = 64;
const WEIGHT_BITS = 6;
/** Chroma factors carry as many more bits: 128 * 255 still fits a signed 16-bit lane. */
export const CHROMA_BITS = 5;

const advance = (index: number, bytes: number): Code =>
  setLocal(index, i32.add(local(index), i32.const(bytes)));

/** blend(top, bottom, out, end, weight): rows of luma mixed, `weight` 64ths of the bottom one. */
function blend(): FunctionCode {
  const [top, bottom, out, end, weight] = [0, 1, 2, 3, 4];
  const [a, b, low, high, mine, rest] = [5, 6, 7, 8, 9, 10];
  const mixed = (extend: (value: Code) => Code): Code =>
    i16x8.shrS(
      i16x8.add(
        i16x8.add(
          i16x8.mul(extend(local(a)), local(rest)),
          i16x8.mul(extend(local(b)), local(mine)),
        ),
        i16x8.splat(i32.const(WEIGHT_ONE / 2)),
      ),
      i32.const(WEIGHT_BITS),
    );
  return {
    ...{ name: 'blend', parameters: 5, i32Locals: 0, v128Locals: 6 },
    body: block(
      setLocal(mine, i16x8.splat(local(weight))),
      setLocal(rest, i16x8.splat(i32.sub(i32.const(WEIGHT_ONE), local(weight)))),
      repeat(
        i32.ltU(local(out), local(end)),
        setLocal(a, pictures.load(local(top))),
        setLocal(b, pictures.load(local(bottom))),
        setLocal(low, mixed(i16x8.extendLowU)),
        setLocal(high, mixed(i16x8.extendHighU)),
        v128.store(local(out), i8x16.narrowUnsigned(local(low), local(high))),
        advance(top, 16),
        advance(bottom, 16),
        advance(out, 16),
      ),
    ),
  };
}

/**
 * offsets(blue, red, out, end, stride, redOf, blueOf, greenFromBlue, greenFromRed): what a row of
 * chroma adds to luma, in quarters; red at `out`, green and blue each `stride` bytes further.
 */
function offsets(): FunctionCode {
  const [blue, red, out, end, stride] = [0, 1, 2, 3, 4];
  const [redOf, blueOf, greenFromBlue, greenFromRed] = [5, 6, 7, 8];
  const [target, cb, cr] = [9, 10, 11];
  const centred = (from: number): Code =>
    i16x8.sub(i16x8.extendLowU(pictures.load64Zero(local(from))), i16x8.splat(i32.const(128)));
  const times = (value: number, factor: number): Code =>
    i16x8.mul(local(value), i16x8.splat(local(factor)));
  const store = (value: Code): Code =>
    v128.store(local(target), i16x8.shrS(value, i32.const(CHROMA_BITS)));
  const next = setLocal(target, i32.add(local(target), local(stride)));
  return {
    ...{ name: 'offsets', parameters: 9, i32Locals: 1, v128Locals: 2 },
    body: block(
      repeat(
        i32.ltU(local(out), local(end)),
        setLocal(cb, centred(blue)),
        setLocal(cr, centred(red)),
        setLocal(target, local(out)),
        store(times(cr, redOf)),
        next,
        store(i16x8.sub(v128.zero, i16x8.add(times(cb, greenFromBlue), times(cr, greenFromRed)))),
        next,
        store(times(cb, blueOf)),
        advance(blue, 8),
        advance(red, 8),
        advance(out, 16),
      ),
    ),
  };
}

/**
 * line(steps, end, luma, chroma, stride, constants, red, green, blue): one row of the input, from a
 * row of luma and the three rows that `offsets` made. `wideLine` reaches over 32 bytes of the
 * source with a step, where a picture is made much smaller.
 */
function line(isWide: boolean): FunctionCode {
  const [steps, end, luma, chroma, stride, constants] = [0, 1, 2, 3, 4, 5];
  const outs = [6, 7, 8];
  const [from, row, mixed, left, value] = [9, 10, 11, 12, 13];
  const beyond = 14;
  // An index out of range picks nothing, so each of two vectors gives what it holds.
  const reached = (near: Code, far: Code, indices: Code): Code => {
    const here = i8x16.swizzle(near, indices);
    if (!isWide) return here;
    return v128.or(here, i8x16.swizzle(far, i8x16.sub(indices, i8x16.splat(i32.const(16)))));
  };
  const picked = (index: number): Code =>
    i16x8.extendLowU(reached(local(row), local(beyond), v128.load(local(steps), index)));
  const lumaAt = i32.add(local(luma), i32.load(local(steps), STEP_AT.luma));
  const constant = (index: number): Code => v128.load(local(constants), index * 16);
  const final = (channel: number, half: (value: Code) => Code): Code =>
    f32x4.add(
      f32x4.mul(f32x4.convertS(half(local(value))), constant(2 + channel * 2)),
      constant(3 + channel * 2),
    );
  const channelStep = (out: number, channel: number): Code =>
    block(
      setLocal(
        value,
        i16x8.add(
          local(mixed),
          reached(
            v128.load(local(from)),
            v128.load(local(from), 16),
            v128.load(local(steps), STEP_AT.colour),
          ),
        ),
      ),
      setLocal(value, i16x8.minS(i16x8.maxS(local(value), constant(0)), constant(1))),
      v128.store(local(out), final(channel, i32x4.extendLowS)),
      v128.store(local(out), final(channel, i32x4.extendHighS), 16),
      advance(out, LINE_STEP * 4),
      setLocal(from, i32.add(local(from), local(stride))),
    );
  return {
    ...{ name: isWide ? 'wideLine' : 'line', parameters: 9, i32Locals: 1, v128Locals: 5 },
    body: block(
      repeat(
        i32.ltU(local(steps), local(end)),
        setLocal(row, v128.load(lumaAt)),
        ...(isWide ? [setLocal(beyond, v128.load(lumaAt, 16))] : []),
        setLocal(left, picked(STEP_AT.left)),
        setLocal(
          mixed,
          i16x8.shrS(
            i16x8.add(
              i16x8.shl(local(left), i32.const(WEIGHT_BITS)),
              i16x8.mul(
                i16x8.sub(picked(STEP_AT.right), local(left)),
                v128.load(local(steps), STEP_AT.weight),
              ),
            ),
            // 64ths become quarters.
            i32.const(WEIGHT_BITS - 2),
          ),
        ),
        setLocal(from, i32.add(local(chroma), i32.load(local(steps), STEP_AT.chroma))),
        ...outs.map(channelStep),
        advance(steps, STEP_BYTES),
      ),
    ),
  };
}

/** The module; made once, and its memory per user. */
export function inputModule(): Uint8Array<ArrayBuffer> {
  return assemble([blend(), offsets(), line(false), line(true)]);
}
