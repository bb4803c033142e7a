// Assertions that stay on in production. A failed one is a fault of ours, never of the input;
// bad input is refused by the schemas at the edges.

/**
 * Throws when `condition` is false. `message` says what should have been true; one with values in
 * it is a function, because building it costs more than what it guards in the hot paths.
 */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (condition) return;
  throw new Error(`Assertion failed: ${typeof message === 'string' ? message : message()}`);
}

/** Closes a switch over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable value: ${JSON.stringify(value)}`);
}
