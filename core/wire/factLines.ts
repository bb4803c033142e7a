// What vision knows as text, one line per fact: `@capture kind key=value ...`. Keys are the names
// of the wire's own fields, read from its schema, so that a field added there is in the text at
// once. What is zero or empty is left out, as on the wire. The grammar stands in docs/facts.md;
// whatever is written here is read back to the same message, to the bit.

import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import {
  type FrameFacts,
  FrameFactsSchema,
  type GameEvent,
  GameEventSchema,
} from './gen/facts_pb.js';

type Values = Record<string, unknown>;
type Told = FrameFacts | GameEvent;

const FRAME_KIND = 'frame';
const EVENT_KIND = 'event';
const TIME_FIELD = 'capture_us';

/** A line that is no fact, with its number and what was expected. */
export class FactLineError extends Error {
  constructor(lineNumber: number, sentence: string) {
    super(`Line ${lineNumber}: ${sentence}`);
    this.name = 'FactLineError';
  }
}

/** Parts of a picture's facts that have lines of their own: kind, field and message. */
const PARTS = FrameFactsSchema.fields.flatMap((field) => {
  const message = messageOf(field);
  if (!message) return [];
  const kind = message.name.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
  return [{ kind, field, message }];
});

function messageOf(field: DescField): DescMessage | undefined {
  if (field.fieldKind === 'message') return field.message;
  return field.fieldKind === 'list' && field.listKind === 'message' ? field.message : undefined;
}

/** Lines of one picture: the frame, what the picture as a whole does, and each track. */
export function writeFacts(facts: FrameFacts): string {
  const at = `@${facts.captureUs}`;
  const values = facts as unknown as Values;
  const partFields = new Set(PARTS.map(({ field }) => field.localName));
  const own = FrameFactsSchema.fields.filter(({ localName }) => !partFields.has(localName));
  let text = `${at} ${FRAME_KIND}${writeFields(own, values, '')}\n`;
  for (const { kind, field, message } of PARTS) {
    const value = values[field.localName];
    const items = Array.isArray(value) ? value : value === undefined ? [] : [value];
    for (const item of items) text += `${at} ${kind}${writeFields(message.fields, item, '')}\n`;
  }
  return text;
}

/** The line of one event. */
export function writeEvent(event: GameEvent): string {
  const fields = writeFields(GameEventSchema.fields, event as unknown as Values, '');
  return `@${event.captureUs} ${EVENT_KIND}${fields}\n`;
}

function writeFields(fields: readonly DescField[], values: Values, prefix: string): string {
  let text = '';
  for (const field of fields) {
    const value = values[field.localName];
    if (value === undefined || (prefix === '' && field.name === TIME_FIELD)) continue;
    if (field.fieldKind === 'message') {
      const inner = writeFields(field.message.fields, value as Values, `${prefix}${field.name}.`);
      // A message without any value is still there.
      text += inner || ` ${prefix}${field.name}={}`;
    } else if (field.fieldKind === 'list') {
      const items = value as unknown[];
      if (items.length > 0) text += ` ${prefix}${field.name}=${writeList(field, items)}`;
    } else if (field.fieldKind === 'scalar') {
      const isDefault = value === 0 ? Object.is(value, 0) : !value;
      if (!isDefault) text += ` ${prefix}${field.name}=${writeScalar(field.scalar, value)}`;
    } else {
      throw new TypeError(`Facts have no text for ${field.name}`);
    }
  }
  return text;
}

function writeList(field: DescField & { fieldKind: 'list' }, items: readonly unknown[]): string {
  if (field.listKind === 'scalar') {
    return `[${items.map((item) => writeScalar(field.scalar, item)).join(',')}]`;
  }
  if (field.listKind !== 'message') throw new TypeError(`Facts have no text for ${field.name}`);
  const tuples = items.map((item) => {
    const parts = field.message.fields.map((part) => {
      if (part.fieldKind !== 'scalar') throw new TypeError(`Facts have no text for ${part.name}`);
      return writeScalar(part.scalar, (item as Values)[part.localName]);
    });
    return `(${parts.join(',')})`;
  });
  return `[${tuples.join(',')}]`;
}

function writeScalar(scalar: ScalarType, value: unknown): string {
  if (scalar === ScalarType.STRING) return JSON.stringify(value);
  if (scalar === ScalarType.BOOL) return value ? 'yes' : 'no';
  if (scalar === ScalarType.FLOAT) return shortest(value as number);
  return String(value);
}

/** The shortest decimal that is this float of 32 bits again. */
function shortest(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(value);
}

/**
 * Reads what was written: pictures and events in their order.
 * @throws FactLineError naming the line and what was expected
 */
