// Writes down what the rules of markets are told while a recording runs, so that they can be run
// again: events of both witnesses, vision's progress, holes, templates, and what vision was asked
// for. It listens and never changes anything; it must be joined before whoever acts on the same
// facts, for a decision has to stand behind what led to it.

import type { MediaClock, MediaTimeUs } from '../../core/base/clock.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { Markets } from '../markets/markets.ts';
import type { Recording } from '../recording/recording.ts';
import { type RulesStart, type Told, type ToldName, toldLine } from '../recording/toldLines.ts';
import type { StudioStateStore } from '../serve/state.ts';
import type { VisionClient } from '../vision/client.ts';

/** Progress that leads to nothing is written so often, microseconds. */
const JUDGED_EVERY_US = 1_000_000;

export type ToldRules = {
  /** Before a command: what was judged until then. */
  flush(): void;
  unit(unit: Unit): void;
  /** For the recording's show.json. */
  start(): RulesStart;
};

type Joined = {
  recording: Pick<Recording, 'command' | 'isRunning'>;
  clock: MediaClock;
  vision: Pick<VisionClient, 'onEvent' | 'onJudged' | 'onAsked' | 'choice'>;
  markets: Pick<Markets, 'templates' | 'onPictureHole'>;
  ledger: Pick<LedgerClient, 'onConnected' | 'onDisconnected'>;
  store: Pick<StudioStateStore, 'state' | 'onAction'>;
};

export function createToldRules(joined: Joined): ToldRules {
  const { recording, clock, vision, markets, ledger, store } = joined;
  let pending: Told<'told.judged'> | null = null;
  let writtenUs = 0;
  let newestUs: MediaTimeUs = 0;
  let isSlate = false;
  let pictureEvent = '';

  function flush(): void {
    if (!pending) return;
    const judged = pending;
    pending = null;
    writtenUs = judged.atUs;
    recording.command(toldLine('told.judged', judged), false);
  }
  function tell<Name extends ToldName>(name: Name, args: Told<Name>): void {
    if (!recording.isRunning()) return;
    flush();
    recording.command(toldLine(name, args), false);
  }

  vision.onEvent((event) => {
    pictureEvent = event.id;
    tell('told.event', { atUs: clock.nowUs(), witness: 'picture', event });
  });
  vision.onJudged((untilUs, blindUntilUs, lostUntilUs) => {
    if (!recording.isRunning()) return;
    pending = { atUs: clock.nowUs(), untilUs, blindUntilUs, lostUntilUs };
    if (pending.atUs - writtenUs >= JUDGED_EVERY_US) flush();
  });
  vision.onAsked((control) => {
    tell('told.control', { afterUs: newestUs, control });
  });
  // Shown at once, before the witnesses are heard: what the picture did not say a game said.
  store.onAction((action) => {
    const atUs = clock.nowUs();
    if (action.type === 'event.happened' && action.event.id !== pictureEvent) {
      tell('told.event', { atUs, witness: 'game', event: action.event });
    } else if (action.type === 'templates.changed') {
      tell('told.templates', { atUs, templates: action.templates });
    }
  });
  markets.onPictureHole(({ fromUs, toUs, kind }) => {
    tell('told.hole', { atUs: clock.nowUs(), fromUs: Math.max(0, fromUs), toUs, kind });
  });
  ledger.onConnected(() => tell('told.ledger', { atUs: clock.nowUs(), isConnected: true }));
  ledger.onDisconnected(() => tell('told.ledger', { atUs: clock.nowUs(), isConnected: false }));

  return {
    flush,
    unit(unit) {
      if (unit.track !== 'video' || unit.layer) return;
      newestUs = unit.captureUs;
      const isNow = unit.slate === true;
      if (isNow === isSlate) return;
      isSlate = isNow;
      tell('told.slate', { fromUs: unit.captureUs, isOn: isNow });
    },
    start() {
      const { show, markets: shown } = store.state();
      const suspended: Record<string, string> = { '': show.bettingSuspended };
      for (const market of shown) if (market.suspended) suspended[market.id] = market.suspended;
      return {
        startedUs: clock.nowUs(),
        isSlate,
        templates: [...markets.templates()],
        suspended,
        choice: vision.choice(),
      };
    },
  };
}
