// The one place where a message of a page enters the shell. Whoever listens names a schema; what
// comes from a frame that is not ours, not the top of its window, or does not fit is dropped
// without an answer. Nobody else may use ipcMain.

import { type IpcMainEvent, ipcMain, type WebContents } from 'electron';
import type { z } from 'zod';
import { isOurs } from './addresses.ts';

/** What a page said, and who it is. */
export type PageMessage<Said> = { said: Said; page: WebContents; url: string };

/** Listens to one channel. `run` hears only checked messages of our own pages. */
export function listenToPages<Said>(
  channel: string,
  schema: z.ZodType<Said>,
  run: (message: PageMessage<Said>) => void,
): void {
  ipcMain.on(channel, (signal: IpcMainEvent, ...given: unknown[]) => {
    const url = signal.senderFrame?.url ?? '';
    const isTop = signal.senderFrame === signal.sender.mainFrame;
    if (!isTop || !isOurs(url) || signal.sender.isDestroyed()) return;
    const parsed = schema.safeParse(given);
    if (parsed.success) run({ said: parsed.data, page: signal.sender, url });
  });
}
