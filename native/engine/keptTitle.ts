// The show keeps its name: what its owner calls it stands in settings.json for the next start,
// beside everything else there. A file that cannot be read is left alone, and the name lasts for
// this run.

import type { Logger } from '../../core/base/logger.ts';
import type { StudioStateStore } from '../serve/state.ts';
import { keepSetting } from './keptSettings.ts';

/** Keeps every later name of the show. */
export function keepTitle(dataFolder: string, store: StudioStateStore, logger: Logger): void {
  let kept = store.state().show.title;
  store.onAction(({ type }) => {
    const { title } = store.state().show;
    if (type !== 'show.changed' || title === kept) return;
    kept = title;
    keepSetting(dataFolder, { title }).catch((cause: unknown) => {
      logger.warn('The name of the show is not kept', { reason: String(cause) });
    });
  });
}
