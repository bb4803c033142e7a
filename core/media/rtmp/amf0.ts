// AMF0, the values of RTMP's commands (Adobe, "Action Message Format - AMF 0", 2007). It comes from
// whoever reaches the port, so counts are never believed and depth, number and size are bounded.
// Objects are Maps: a property named `__proto__` is only a name.

export type AmfValue = null | undefined | boolean | number | string | AmfObject | AmfValue[];
export type AmfObject = Map<string, AmfValue>;

/** Bytes that are no AMF0, or more of it than a command ever needs. */
export class AmfError extends Error {
  override name = 'AmfError';
}

const NUMBER = 0;
const BOOLEAN = 1;
const STRING = 2;
const OBJECT = 3;
const NULL = 5;
const UNDEFINED = 6;
const ECMA_ARRAY = 8;
const OBJECT_END = 9;
const STRICT_ARRAY = 10;
const DATE = 11;
const LONG_STRING = 12;
const UNSUPPORTED = 13;
const XML = 15;
const TYPED_OBJECT = 16;

/** onMetaData of OBS nests once and has 20 values; multitrack offers nest thrice. */
const DEPTH_MAX = 8;
const VALUES_MAX = 1_024;

/** All values of a message, one after the other. Throws AmfError. */
export function readAmf(bytes: Uint8Array): AmfValue[] {
  const reader = new AmfReader(bytes);
  const values: AmfValue[] = [];
  while (!reader.isAtEnd) values.push(reader.value(0));
  return values;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

class AmfReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  value(depth: number): AmfValue {
    if (depth > DEPTH_MAX) throw new AmfError('Values are nested too deeply');
    if (++this.#values > VALUES_MAX) throw new AmfError('There are too many values');
    const type = this.#view.getUint8(this.#take(1));
    switch (type) {
      case NUMBER:
        return this.#view.getFloat64(this.#take(8));
      case BOOLEAN:
        return this.#view.getUint8(this.#take(1)) !== 0;
      case STRING:
        return this.#text(this.#view.getUint16(this.#take(2)));
      case LONG_STRING:
      case XML:
        return this.#text(this.#view.getUint32(this.#take(4)));
      case NULL:
        return null;
      case UNDEFINED:
      case UNSUPPORTED:
        return undefined;
      case TYPED_OBJECT:
        this.#text(this.#view.getUint16(this.#take(2)));
        return this.#object(depth);
      case ECMA_ARRAY:
        this.#take(4);
        return this.#object(depth);
      case OBJECT:
        return this.#object(depth);
      case STRICT_ARRAY:
        return this.#array(depth);
      case DATE: {
        const milliseconds = this.#view.getFloat64(this.#take(8));
        this.#take(2);
        return milliseconds;
      }
      default:
        throw new AmfError(`There is no value of type ${type}`);
    }
  }

  #object(depth: number): AmfObject {
    const object: AmfObject = new Map();
    for (;;) {
      const name = this.#text(this.#view.getUint16(this.#take(2)));
      if (name === '' && this.#bytes[this.#at] === OBJECT_END) {
        this.#at++;
        return object;
      }
      object.set(name, this.value(depth + 1));
    }
  }

  #array(depth: number): AmfValue[] {
    const count = this.#view.getUint32(this.#take(4));
    const array: AmfValue[] = [];
    for (let at = 0; at < count; at++) array.push(this.value(depth + 1));
    return array;
  }

  #text(length: number): string {
    const at = this.#take(length);
    return decoder.decode(this.#bytes.subarray(at, at + length));
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new AmfError('A value is cut off');
    this.#at += length;
    return at;
  }
}

/** Values as bytes, one after the other. Strings up to 65,535 bytes. */
export function writeAmf(values: readonly AmfValue[]): Uint8Array {
  const bytes: number[] = [];
  for (const value of values) writeValue(bytes, value);
  return Uint8Array.from(bytes);
}

function writeValue(bytes: number[], value: AmfValue): void {
  if (value === null) bytes.push(NULL);
  else if (value === undefined) bytes.push(UNDEFINED);
  else if (typeof value === 'boolean') bytes.push(BOOLEAN, value ? 1 : 0);
  else if (typeof value === 'number') {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    bytes.push(NUMBER, ...new Uint8Array(view.buffer));
  } else if (typeof value === 'string') {
    bytes.push(STRING);
    writeText(bytes, value);
  } else if (Array.isArray(value)) {
    bytes.push(STRICT_ARRAY, ...fourBytes(value.length));
    for (const one of value) writeValue(bytes, one);
  } else {
    bytes.push(OBJECT);
    for (const [name, one] of value) {
      writeText(bytes, name);
      writeValue(bytes, one);
    }
    bytes.push(0, 0, OBJECT_END);
  }
}

function writeText(bytes: number[], text: string): void {
  const encoded = encoder.encode(text);
  if (encoded.length > 0xffff) throw new AmfError('A text is longer than 65,535 bytes');
  bytes.push(encoded.length >> 8, encoded.length & 255, ...encoded);
}

function fourBytes(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
