// Streamer mode: what nobody but the streamer may read (keys, links, addresses, balances) is not
// drawn at all, so that no screen share, no zoom and no screen reader gives it away. One switch,
// kept in this browser. It hides; it protects nothing on the wire.

import { z } from 'zod';
import { create } from 'zustand';
import { text } from '../ui/texts.ts';
import { readKept, writeKept } from './kept.ts';
import { usePage } from './store.ts';
import { withoutSecrets } from './withoutSecrets.ts';

const NAME = 'streamerMode';

export const useStreamerMode = create<{ isOn: boolean }>(() => ({
  isOn: readKept(NAME, z.boolean(), false),
}));

export function setStreamerMode(isOn: boolean): void {
  useStreamerMode.setState({ isOn });
  writeKept(NAME, isOn);
}

/** What this show's own addresses are, as a sentence of the engine may name them. */
function knownSecrets(): string[] {
  const state = usePage.getState().state;
  if (state === null) return [];
  const urls = [state.show.viewerUrl, state.relay.url];
  const hosts = urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []));
  return [...urls, ...hosts, state.show.channelId].filter((secret) => secret !== '');
}

/** Words as they may be shown now: a sentence of the engine may hold an address. */
export function useVeil(): (words: string) => string {
  const isOn = useStreamerMode((mode) => mode.isOn);
  if (!isOn) return (words) => words;
  return (words) => withoutSecrets(words, knownSecrets(), text('studio.streamer.hidden'));
}
