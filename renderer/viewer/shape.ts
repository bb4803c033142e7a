// Checks of what this page once wrote into the browser's own store. A few lines instead of a
// library that would be a twentieth of the page's script; it knows only what those records need. A
// value that does not fit is none, and never half of one.

/** Returns the value as it is known, or undefined when it does not fit. */
export type Shape<Value> = (value: unknown) => Value | undefined;
type ValueOf<Known> = Known extends Shape<infer Value> ? Value : never;

export const text: Shape<string> = (value) => (typeof value === 'string' ? value : undefined);
export const truth: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);
export const number: Shape<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
/** A whole number of at least 0 that is exact. */
export const count: Shape<number> = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
export const positive: Shape<number> = (value) => count(value) || undefined;

/** Lower-case hexadecimal of exactly this many characters. */
export function hexOf(length: number): Shape<string> {
  const pattern = new RegExp(`^[0-9a-f]{${length}}$`);
  return (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined);
}

export function oneOf<const Word extends string>(...words: readonly Word[]): Shape<Word> {
  return (value) => words.find((word) => word === value);
}

export function orNull<Value>(shape: Shape<Value>): Shape<Value | null> {
  return (value) => (value === null ? null : shape(value));
}

/** Stands in for a field that an earlier version of this page did not write. */
export function orElse<Value>(shape: Shape<Value>, missing: Value): Shape<Value> {
  return (value) => (value === undefined ? missing : shape(value));
}

/** A record of these fields; others are left out. */
export function record<Fields extends Record<string, Shape<unknown>>>(fields: Fields) {
  type Known = { [Name in keyof Fields]: ValueOf<Fields[Name]> };
  return (value: unknown): Known | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    const known: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(fields)) {
      const field = shape(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined);
      if (field === undefined) return undefined;
      known[name] = field;
    }
    return known as Known;
  };
}

/** Reads JSON of this shape; null when it is none. */
export function readShape<Value>(json: string | null, shape: Shape<Value>): Value | null {
  if (json === null) return null;
  try {
    return shape(JSON.parse(json)) ?? null;
  } catch {
    return null;
  }
}