export function readFactLines(text: string): Told[] {
  const told: Told[] = [];
  let frame: FrameFacts | null = null;
  text.split('\n').forEach((line, index) => {
    if (line === '' || line.startsWith('#')) return;
    const fail = (sentence: string) => new FactLineError(index + 1, sentence);
    const head = /^@(\d{1,20}) ([a-z-]+)(?= |$)/.exec(line);
    if (!head) throw fail('a fact starts with @, the capture time and its kind, as in "@12 frame"');
    const [start, time = '', kind = ''] = head;
    const pairs = pairsOf(line, start.length, fail);
    const captureUs = BigInt(time);
    if (captureUs >= 2n ** 64n) throw fail(`the capture time ${time} is no number of 64 bits`);
    if (kind === FRAME_KIND) {
      frame = readMessage(FrameFactsSchema, pairs, fail, kind) as FrameFacts;
      frame.captureUs = captureUs;
      told.push(frame);
      return;
    }
    if (kind === EVENT_KIND) {
      const event = readMessage(GameEventSchema, pairs, fail, kind) as GameEvent;
      event.captureUs = captureUs;
      told.push(event);
      return;
    }
    const part = PARTS.find((one) => one.kind === kind);
    if (!part) throw fail(`the kind "${kind}" is unknown; expected one of ${kindNames()}`);
    if (frame?.captureUs !== captureUs) {
      throw fail(`a ${kind} belongs to the frame line before it, which has another capture time`);
    }
    addPart(frame, part.field, readMessage(part.message, pairs, fail, kind));
  });
  return told;
}

const kindNames = () => [FRAME_KIND, EVENT_KIND, ...PARTS.map(({ kind }) => kind)].join(', ');

function addPart(frame: FrameFacts, field: DescField, item: Message): void {
  const values = frame as unknown as Values;
  if (field.fieldKind === 'list') (values[field.localName] as Message[]).push(item);
  else values[field.localName] = item;
}

type Fail = (sentence: string) => FactLineError;
type Pair = { key: string; value: string };

/** Splits at spaces outside quotes. */
function pairsOf(line: string, from: number, fail: Fail): Pair[] {
  const pairs: Pair[] = [];
  const pattern = / ([a-z_.]+)=((?:"(?:[^"\\]|\\.)*"|[^ "])+)/y;
  pattern.lastIndex = from;
  while (pattern.lastIndex < line.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(line);
    if (!found) throw fail(`"${line.slice(at + 1, at + 25)}" is no key=value`);
    pairs.push({ key: found[1] ?? '', value: found[2] ?? '' });
  }
  return pairs;
}

function readMessage(schema: DescMessage, pairs: Pair[], fail: Fail, kind: string): Message {
  const message = create(schema);
  const seen = new Set<string>();
  for (const { key, value } of pairs) {
    if (seen.has(key)) throw fail(`${key} stands twice in a ${kind}`);
    seen.add(key);
    setField(schema, message as unknown as Values, key.split('.'), value, (what) =>
      fail(`${key} of a ${kind}: ${what}`),
    );
  }
  return message;
}

function setField(
  schema: DescMessage,
  values: Values,
  [name = '', ...rest]: string[],
  value: string,
  fail: Fail,
): void {
  const field = schema.fields.find((one) => one.name === name);
  if (!field) {
    const names = schema.fields.map((one) => one.name).join(', ');
    throw fail(`it is unknown; expected one of ${names}`);
  }
  if (field.fieldKind === 'message') {
    values[field.localName] ??= create(field.message);
    const inner = values[field.localName] as Values;
    if (rest.length > 0) setField(field.message, inner, rest, value, fail);
    else if (value !== '{}') throw fail('expected {} or a key behind a dot');
    return;
  }
  if (rest.length > 0) throw fail('it has no parts');
  if (field.fieldKind === 'list') values[field.localName] = readList(field, value, fail);
  else if (field.fieldKind === 'scalar')
    values[field.localName] = readScalar(field.scalar, value, fail);
  else throw fail('it has no text');
}

function readList(field: DescField & { fieldKind: 'list' }, value: string, fail: Fail): unknown[] {
  if (!value.startsWith('[') || !value.endsWith(']')) throw fail('expected a list in [ ]');
  const inside = value.slice(1, -1);
  if (field.listKind === 'scalar') {
    return itemsOf(inside).map((item) => readScalar(field.scalar, item, fail));
  }
  if (field.listKind !== 'message') throw fail('it has no text');
  const { message } = field;
  return (inside.match(/\([^()]*\)/g) ?? []).map((tuple) => {
    const item = create(message) as unknown as Values;
    itemsOf(tuple.slice(1, -1)).forEach((one, index) => {
      const part = message.fields[index];
      if (part?.fieldKind !== 'scalar') throw fail(`a tuple has ${message.fields.length} values`);
      item[part.localName] = readScalar(part.scalar, one, fail);
    });
    return item;
  });
}

const itemsOf = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|[^,"]+/g) ?? [];

function readScalar(scalar: ScalarType, value: string, fail: Fail): unknown {
  switch (scalar) {
    case ScalarType.STRING:
      return readString(value, fail);
    case ScalarType.BOOL:
      if (value !== 'yes' && value !== 'no') throw fail(`expected yes or no, not ${value}`);
      return value === 'yes';
    case ScalarType.FLOAT: {
      const number = Math.fround(Number(value));
      if (Number.isNaN(number) && value !== 'NaN') throw fail(`expected a number, not ${value}`);
      return number;
    }
    case ScalarType.UINT32:
    case ScalarType.UINT64: {
      const bits = scalar === ScalarType.UINT32 ? 32n : 64n;
      if (!/^\d{1,20}$/.test(value) || BigInt(value) >= 2n ** bits) {
        throw fail(`expected a whole number of ${bits} bits, not ${value}`);
      }
      return bits === 32n ? Number(value) : BigInt(value);
    }
    default:
      throw fail('it has no text');
  }
}

function readString(value: string, fail: Fail): string {
  try {
    const text: unknown = JSON.parse(value);
    if (typeof text === 'string') return text;
  } catch {
    // Said below.
  }
  throw fail(`expected text in double quotes, not ${value}`);
}
