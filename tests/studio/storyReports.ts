// The reports of a story: one show of an hour with everything in it, and a short one before. Made by
// the functions that collect a real one. Never shipped.

import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
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
import { sampleMarket } from './sampleStudio.ts';

const SECOND_US = 1_000_000;
const SINCE_US = 1_000 * SECOND_US;
const STARTED_MS = Date.UTC(2026, 10, 20, 19, 30);

export const STORY_SHOW_TITLE = 'Friday five-a-side';

function storyRecord(title: string, sinceUs: number, minutes: number): ShowRecord {
  const startedMs = STARTED_MS + (sinceUs - SINCE_US) / 1000;
  const record = newRecord({ title, sinceUs, startedMs });
  const count = (minutes * 60) / SAMPLE_SECONDS;
  for (let sample = 1; sample <= count; sample++) {
    const share = sample / count;
    const viewers = Math.round(130 * Math.sin(share * 3) + 6 * Math.sin(sample / 9) + 8);
    const delaysMs = Array.from({ length: Math.min(40, viewers) }, (_, at) => 24 + at * 9);
    addSample(record, sinceUs + sample * SAMPLE_SECONDS * SECOND_US, {
      ...{ viewers: Math.max(0, viewers), delaysMs },
      kilobits: 2510 + Math.round(90 * Math.sin(sample / 5)),
      roundTripMs: 18 + Math.round(6 * Math.abs(Math.sin(sample / 30))),
      framesDropped: sample % 170 === 0 ? 3 : 0,
    });
  }
  return record;
}

function richRecord(): ShowRecord {
  const record = storyRecord(STORY_SHOW_TITLE, SINCE_US, 62);
  const at = (seconds: number) => SINCE_US + seconds * SECOND_US;
  const events = [
    ['kickOff', 31, 0.97, 'the ball left the centre spot'],
    ['shot', 402, 0.91, 'ball left foot of 7, 62 km/h'],
    ['goal', 404, 0.98, 'the ball crossed the left goal line'],
    ['highlight', 405, 0.94, 'unusual: speed of the ball, noise of the crowd'],
    ['highlight', 2_210, 0.88, 'unusual: a sprint over 40 m'],
  ] as const;
  for (const [index, [type, seconds, confidence, why]] of events.entries()) {
    addEvent(record, {
      ...{ id: `e${index}`, type, captureUs: at(seconds), detectedUs: at(seconds) },
      ...{ rtpTimestamp: 0, confidence, why, subject: '', trackIds: [] },
    });
  }
  addRestart(record, 'vision');
  addSuspension(record, 'The picture is stalled.', 4.2);
  addSuspension(record, 'The picture is stalled.', 2.1);
  const address = 'The relay wss://relay.example:47801/studio does not answer.';
  addWarning(record, at(1_800), { severity: 'warn', text: address });
  addDecider(record, 'm1', 'picture');
  addDecider(record, 'm2', 'person');
  record.isEnded = true;
  return record;
}

function reportFor(record: ShowRecord, isRich: boolean) {
  const opensAtUs = SINCE_US + 380 * SECOND_US;
  const decided = { state: 'RESOLVED', winner: 0, paidMinor: 662, opensAtUs } as const;
  const markets = [
    sampleMarket('m1', { ...decided, voidedBets: 3 }),
    sampleMarket('m2', { ...decided, title: 'Corner before the break?', revision: 1 }),
    sampleMarket('m3', {
      state: 'VOID',
      outcomes: [],
      title: 'A goal in < 10 s & by "7"?',
      opensAtUs,
    }),
  ];
  return reportOf(record, {
    ...{ state: 'ended', hasMoreMarkets: false },
    markets: isRich ? markets.map((market) => reportMarketOf(record, market)) : [],
    ledger: { seq: 812, hash: 'b'.repeat(64), notCopied: 0 },
  });
}

export function storyReports(): Pick<Handlers, 'reports'> {
  const short = storyRecord('Try-out', SINCE_US - 500 * SECOND_US, 2);
  const reports = [reportFor(richRecord(), true), reportFor(short, false)];
  return {
    reports: {
      list: () =>
        reports.map(({ id, title, startedMs, state, seconds, viewersPeak }) => ({
          ...{ id, title, startedMs, state, seconds, viewersPeak },
        })),
      read({ id }) {
        const found = reports.find((report) => report.id === id);
        if (!found) throw new RpcError('notFound', 'The report of that show is not kept.');
        return found;
      },
    },
  };
}
