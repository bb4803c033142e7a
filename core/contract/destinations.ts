// Further places that a show is pushed to, beside its own viewers. Holds no secret.

import { z } from 'zod';

export const DESTINATIONS_MAX = 8;

export const destinationViewSchema = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['whip', 'rtmp']),
  /** Without its key. */
  url: z.string(),
  isOn: z.boolean(),
  /** `off`: switched off, or the show is not live. `waiting`: it failed and is tried again. */
  state: z.enum(['off', 'connecting', 'live', 'waiting']),
  /** Why it waits; empty when all is well. */
  reason: z.string(),
  /** How often a connection was begun since it was switched on. */
  attempts: z.number().int().nonnegative(),
  /** What was left out because the place took it too slowly, bytes. */
  bytesDropped: z.number().int().nonnegative(),
});
export type DestinationView = z.infer<typeof destinationViewSchema>;

export const destinationTargetSchema = z.strictObject({
  title: z.string().trim().min(1).max(60),
  url: z
    .string()
    .max(2000)
    .regex(
      /^(https?|rtmps?):\/\/[^/@\s]+(\/[^\s]*)?$/,
      'begins with https://, rtmp:// or rtmps://',
    ),
  /** Bearer token or stream key; kept, and never shown again. */
  secret: z
    .string()
    .max(4096)
    .regex(/^[^\s]*$/, 'has no spaces'),
});
export type DestinationTarget = z.infer<typeof destinationTargetSchema>;
