// What every room logs through. The implementation lives in native/telemetry and in the pages.
// Info is one line per lifecycle transition; trouble that repeats is counted and said once a
// second by whoever owns the queue. Secrets never go into a log: callers pass facts, not requests.

/** Facts that belong to one log line. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type Logger = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same logger with fields that every line of a room carries. */
  with(fields: LogFields): Logger;
};

/** Says nothing; for tests that do not look at logs. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};
