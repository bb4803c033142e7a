// The one way left to start a process of JavaScript: kept for the double's utilityProcess.

import type { fork } from 'node:child_process';

export const utilityHost: { fork: typeof fork | undefined } = { fork: undefined };
