// Collects what a report of a show needs while it is live, and gives the reports of all shows that
// are kept. Written down every few seconds, so that an engine that is killed loses no more than
// that; the next one goes on with the same record. Money is never copied into it: markets are asked
// of the ledger whenever somebody reads a report, so a later correction is in it, too.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Action } from '../../core/contract/actions.ts';
import {
  REPORT_MARKETS_MAX,
  type ReportLine,
  type ReportMarket,
  type ShowReport,
} from '../../core/contract/report.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';
import {
  addDecider,
  addEvent,
  addRestart,
  addSample,
  addSuspension,
  addWarning,
  newRecord,
  reportMarketOf,
  reportOf,
  SAMPLE_SECONDS,
  type ShowRecord,
} from '../../core/report/showRecord.ts';
import type { Audience } from '../audience/audience.ts';
import type { Capture } from '../capture/capture.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { StudioStateStore } from '../serve/state.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import { openReportFiles, type ReportFiles } from './reportFiles.ts';

const SAMPLE_MS = SAMPLE_SECONDS * 1000;
/** What an engine that is killed loses at most. */
const WRITE_MS = 10_000;
/** Decisions that were asked for and have not come. */
const DECIDING_MAX = 1_000;
/** One more than are shown says that there are more. */
const MARKETS_PAGE = REPORT_MARKETS_MAX + 1;

export type ReportRooms = {
  configuration: { dataFolder: string };
  around: { clock: MediaClock; timers: Timers; logger: Logger; wallMs(): number };
  store: StudioStateStore;
  audience: Pick<Audience, 'readings' | 'delaysMs'>;
  publisher: Pick<Publisher, 'stats'>;
  capture: Pick<Capture, 'counters'>;
  socket: Pick<StudioSocket, 'roundTripUs'>;
  ledger: Pick<LedgerClient, 'markets' | 'onCommand'>;
};

export type ShowReports = { handlers: Handlers['reports']; close(): Promise<void> };

/** Opens the room; a show that was live before this engine goes on in its record. */
export async function openShowReports(rooms: ReportRooms): Promise<ShowReports> {
  const reports = new Reports(rooms, openReportFiles(rooms.configuration.dataFolder));
  await reports.resume();
  return reports;
}

class Reports implements ShowReports {
  readonly #rooms: ReportRooms;
  readonly #files: ReportFiles;
  readonly #cancels: (() => void)[];
  readonly #deciding = new Map<string, 'picture' | 'person'>();
  readonly handlers: Handlers['reports'];
  /** Of the show that is live. */
  #record: ShowRecord | null = null;
  /** The one before it, also when the disk did not take it. */
  #ended: ShowRecord | null = null;
  #before: Pick<StudioState, 'vision' | 'ledger' | 'relay'>;
  #suspended: { reason: string; fromUs: number } | null = null;
  #droppedBefore = 0;
  #isTroubled = false;

