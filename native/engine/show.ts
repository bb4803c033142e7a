// The state of the show: ready or live, its name, and whether anybody may bet right now. Betting
// is suspended for named reasons, each raised and cleared by whoever knows it; the viewer is told
// the first. Going live is a matter of packets: the uplink starts, viewers see "live" from them.

import type { MediaClock, MediaTimeUs } from '../../core/base/clock.ts';
import type { StudioState } from '../../core/contract/state.ts';

/** Why nobody may bet, in order of what matters most to a viewer. */
export const SUSPENSIONS = {
  notLive: 'The show is not live.',
  copyRefused: 'This ledger and its copy at the relay differ; existing bets are safe.',
  diskTrouble: 'The studio’s disk cannot be written; existing bets are safe.',
  ledgerWaits: 'The ledger waits for its copy at the relay; existing bets are safe.',
  ledgerAway: 'The ledger is restarting; existing bets are safe.',
  shield: 'Betting is suspended by the moderators for now.',
  picturePaused: 'The picture is paused.',
  pictureLost: 'The picture does not reach the relay.',
  pictureStalled: 'The picture is stalled.',
  pictureReturning: 'The picture has just come back; betting goes on when it is steady.',
} as const;
export type Suspension = keyof typeof SUSPENSIONS;

export type ShowPart = StudioState['show'];

export type Show = {
  view(): ShowPart;
  isLive(): boolean;
  /** Tells everybody how things stand, once all rooms are joined. */
  announce(): void;
  goLive(): void;
  end(): void;
  rename(title: string): void;
  /** With the key behind its # where the show is sealed end to end. */
  setViewerUrl(url: string, isEncrypted: boolean): void;
  suspend(reason: Suspension, isOn: boolean): void;
  /** By the hand of whoever runs the show, in their words; empty: betting goes on. */
  suspendByHand(reason: string): void;
};

/** The show as an engine finds it: fresh, or live since before it was started. */
export function firstShow(options: {
  clock: MediaClock;
  title: string;
  channelId: string;
  isLive: boolean;
  liveSinceUs: MediaTimeUs;
  suspendedByHand: string;
}): ShowPart {
  return {
    state: options.isLive ? 'live' : 'ready',
    title: options.title,
    liveSinceUs: options.isLive ? options.liveSinceUs || options.clock.nowUs() : 0,
    channelId: options.channelId,
    viewerUrl: '',
    bettingSuspended: SUSPENSIONS.ledgerAway,
    suspendedByHand: options.suspendedByHand,
  };
}

/** @param onChange runs after every change, with the whole part */
export function createShow(options: {
  clock: MediaClock;
  first: ShowPart;
  onChange(show: ShowPart): void;
}): Show {
  const reasons = new Set<Suspension>(['ledgerAway', 'pictureStalled']);
  if (options.first.state !== 'live') reasons.add('notLive');
  let show = options.first;
  function change(part: Partial<ShowPart>): void {
    show = { ...show, ...part };
    show = { ...show, bettingSuspended: wordsOf(reasons) || show.suspendedByHand };
    options.onChange(show);
  }
  return {
    view: () => show,
    isLive: () => show.state === 'live',
    announce: () => change({}),
    goLive() {
      if (show.state === 'live') return;
      reasons.delete('notLive');
      change({ state: 'live', liveSinceUs: options.clock.nowUs() });
    },
    end() {
      if (show.state === 'ready') return;
      reasons.add('notLive');
      change({ state: 'ready', liveSinceUs: 0 });
    },
    rename: (title) => change({ title }),
    setViewerUrl(viewerUrl, isEncrypted) {
      if (viewerUrl !== show.viewerUrl) change({ viewerUrl, isEncrypted });
    },
    suspendByHand(suspendedByHand) {
      if (suspendedByHand !== show.suspendedByHand) change({ suspendedByHand });
    },
    suspend(reason, isOn) {
      if (reasons.has(reason) === isOn) return;
      if (isOn) reasons.add(reason);
      else reasons.delete(reason);
      change({});
    },
  };
}

function wordsOf(reasons: ReadonlySet<Suspension>): string {
  for (const [reason, words] of Object.entries(SUSPENSIONS)) {
    if (reasons.has(reason as Suspension)) return words;
  }
  return '';
}
