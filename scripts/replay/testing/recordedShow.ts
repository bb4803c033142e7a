// A show of some seconds that is recorded as the engine records it: the real rules of markets, the
// real ledger behind its link, the real recorder, on a clock that only moves when told. What vision
// says is given. Used by tests only.

import { join } from 'node:path';
import { ManualTime } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { Action } from '../../../core/contract/actions.ts';
import type { EventType, GameEvent } from '../../../core/contract/events.ts';
import type { StudioState, Template } from '../../../core/contract/state.ts';
import type { Unit } from '../../../core/media/feed.ts';
import { createToldRules } from '../../../native/engine/toldRules.ts';
import { createWitnesses } from '../../../native/engine/witnesses.ts';
import { hexId, hexKey, startLedger } from '../../../native/ledger/testLedger.ts';
import { createMarkets } from '../../../native/markets/markets.ts';
import { createRecorder } from '../../../native/recording/recorder.ts';
import type { JudgedListener } from '../../../native/vision/client.ts';
import type { Seen } from '../facts.ts';

export const START_US = 1_700_000_000_000_000;
/** From the capture of a picture until vision has judged it, microseconds. */
const BEHIND_US = 120_000;
const OWNER = { actor: 'tester', role: 'owner' } as const;

const question: Template = {
  id: 'goal-now',
  title: 'A goal?',
  outcomes: ['Yes', 'No'],
  suggestOn: null,
  decideOn: { type: 'goal', subject: null, minimumConfidence: 0.6, outcome: 0 },
  otherwise: 1,
  ...{ betWindowSeconds: 3, horizonSeconds: 30, deadlineSeconds: 60, guardMs: 500, opening: 'ask' },
};

export const QUESTIONS = {
  goal: question,
  /** Ends within the show, and nothing decides it. */
  shot: {
    ...{ ...question, id: 'shot-now', title: 'A shot?', horizonSeconds: 4 },
    decideOn: { type: 'shot', subject: null, minimumConfidence: 0.6, outcome: 0 },
  },
  /** Opens itself. */
  kickOff: { ...question, id: 'goal-auto', suggestOn: 'kickOff', opening: 'auto' },
} satisfies Record<string, Template>;

export type Step = { atUs: number; run(): unknown };

export async function openRecordedShow(data: string, subjects: readonly string[]) {
  const time = new ManualTime(START_US - 1_000_000);
  const ledger = await startLedger(data);
  const { client } = ledger;
  const listeners = {
    event: [] as ((event: GameEvent) => void)[],
    judged: [] as JudgedListener[],
    action: [] as ((action: Action, origin: string | null) => void)[],
  };
  let ids = 0;
  const random = (length: number) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, 0x5000 + ++ids);
    return bytes;
  };
  const markets = createMarkets({
    ...{ ledger: client, clock: time, timers: time, random, logger: silentLogger },
    templates: Object.values(QUESTIONS),
    keepTemplates: async () => {},
    suspended: {},
    keepSuspended: async () => {},
    onAction() {},
    onSettled() {},
  });
  const recorder = createRecorder({
    ...{ folder: join(data, 'recordings'), timers: time, logger: silentLogger },
    wallMs: () => START_US / 1000,
    onChange() {},
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
  });
  const vision = {
    onEvent: (run: (event: GameEvent) => void) => void listeners.event.push(run),
    onJudged: (run: JudgedListener) => void listeners.judged.push(run),
    onAsked() {},
    choice: () => ({ pack: 'demo', model: null }),
  };
  const state = { show: { bettingSuspended: '' }, markets: [] } as unknown as StudioState;
  const told = createToldRules({
    recording: {
      command: (line, isUrgent) => recorder.command(line, isUrgent),
      isRunning: () => recorder.view().state === 'recording',
    },
    ...{ clock: time, vision, markets, ledger: client },
    store: { state: () => state, onAction: (run) => void listeners.action.push(run) },
  });
  const witnesses = createWitnesses({
    ...{ clock: time, timers: time, markets },
    show(event) {
      for (const run of listeners.action) run({ type: 'event.happened', event }, null);
    },
  });
  vision.onEvent((event) => witnesses.hear('picture', event));
  vision.onJudged((...until) => witnesses.judged(...until));
  client.onCommand((name, args) => {
    told.flush();
    if (['head', 'market', 'markets', 'betsOf'].includes(name)) return;
    recorder.command(JSON.stringify({ name, args }));
  });
  const bind = (subject: string) => {
    const publicKey = hexKey(Number.parseInt(subject, 16));
    return client.bindSubject({ subject, publicKey, isStaff: false, atUs: time.nowUs() });
  };
  /** The ledger has answered all that was asked, and whoever waited for it has gone on. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      await client.head();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  async function goTo(atUs: number): Promise<void> {
    time.advance(Math.max(0, atUs - time.nowUs()) / 1000);
    await settle();
  }
  for (const subject of subjects) await bind(subject);

  return {
    client,
    bind,
    async start(units: readonly Unit[]) {
      const { seq, hash, ledgerId } = await client.head();
      const at = { headSeq: seq, headHash: hash, ledgerId };
      const rules = told.start();
      await recorder.start('Recorded', { pack: 'demo', videoClockOffset: 12_345, ...at, rules });
      for (const unit of units) {
        told.unit(unit);
        recorder.push(unit);
      }
    },
    open: (template: Template, marketId: string) => markets.create(OWNER, { marketId, template }),
    bet(of: { number: number; subject: string; outcome: number; marketId: string }) {
      const { number, ...placed } = of;
      const arrivedUs = time.nowUs();
      return client.placeBet({
        ...placed,
        betId: hexId(100 + number),
        amountMinor: 100,
        arrivedUs,
      });
    },
    game(type: EventType, why: string) {
      const captureUs = time.nowUs();
      const at = { captureUs, rtpTimestamp: 0, detectedUs: captureUs };
      const event = { id: `game-${type}`, type, confidence: 1, why, subject: '', trackIds: [] };
      witnesses.hear('game', { ...event, ...at });
    },
    /** Tells what vision saw, when it would have, and does the steps at their times. */
    async play(seen: Seen, steps: readonly Step[]) {
      const waiting = [...steps].sort((one, other) => one.atUs - other.atUs);
      const events = [...seen.events];
      for (const { untilUs, blindUntilUs, lostUntilUs } of seen.judged) {
        const nowUs = untilUs + BEHIND_US;
        while (waiting[0] && waiting[0].atUs <= nowUs) {
          await goTo(waiting[0].atUs);
          await waiting.shift()?.run();
        }
        await goTo(nowUs);
        while (events[0] && events[0].captureUs <= untilUs) {
          const event = events.shift();
          if (event) for (const run of listeners.event) run(event);
        }
        for (const run of listeners.judged) run(untilUs, blindUntilUs, lostUntilUs);
        await settle();
      }
    },
    async stop() {
      told.flush();
      await recorder.stop();
    },
    close() {
      witnesses.close();
      markets.close();
      ledger.close();
    },
  };
}
