// What the studio's page and the ready file show of rooms that only report: source, vision, relay,
// ledger. Turns their reports into actions, and never sends one when nothing changed.

import type { Timers } from '../../core/base/clock.ts';
import type { SourceState, StudioState } from '../../core/contract/state.ts';
import { CALM_SCENE, NO_PLACES } from '../../core/contract/visionState.ts';
import type { Registered } from '../../core/wire/gen/facts_pb.js';
import type { StudioStateStore } from '../serve/state.ts';
import type { JournalShipper } from '../upstream/journalShipper.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import type { VisionStatus } from '../vision/client.ts';
import type { FollowedJournal } from './journalSource.ts';
import type { Show } from './show.ts';

/** Rows come in bursts of a hundred a second; a person sees four updates a second. */
const LEDGER_VIEW_PERIOD_MS = 250;
/** A list that a person can read. */
const SOURCES_MAX = 12;
/** How often a successor learns where this engine was. */
const FACTS_PERIOD_MS = 1_000;

export type Views = {
  sourceChanged(source: SourceState): void;
  visionChanged(status: VisionStatus): void;
  visionAway(): void;
  registered(registered: Registered): void;
  /** Tells the supervisor what the ready file shows. */
  tellFacts(): void;
  close(): void;
};

export function createViews(options: {
  store: StudioStateStore;
  show: Show;
  socket: StudioSocket;
  journal: FollowedJournal;
  shipper: JournalShipper;
  /** Why the ledger is not used yet; empty when it is. */
  ledgerReason(): string;
  timers: Timers;
  issueLink(): string;
  facts(): Record<string, unknown>;
  onFacts(facts: Record<string, unknown>): void;
}): Views {
  const { store, show, socket, journal, shipper } = options;
  let registered: Registered | null = null;
  let link = { of: '', url: '' };

  function applyIfNew<Key extends 'source' | 'vision' | 'relay' | 'ledger'>(
    key: Key,
    value: StudioState[Key],
  ): void {
    if (JSON.stringify(store.state()[key]) === JSON.stringify(value)) return;
    store.apply({ type: `${key}.changed`, [key]: value } as never);
  }

  function lookAtLedger(): void {
    const head = journal.head();
    const { state, reason, notCopied } = shipper.state;
    const before = store.state().ledger;
    const waits = options.ledgerReason();
    show.suspend('ledgerWaits', waits !== '');
    applyIfNew('ledger', {
      state: head ? 'running' : before.state === 'starting' ? 'starting' : 'restarting',
      reason: waits || (state === 'refused' ? reason : ''),
      seq: head?.seq ?? before.seq,
      hash: head ? journal.hash() : before.hash,
      notCopied,
      betsNotCopied: head ? journal.betsAfter(head.seq - notCopied) : before.betsNotCopied,
      commitsPerSecond: before.commitsPerSecond,
    });
  }

  function lookAtRelay(viewers: number): void {
    const { state, reason } = socket.state;
    applyIfNew('relay', { ...store.state().relay, state, reason, viewers });
  }

  function tellFacts(): void {
    // A link's code is spent by whoever uses it, so a new one is made only when something changed.
    const view = show.view();
    const key = JSON.stringify([view.state, registered?.whipToken, store.state().source.url]);
    if (link.of !== key) link = { of: key, url: options.issueLink() };
    options.onFacts({
      ...options.facts(),
      studio: link.url,
      state: view.state,
      liveSinceUs: view.liveSinceUs,
      viewer: registered ? view.viewerUrl : null,
      view: registered?.viewUrl || null,
      whep: registered?.whepUrl ?? null,
      whipUrl: registered?.whipUrl ?? null,
      whipToken: registered?.whipToken ?? null,
    });
  }

  const cancels = [
    options.timers.every(LEDGER_VIEW_PERIOD_MS, lookAtLedger),
    options.timers.every(FACTS_PERIOD_MS, tellFacts),
  ];
  shipper.onState(lookAtLedger);
  socket.onState(() => lookAtRelay(store.state().relay.viewers));
  socket.onStats((stats) => lookAtRelay(stats.viewers));
  // The relay may have answered, or refused, before anybody looked.
  lookAtRelay(0);
  return {
    sourceChanged(source) {
      applyIfNew('source', source);
      // What was once on air can be switched back to.
      const { sources } = store.state();
      const { url, title } = source;
      if (source.state !== 'live' || sources.some((known) => known.url === url)) return;
      // The two that come with the studio stand first and stay.
      const kept = sources.toSpliced(2, sources.length < SOURCES_MAX ? 0 : 1);
      store.apply({ type: 'sources.changed', sources: [...kept, { url, title }] });
    },
    visionChanged(status) {
      const { reason, model, provider, pack, scene, places } = status;
      const state = status.state === 'degraded' ? 'running' : status.state;
      applyIfNew('vision', { state, reason, model, provider, pack, scene, places });
    },
    visionAway() {
      const before = store.state().vision;
      if (before.state === 'starting') return;
      applyIfNew('vision', {
        ...{ ...before, scene: CALM_SCENE, places: NO_PLACES },
        state: 'restarting',
        reason: 'Vision is restarting; markets wait until every frame has been judged.',
      });
    },
    registered(answer) {
      registered = answer;
      tellFacts();
    },
    tellFacts,
    close() {
      for (const cancel of cancels) cancel();
    },
  };
}
