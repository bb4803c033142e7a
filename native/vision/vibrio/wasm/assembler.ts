// A small assembler of WebAssembly modules with SIMD: instructions are written as nested calls,
// as in `i32.add(local(0), i32.const(4))`, and come out as bytes. No compiler is needed to build
// or to install the product. It knows only what its users use and checks no types: the engine's
// own validation does, when the module is made. Numbers are those of the WebAssembly 2.0
// specification, chapter 5 (binary format).

/** Bytes of one or several instructions. */
export type Code = readonly number[];

const I32_TYPE = 0x7f;
const V128_TYPE = 0x7b;
const FUNCTION_TYPE = 0x60;
const NO_RESULT = 0x40;
const SIMD = 0xfd;
const PAGE_BYTES = 65_536;
const PAGES_MAX = 65_536;

/** LEB128 of an unsigned number. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** LEB128 of a signed 32-bit number. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const plain = (opcode: number) => (a: Code, b: Code) => [...a, ...b, opcode];
const simd = (opcode: number): number[] => [SIMD, ...unsigned(opcode)];
const simdOne = (opcode: number) => (a: Code) => [...a, ...simd(opcode)];
const simdTwo = (opcode: number) => (a: Code, b: Code) => [...a, ...b, ...simd(opcode)];
/** Byte offset of a load or store; the alignment is only a hint and always said to be none. */
const memory = (offset: number): number[] => [0, ...unsigned(offset)];

/** The same in the second memory: bit 6 says that its number follows (multi-memory proposal). */
const second = (offset: number): number[] => [0x40, 1, ...unsigned(offset)];

export const local = (index: number): Code => [0x20, ...unsigned(index)];
export const setLocal = (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)];
export const block = (...codes: readonly Code[]): Code => codes.flat();

/** Repeats `body` until `condition` is zero after it; it runs at least once. */
export const repeat = (condition: Code, ...body: readonly Code[]): Code => [
  ...[0x03, NO_RESULT],
  ...body.flat(),
  ...condition,
  ...[0x0d, 0x00, 0x0b],
];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  ltU: plain(0x49),
  add: plain(0x6a),
  sub: plain(0x6b),
  shrU: plain(0x76),
  load: (address: Code, offset = 0): Code => [...address, 0x28, ...memory(offset)],
  store8: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x3a,
    ...memory(offset),
  ],
  store16: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x3b,
    ...memory(offset),
  ],
};

export const v128 = {
  load: (address: Code, offset = 0): Code => [...address, ...simd(0x00), ...memory(offset)],
  /** Eight bytes into the low half, zero above. */
  load64Zero: (address: Code, offset = 0): Code => [...address, ...simd(0x5d), ...memory(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...simd(0x0b),
    ...memory(offset),
  ],
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)] as Code,
  not: simdOne(0x4d),
  and: simdTwo(0x4e),
  or: simdTwo(0x50),
};

/** Reads from the second memory, where pictures lie. */
export const pictures = {
  load: (address: Code, offset = 0): Code => [...address, ...simd(0x00), ...second(offset)],
  /** Eight bytes into the low half, zero above. */
  load64Zero: (address: Code, offset = 0): Code => [...address, ...simd(0x5d), ...second(offset)],
};

export const i8x16 = {
  /** Byte `i` is byte `indices[i]` of `a`; 0 where that is above 15. */
  swizzle: simdTwo(0x0e),
  splat: simdOne(0x0f),
  leU: simdTwo(0x2a),
  popcount: simdOne(0x62),
  bitmask: simdOne(0x64),
  narrowSigned: simdTwo(0x65),
  narrowUnsigned: simdTwo(0x66),
  sub: simdTwo(0x71),
  subSaturatedU: simdTwo(0x73),
};

export const i16x8 = {
  splat: simdOne(0x10),
  leS: simdTwo(0x33),
  extaddPairwiseU: simdOne(0x7d),
  abs: simdOne(0x80),
  extendLowU: simdOne(0x89),
  extendHighU: simdOne(0x8a),
  shl: simdTwo(0x8b),
  shrS: simdTwo(0x8c),
  add: simdTwo(0x8e),
  addSaturatedS: simdTwo(0x8f),
  sub: simdTwo(0x91),
  mul: simdTwo(0x95),
  minS: simdTwo(0x96),
  maxS: simdTwo(0x98),
};

export const i32x4 = {
  extractLane: (value: Code, lane: number): Code => [...value, ...simd(0x1b), lane],
  extaddPairwiseU: simdOne(0x7f),
  extendLowS: simdOne(0xa7),
  extendHighS: simdOne(0xa8),
  add: simdTwo(0xae),
};

export const f32x4 = {
  add: simdTwo(0xe4),
  mul: simdTwo(0xe6),
  convertS: simdOne(0xfa),
};

export const i64x2 = {
  shl: simdTwo(0xcb),
  shrU: simdTwo(0xcd),
};

export type FunctionCode = {
  name: string;
  /** Parameters, all of them i32; they are the first locals. */
  parameters: number;
  /** Locals of i32 after the parameters, then locals of v128. */
  i32Locals: number;
  v128Locals: number;
  body: Code;
};

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const section = (id: number, bytes: Code): Code => [id, ...sized(bytes)];
const text = (value: string): Code => sized([...value].map((character) => character.charCodeAt(0)));

/**
 * A module that imports its memory as `env.memory` and, only to be read, the pictures' shared one
 * as `env.pictures`, and exports each function by its name.
 * @returns the bytes of the binary format, version 1
 */
export function assemble(functions: readonly FunctionCode[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    FUNCTION_TYPE,
    ...vector(new Array<Code>(parameters).fill([I32_TYPE])),
    ...vector([]),
  ]);
  const imports = [
    [...text('env'), ...text('memory'), 0x02, 0x00, ...unsigned(1)],
    // Shared with other threads, hence with a largest size.
    [...text('env'), ...text('pictures'), 0x02, 0x03, ...unsigned(1), ...unsigned(PAGES_MAX)],
  ];
  const exports = functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]);
  const bodies = functions.map(({ i32Locals, v128Locals, body }) => {
    const locals = [
      [...unsigned(i32Locals), I32_TYPE],
      [...unsigned(v128Locals), V128_TYPE],
    ];
    return sized([...vector(locals), ...body, 0x0b]);
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector(imports)),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(exports)),
    ...section(10, vector(bodies)),
  ]);
}

/** Pages of WebAssembly memory that hold `bytes`. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
