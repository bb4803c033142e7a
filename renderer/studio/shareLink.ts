// Copies the link to watch. Without showing it: it works in streamer mode, too.

import { text } from '../ui/texts.ts';
import { say, usePage } from './store.ts';

/** False when the browser did not allow it, or there is no link yet. */
export async function copyShareLink(): Promise<boolean> {
  const url = usePage.getState().state?.show.viewerUrl ?? '';
  if (url === '') return false;
  try {
    await navigator.clipboard.writeText(url);
    return true;
  } catch {
    return false;
  }
}

/** The same from where nothing shows that it worked. */
export async function copyAndSay(): Promise<void> {
  const isCopied = await copyShareLink();
  say(text(isCopied ? 'studio.share.copied' : 'studio.share.notCopied'), '');
}