  constructor(rooms: ReportRooms, files: ReportFiles) {
    this.#rooms = rooms;
    this.#files = files;
    this.#before = rooms.store.state();
    const { timers } = rooms.around;
    rooms.store.onAction((action) => this.#heard(action));
    rooms.ledger.onCommand((name, args) => {
      if (name !== 'resolveMarket') return;
      const { marketId, role } = args as { marketId: string; role: string };
      // Of what was refused nothing comes that would remove it.
      if (this.#deciding.size >= DECIDING_MAX) this.#deciding.clear();
      this.#deciding.set(marketId, role === 'vision' ? 'picture' : 'person');
    });
    this.#cancels = [
      timers.every(SAMPLE_MS, () => this.#sample()),
      timers.every(WRITE_MS, () => void this.#write()),
    ];
    this.handlers = {
      list: () => this.#list(),
      read: ({ id }) => this.#read(id),
    };
  }

  /** What was collected before this engine began; it counts as a restart. */
  async resume(): Promise<void> {
    const { show } = this.#rooms.store.state();
    if (show.state !== 'live') return;
    const kept = await this.#files.read(String(show.liveSinceUs));
    if (kept) addRestart(kept, 'engine');
    this.#begin(kept);
    void this.#write();
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    this.#endSuspension();
    await this.#write();
    await this.#files.settle();
  }

  #begin(kept: ShowRecord | null): void {
    const { store, around } = this.#rooms;
    const { title, liveSinceUs: sinceUs, bettingSuspended } = store.state().show;
    const passedMs = (around.clock.nowUs() - sinceUs) / 1000;
    const startedMs = Math.max(0, Math.round(around.wallMs() - passedMs));
    this.#record = kept ?? newRecord({ title, sinceUs, startedMs });
    this.#droppedBefore = this.#dropped();
    this.#suspend(bettingSuspended);
  }

  #heard(action: Action): void {
    const before = this.#before;
    this.#before = this.#rooms.store.state();
    if (action.type === 'show.changed') this.#showChanged(action.show);
    const record = this.#record;
    if (record === null) return;
    const isNow = <Name>(was: Name, is: Name, from: Name, to: Name) => was === from && is === to;
    if (action.type === 'event.happened') addEvent(record, action.event);
    else if (action.type === 'market.changed') this.#marketChanged(record, action.market);
    else if (action.type === 'notice.raised' && action.notice.severity !== 'info') {
      const { severity, text } = action.notice;
      addWarning(record, this.#rooms.around.clock.nowUs(), { severity, text });
    } else if (action.type === 'vision.changed') {
      const { state } = action.vision;
      if (isNow(before.vision.state, state, 'running', 'restarting')) this.#restarted('vision');
    } else if (action.type === 'ledger.changed') {
      const { state } = action.ledger;
      if (isNow(before.ledger.state, state, 'running', 'restarting')) this.#restarted('ledger');
    } else if (action.type === 'relay.changed') {
      const { state } = action.relay;
      if (before.relay.state === 'connected' && state !== 'connected') this.#restarted('relay');
    }
  }

  /** Written down at once: what broke may not be the last thing to break. */
  #restarted(name: 'vision' | 'ledger' | 'relay'): void {
    if (this.#record === null) return;
    addRestart(this.#record, name);
    void this.#write();
  }

  #showChanged(show: StudioState['show']): void {
    const record = this.#record;
    if (record === null) {
      if (show.state === 'live') this.#begin(null);
      return;
    }
    record.title = show.title;
    if (show.state === 'live') {
      this.#suspend(show.bettingSuspended);
      return;
    }
    this.#endSuspension();
    record.lastUs = Math.max(record.lastUs, this.#rooms.around.clock.nowUs());
    record.isEnded = true;
    void this.#write();
    this.#ended = record;
    this.#record = null;
    this.#deciding.clear();
  }

  #suspend(reason: string): void {
    if (this.#suspended?.reason === reason) return;
    this.#endSuspension();
    const fromUs = this.#rooms.around.clock.nowUs();
    this.#suspended = reason === '' ? null : { reason, fromUs };
  }

  #endSuspension(): void {
    const was = this.#suspended;
    this.#suspended = null;
    if (was === null || this.#record === null) return;
    const seconds = (this.#rooms.around.clock.nowUs() - was.fromUs) / 1_000_000;
    addSuspension(this.#record, was.reason, seconds);
  }

  #marketChanged(record: ShowRecord, { id, state }: StudioState['markets'][number]): void {
    const by = this.#deciding.get(id);
    if (by === undefined || state !== 'RESOLVED') return;
    this.#deciding.delete(id);
    addDecider(record, id, by);
  }

  #dropped(): number {
    const { publisher, capture } = this.#rooms;
    return publisher.stats().framesDropped + capture.counters().framesDropped;
  }

  #sample(): void {
    const record = this.#record;
    if (record === null) return;
    const { audience, publisher, socket, around } = this.#rooms;
    const { roundTripUs } = socket;
    const dropped = this.#dropped();
    addSample(record, around.clock.nowUs(), {
      viewers: audience.readings().viewers,
      delaysMs: audience.delaysMs(),
      kilobits: Math.round(publisher.stats().kilobitsPerSecond),
      roundTripMs: roundTripUs === null ? null : Math.round(roundTripUs / 100) / 10,
      framesDropped: Math.max(0, dropped - this.#droppedBefore),
    });
    this.#droppedBefore = dropped;
  }

  async #write(): Promise<void> {
    if (this.#record === null) return;
    try {
      await this.#files.write(this.#record);
      this.#isTroubled = false;
    } catch (cause) {
      // A full disk is said once, until writing works again.
      const { logger } = this.#rooms.around;
      if (!this.#isTroubled) logger.warn('the report is not kept', { reason: String(cause) });
      this.#isTroubled = true;
    }
  }

  /** The one that is live is read from memory: it is newer than its file. */
  async #recordOf(id: string): Promise<ShowRecord | null> {
    const inMemory = [this.#record, this.#ended].find((one) => String(one?.sinceUs) === id);
    return inMemory ?? this.#files.read(id);
  }

  #stateOf(record: ShowRecord): ShowReport['state'] {
    if (record === this.#record) return 'running';
    return record.isEnded ? 'ended' : 'interrupted';
  }

  async #list(): Promise<ReportLine[]> {
    const ids = new Set(await this.#files.ids());
    for (const one of [this.#record, this.#ended]) if (one !== null) ids.add(String(one.sinceUs));
    const lines: ReportLine[] = [];
    for (const id of [...ids].sort((one, other) => Number(other) - Number(one))) {
      const record = await this.#recordOf(id);
      if (record === null) continue;
      const nothing = { markets: null, hasMoreMarkets: false, ledger: this.#ledger() };
      const { title, startedMs, seconds, viewersPeak, state } = reportOf(record, {
        ...{ state: this.#stateOf(record), ...nothing },
      });
      lines.push({ id, title, startedMs, seconds, viewersPeak, state });
    }
    return lines;
  }

  async #read(id: string): Promise<ShowReport> {
    const record = await this.#recordOf(id);
    if (record === null) throw new RpcError('notFound', 'The report of that show is not kept.');
    const state = this.#stateOf(record);
    return reportOf(record, {
      ...{ state, ledger: this.#ledger() },
      ...(await this.#marketsOf(record, state)),
    });
  }

  #ledger(): ShowReport['ledger'] {
    const { seq, hash, notCopied } = this.#rooms.store.state().ledger;
    return { seq, hash, notCopied };
  }

  async #marketsOf(
    record: ShowRecord,
    state: ShowReport['state'],
  ): Promise<{ markets: ReportMarket[] | null; hasMoreMarkets: boolean }> {
    const untilUs = state === 'running' ? null : record.lastUs + 1;
    try {
      const found = await this.#rooms.ledger.markets(true, MARKETS_PAGE, untilUs);
      const own = found.filter(({ opensAtUs }) => opensAtUs >= record.sinceUs);
      const markets = own.slice(0, REPORT_MARKETS_MAX).map((one) => reportMarketOf(record, one));
      return { markets: markets.reverse(), hasMoreMarkets: own.length > REPORT_MARKETS_MAX };
    } catch {
      // The ledger is away: everything else is told all the same.
      return { markets: null, hasMoreMarkets: false };
    }
  }
}
