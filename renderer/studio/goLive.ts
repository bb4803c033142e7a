// Going live, from the button, a key or the palette: the link is tried first, from the relay's
// side; when it fails the person decides. One attempt at a time.

import { create } from 'zustand';
import { ask, studio } from './store.ts';

type GoLive = {
  doing: 'nothing' | 'testing' | 'asking';
  /** Why the link does not work for others; null: nobody is asked. */
  sentence: string | null;
};

export const useGoLive = create<GoLive>(() => ({ doing: 'nothing', sentence: null }));

/** Without trying the link. */
export async function goLiveNow(): Promise<void> {
  useGoLive.setState({ doing: 'asking', sentence: null });
  await ask(studio.show.goLive({}));
  useGoLive.setState({ doing: 'nothing' });
}

export async function testAndGoLive(): Promise<void> {
  if (useGoLive.getState().doing !== 'nothing') return;
  useGoLive.setState({ doing: 'testing' });
  // A test that cannot be made says nothing against the link.
  const link = await studio.relay.checkLink({}).catch(() => null);
  if (link === null || link.isReachable) return goLiveNow();
  useGoLive.setState({ doing: 'nothing', sentence: link.sentence });
}

export function stayHere(): void {
  useGoLive.setState({ sentence: null });
}
