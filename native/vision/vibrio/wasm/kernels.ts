// The loops over pixels, written for assembler.ts and made for one size of picture: width, height
// and strides are constants in the code. A mask has one bit per pixel, the leftmost pixel in the
// lowest bit, an empty 64-bit word on both sides of each row and empty rows above and below, so
// that no loop asks where the picture ends. Erosion is dilation of the complement, which also makes
// what is outside count as set when eroding and as unset when dilating, as OpenCV has it.

import {
  assemble,
  block,
  type Code,
  type FunctionCode,
  i8x16,
  i16x8,
  i32,
  i32x4,
  i64x2,
  local,
  pictures,
  repeat,
  setLocal,
  v128,
} from './assembler.ts';

/** Pixels of one step; a mask's step is 16 bytes, 128 pixels. */
const STEP = 16;
/** Pixels of a mask's step. */
const MASK_STEP = 128;
/** Bytes of the empty word at each side of a mask's row. */
export const SIDE_BYTES = 8;
/** Empty rows above and below a mask: the largest radius. */
export const EDGE_ROWS = 3;
/** Fraction bits of a background pixel: 255 << 7 still fits a signed 16-bit lane. */
export const BACKGROUND_BITS = 7;
/** Side of a thumbnail's cell, pixels. */
export const CELL = 8;
const CELL_AREA_BITS = 6;

export type Size = { width: number; height: number };

/** Bytes from one row of a mask to the next. */
export const maskStride = ({ width }: Size): number => width / 8 + 2 * SIDE_BYTES;

const advance = (index: number, bytes: number): Code =>
  setLocal(index, i32.add(local(index), i32.const(bytes)));

/** `rows` times: `row` for each 16 bytes of `rowBytes`, then `after`. Uses two i32 locals. */
function overRows(
  counters: { row: number; end: number; pointer: number },
  rows: number,
  rowBytes: number,
  step: readonly Code[],
  after: readonly Code[],
): Code {
  const { row, end, pointer } = counters;
  return block(
    setLocal(row, i32.const(rows)),
    repeat(
      local(row),
      setLocal(end, i32.add(local(pointer), i32.const(rowBytes))),
      repeat(i32.ltU(local(pointer), local(end)), ...step),
      ...after,
      setLocal(row, i32.sub(local(row), i32.const(1))),
    ),
  );
}

/** `code` for each number below `count`, one after the other. */
function unrolled(count: number, code: (at: number) => readonly Code[]): Code[] {
  return Array.from({ length: count }, (_, at) => code(at)).flat();
}

/** difference(current, previous, mask, threshold): bits of pixels that did *not* change. */
function difference(size: Size): FunctionCode {
  const [current, previous, mask, threshold] = [0, 1, 2, 3];
  const counters = { row: 4, end: 5, pointer: current };
  const [limit, a, b] = [6, 7, 8];
  const apart = v128.or(
    i8x16.subSaturatedU(local(a), local(b)),
    i8x16.subSaturatedU(local(b), local(a)),
  );
  // Eight steps at once: a width is a multiple of 128 pixels.
  const step = [
    ...unrolled(MASK_STEP / STEP, (at) => [
      setLocal(a, pictures.load(local(current), at * STEP)),
      setLocal(b, pictures.load(local(previous), at * STEP)),
      i32.store16(local(mask), i8x16.bitmask(i8x16.leU(apart, local(limit))), (at * STEP) / 8),
    ]),
    advance(current, MASK_STEP),
    advance(previous, MASK_STEP),
    advance(mask, MASK_STEP / 8),
  ];
  const body = block(
    setLocal(limit, i8x16.splat(local(threshold))),
    overRows(counters, size.height, size.width, step, [advance(mask, 2 * SIDE_BYTES)]),
  );
  return { name: 'difference', parameters: 4, i32Locals: 2, v128Locals: 3, body };
}

