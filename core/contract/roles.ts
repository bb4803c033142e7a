// Who may do what. A role belongs to a connection and is given in its welcome.

import { z } from 'zod';

export const roleSchema = z.enum(['owner', 'coHost', 'moderator', 'viewer', 'vision']);
export type Role = z.infer<typeof roleSchema>;
