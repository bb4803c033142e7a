// JSON logs on standard error, one line each, with a level switch; the door to pino. Secrets never
// come here: callers pass facts, and fields whose name says secret are masked all the same.

import pino from 'pino';
import type { LogFields, Logger } from '../../core/base/logger.ts';

const MASKED = ['token', 'secret', 'secretKey', 'authorization', 'password'];

/**
 * @param level debug, info, warn or error; anything else counts as info
 * @param room whose lines these are, for example `engine`
 */
export function createLogger(level: string, room: string): Logger {
  const isKnown = ['debug', 'info', 'warn', 'error'].includes(level);
  const root = pino(
    {
      level: isKnown ? level : 'info',
      base: { room, pid: process.pid },
      redact: { paths: MASKED, censor: '[masked]' },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return wrap(root);
}

function wrap(target: pino.Logger): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) =>
      target[level](fields, message);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => wrap(target.child(fields)),
  };
}