/**
 * background(current, background, mask, threshold, shift, all): bits of pixels that are *not*
 * further than `threshold` (in background units) from the background, which there moves on by the
 * distance >> shift; with `all` = -1 everywhere, with 0 only there.
 */
function background(size: Size): FunctionCode {
  const [current, model, mask, threshold, shift, all] = [0, 1, 2, 3, 4, 5];
  const counters = { row: 6, end: 7, pointer: current };
  const [limit, everywhere, pixels, old, apart, first, second] = [8, 9, 10, 11, 12, 13, 14];
  const half = (extended: Code, offset: number, isNear: number): Code =>
    block(
      setLocal(old, v128.load(local(model), offset)),
      setLocal(apart, i16x8.sub(i16x8.shl(extended, i32.const(BACKGROUND_BITS)), local(old))),
      setLocal(isNear, i16x8.leS(i16x8.abs(local(apart)), local(limit))),
      v128.store(
        local(model),
        i16x8.add(
          local(old),
          v128.and(
            i16x8.shrS(local(apart), local(shift)),
            v128.or(local(isNear), local(everywhere)),
          ),
        ),
        offset,
      ),
    );
  const step = [
    setLocal(pixels, pictures.load(local(current))),
    half(i16x8.extendLowU(local(pixels)), 0, first),
    half(i16x8.extendHighU(local(pixels)), STEP, second),
    i32.store16(local(mask), i8x16.bitmask(i8x16.narrowSigned(local(first), local(second)))),
    advance(current, STEP),
    advance(model, 2 * STEP),
    advance(mask, STEP / 8),
  ];
  const body = block(
    setLocal(limit, i16x8.splat(local(threshold))),
    setLocal(everywhere, i16x8.splat(local(all))),
    overRows(counters, size.height, size.width, step, [advance(mask, 2 * SIDE_BYTES)]),
  );
  return { name: 'background', parameters: 6, i32Locals: 2, v128Locals: 7, body };
}

/** lift(background, amount): the whole background brighter or darker, from 0 up. */
function lift(size: Size): FunctionCode {
  const [model, amount, row, end, by] = [0, 1, 2, 3, 4];
  const counters = { row, end, pointer: model };
  const lifted = i16x8.addSaturatedS(v128.load(local(model)), local(by));
  const step = [v128.store(local(model), i16x8.maxS(lifted, v128.zero)), advance(model, STEP)];
  const body = block(
    setLocal(by, i16x8.splat(local(amount))),
    overRows(counters, size.height, size.width * 2, step, []),
  );
  return { name: 'lift', parameters: 2, i32Locals: 2, v128Locals: 1, body };
}

/** horizontal`radius`(from, to): each row of a mask dilated sideways. */
function horizontal(size: Size, radius: number): FunctionCode {
  const [from, to] = [0, 1];
  const counters = { row: 2, end: 3, pointer: from };
  const [word, before, after] = [4, 5, 6];
  const widened = Array.from({ length: radius }, (_, index) => index + 1).reduce<Code>(
    (sum, by) =>
      [
        i64x2.shl(local(word), i32.const(by)),
        i64x2.shrU(local(before), i32.const(64 - by)),
        i64x2.shrU(local(word), i32.const(by)),
        i64x2.shl(local(after), i32.const(64 - by)),
      ].reduce<Code>((all, part) => v128.or(all, part), sum),
    local(word),
  );
  const rowBytes = size.width / 8;
  const step = [
    ...unrolled(rowBytes / STEP, (at) => [
      // `from` points at the word before, so that no offset is negative.
      setLocal(before, v128.load(local(from), at * STEP)),
      setLocal(word, v128.load(local(from), at * STEP + SIDE_BYTES)),
      setLocal(after, v128.load(local(from), at * STEP + 2 * SIDE_BYTES)),
      v128.store(local(to), widened, at * STEP),
    ]),
    advance(from, rowBytes),
    advance(to, rowBytes),
  ];
  const skip = [advance(from, 2 * SIDE_BYTES), advance(to, 2 * SIDE_BYTES)];
  const body = block(
    advance(from, -SIDE_BYTES),
    overRows(counters, size.height, size.width / 8, step, skip),
  );
  return { name: `horizontal${radius}`, parameters: 2, i32Locals: 2, v128Locals: 3, body };
}

