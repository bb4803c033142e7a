// What a supervisor and its child processes say to each other. The same messages travel over
// child_process IPC, Electron's utilityProcess port and, for a relay on its own, nowhere.
// Configuration, secrets included, comes by message and never by argv.

import { z } from 'zod';
import { breakDeedSchema, breakOrderSchema } from './breakIt.ts';

export const processNameSchema = z.enum(['engine', 'ledger', 'vision', 'relay']);
export type ProcessName = z.infer<typeof processNameSchema>;

/** Exit code of a child whose configuration is wrong: it is never restarted. */
export const BAD_CONFIGURATION_EXIT_CODE = 2;

/** Where a process listens for other processes: loopback TCP with a token of this run. */
export const endpointSchema = z.object({
  port: z.number().int().min(1).max(65_535),
  token: z.string().min(32),
});
export type Endpoint = z.infer<typeof endpointSchema>;

export const toChildSchema = z.discriminatedUnion('type', [
  /** First message. `config` is checked by the child's own schema. */
  z.object({ type: z.literal('start'), config: z.unknown() }),
  /** Another process (re)started (endpoint) or went away (null). */
  z.object({
    type: z.literal('peer'),
    name: processNameSchema,
    endpoint: endpointSchema.nullable(),
  }),
  z.object({ type: z.literal('ping'), id: z.number().int() }),
  z.object({ type: z.literal('stop') }),
  /** To the engine: what became of what was broken on purpose. */
  z.object({ type: z.literal('broken'), deed: breakDeedSchema }),
]);
export type ToChild = z.infer<typeof toChildSchema>;

export const fromChildSchema = z.discriminatedUnion('type', [
  /** Serving. `endpoint` when other processes connect to it; `facts` for the ready file. */
  z.object({
    type: z.literal('ready'),
    endpoint: endpointSchema.nullable(),
    facts: z.record(z.string(), z.unknown()),
  }),
  /** Facts for the ready file changed. */
  z.object({ type: z.literal('facts'), facts: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('pong'), id: z.number().int() }),
  /** A helper process (ffmpeg) started or ended: the supervisor kills it should the child die. */
  z.object({ type: z.literal('helper'), pid: z.number().int(), alive: z.boolean() }),
  /** The child cannot go on; it exits next. `line` names the thing and the fix. */
  z.object({ type: z.literal('failed'), exitCode: z.number().int(), line: z.string() }),
  /** From the engine: its owner wants to see this break and come back. Refused but in a demo. */
  z.object({ type: z.literal('break'), order: breakOrderSchema }),
]);
export type FromChild = z.infer<typeof fromChildSchema>;