/** vertical`radius`[Not](from, to): each column dilated; with Not the complement of that. */
function vertical(size: Size, radius: number, isComplement: boolean): FunctionCode {
  const [from, to] = [0, 1];
  const counters = { row: 2, end: 3, pointer: from };
  const stride = maskStride(size);
  const rowBytes = size.width / 8;
  const step = [
    ...unrolled(rowBytes / STEP, (at) => {
      const loads = Array.from({ length: 2 * radius + 1 }, (_, row) =>
        v128.load(local(from), row * stride + at * STEP),
      );
      const joined = loads.reduce((sum, one) => v128.or(sum, one));
      return [v128.store(local(to), isComplement ? v128.not(joined) : joined, at * STEP)];
    }),
    advance(from, rowBytes),
    advance(to, rowBytes),
  ];
  const skip = [advance(from, 2 * SIDE_BYTES), advance(to, 2 * SIDE_BYTES)];
  const body = block(
    advance(from, -radius * stride),
    overRows(counters, size.height, size.width / 8, step, skip),
  );
  const name = `vertical${radius}${isComplement ? 'Not' : ''}`;
  return { name, parameters: 2, i32Locals: 2, v128Locals: 0, body };
}

/** count(mask, sums): set bits of a mask as four numbers of 32 bits. */
function count(size: Size): FunctionCode {
  const [mask, sums] = [0, 1];
  const counters = { row: 2, end: 3, pointer: mask };
  const sum = 4;
  const bits = i8x16.popcount(v128.load(local(mask)));
  const step = [
    setLocal(sum, i32x4.add(local(sum), i32x4.extaddPairwiseU(i16x8.extaddPairwiseU(bits)))),
    advance(mask, STEP),
  ];
  const body = block(
    overRows(counters, size.height, size.width / 8, step, [advance(mask, 2 * SIDE_BYTES)]),
    v128.store(local(sums), local(sum)),
  );
  return { name: 'count', parameters: 2, i32Locals: 2, v128Locals: 1, body };
}

/** thumbnail(current, cells): the mean of each 8x8 pixels. */
function thumbnail(size: Size): FunctionCode {
  const [current, cells] = [0, 1];
  const counters = { row: 2, end: 3, pointer: current };
  const sum = 4;
  const rows = Array.from({ length: CELL }, (_, row) =>
    i16x8.extaddPairwiseU(pictures.load(local(current), row * size.width)),
  );
  const mean = (lane: number): Code =>
    i32.shrU(
      i32.add(i32x4.extractLane(local(sum), lane), i32x4.extractLane(local(sum), lane + 1)),
      i32.const(CELL_AREA_BITS),
    );
  const step = [
    setLocal(sum, i32x4.extaddPairwiseU(rows.reduce((all, one) => i16x8.add(all, one)))),
    i32.store8(local(cells), mean(0)),
    i32.store8(local(cells), mean(2), 1),
    advance(current, STEP),
    advance(cells, STEP / CELL),
  ];
  const body = overRows(counters, size.height / CELL, size.width, step, [
    advance(current, (CELL - 1) * size.width),
  ]);
  return { name: 'thumbnail', parameters: 2, i32Locals: 2, v128Locals: 1, body };
}

/** The module for pictures of one size. Width is a multiple of 128, height one of 8. */
export function kernelModule(size: Size): Uint8Array<ArrayBuffer> {
  return assemble([
    difference(size),
    background(size),
    lift(size),
    ...[1, 2, 3].map((radius) => horizontal(size, radius)),
    ...[1, 2, 3].map((radius) => vertical(size, radius, true)),
    vertical(size, 2, false),
    count(size),
    thumbnail(size),
  ]);
}
