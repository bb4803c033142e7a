// Figures of the relay under load (`--only relay`): what a viewer costs beside Janus in the same run,
// rounds taken in turns; 400 viewers on one core; what the relay adds to the delay; memory; and how
// often the studio is asked for a key frame. The relay and Janus have one core each in their turn,
// studio and viewers the other one. All of it is one machine: no network is between them.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { canPin, type Program, startProgram, usedBy } from './crowd/machinery.ts';
import type {
  CrowdFigures,
  HostStats,
  SourceStats,
  ToCrowd,
  ToHost,
  ToSource,
} from './crowd/messages.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { startJanus } from './janus.ts';
import { measureSoak } from './relaySoak.ts';

/** Seconds of each measured window. */
const WINDOW = { short: 5, full: 20 };
/** After everybody joined, before a window: bursts and first reports are over. */
const SETTLE_MS = 1500;
const FEW = 40;
const MANY = 150;
const HUNDRED = 100;
const TWO_HUNDRED = 200;
const CROWD = 400;
/** Every tenth viewer's packets are looked at (crowd/viewers.ts). */
const SAMPLED_OF = 10;
/** Also those who failed to join. */
const EVERYBODY = 10_000;
const SOAK_MINUTES = 30;
/** Viewers whose packets are compared with the direct reader's. */
const WITNESSES = 4;

type Host = Program<ToHost, HostStats>;
type Source = Program<ToSource, SourceStats>;
type Crowd = Program<ToCrowd, CrowdFigures>;
type Stage = { host: Host; source: Source; crowd: Crowd; witness: Crowd; windowMs: number };

/** Share of one core that a viewer costs, percent, and its parts. */
type Cost = { perViewer: number; userShare: number };

export async function measureRelay(context: BenchContext): Promise<Measured[]> {
  const address = outwardAddress() ?? '127.0.0.1';
  const programs: Program<never, unknown>[] = [];
  const keep = <Question, Answer>(program: Program<Question, Answer>) => {
    programs.push(program as unknown as Program<never, unknown>);
    return program;
  };
  try {
    const stage: Stage = {
      host: keep(await startProgram<ToHost, HostStats>('host', [address], 0)),
      source: keep(await startProgram<ToSource, SourceStats>('source', [address], 1)),
      crowd: keep(await startProgram<ToCrowd, CrowdFigures>('viewers', [address], 1)),
      witness: keep(await startProgram<ToCrowd, CrowdFigures>('viewers', [address, 'witness'], 1)),
      windowMs: (context.isFull ? WINDOW.full : WINDOW.short) * 1000,
    };
    const figures: Measured[] = [];
    // What breaks in one part says nothing about the parts before it.
    const take = async (figure: string, run: () => Promise<Measured[]>) => {
      const parts = await run().catch((cause: unknown) => {
        context.say(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
        return [notMeasured(figure, String(cause))];
      });
      figures.push(...parts);
      await stage.source.ask({ ask: 'stop' });
      await stage.crowd.ask({ ask: 'leave', count: EVERYBODY });
    };
    await take('relay', () => measureFanOut(context, stage));
    await take('relayforty', () => measureDelays(context, stage));
    if (context.isFull) {
      // Before the crowd, which may leave the machine out of breath.
      await take('relaysoak', async () => {
        await publish(stage);
        return [await measureSoak(context, stage, SOAK_MINUTES)];
      });
    }
    await take('relaycrowd', async () => [await measureCrowd(context, stage)]);
    return figures;
  } catch (cause) {
    context.say(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    return [notMeasured('relay', String(cause))];
  } finally {
    for (const program of programs) await program.end();
  }
}

async function publish({ host, source }: Stage): Promise<void> {
  await source.ask({ ask: 'publish', whipUrl: `${host.said}/whip/match` });
  const end = performance.now() + 20_000;
  while ((await host.ask({ ask: 'stats' })).state !== 'live') {
    if (performance.now() > end) throw new Error('The relay never went live');
    await pause(50);
  }
}

async function measureFanOut(context: BenchContext, stage: Stage): Promise<Measured[]> {
  const hundred = { ours: [] as number[][], peer: [] as number[][], systems: [] as number[] };
  const twoHundred = { ours: [] as number[][], peer: [] as number[][], systems: [] as number[] };
  const memory: number[][] = [];
  const remarks = [canPin ? 'one core for the server' : 'nothing is pinned here'];
  const peerRemarks: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    context.say(`  fan-out, round ${round + 1}`);
    const isLast = round === ROUNDS - 1;
    const own = await ownRound(stage, isLast);
    hundred.ours.push([own.hundred.perViewer]);
    twoHundred.ours.push([own.twoHundred.perViewer]);
    memory.push([own.kilobytesPerViewer]);
    if (own.split) remarks.push(own.split);
    const share = (own.twoHundred.userShare * 100).toFixed(0);
    const packet = own.microsecondsPerPacket.toFixed(1);
    remarks.push(`user share at ${TWO_HUNDRED}: ${share} %; ${packet} µs a packet sent`);
    const peer = await peerRound(stage);
    if (typeof peer === 'string') peerRemarks.push(peer);
    else {
      hundred.peer.push(peer.hundred ? [peer.hundred.perViewer] : []);
      twoHundred.peer.push(peer.twoHundred ? [peer.twoHundred.perViewer] : []);
      peerRemarks.push(...peer.remarks);
    }
  }
  const beside = (rounds: number[][]) => ({ rounds, remarks: peerRemarks });
  return [
    { figure: 'relay', rounds: twoHundred.ours, remarks, peer: beside(twoHundred.peer) },
    { figure: 'relayhundred', rounds: hundred.ours, remarks, peer: beside(hundred.peer) },
    { figure: 'relaymemory', rounds: memory, remarks: ['resident set, 100 to 200 viewers'] },
  ];
}

type OwnRound = {
  hundred: Cost;
  twoHundred: Cost;
  kilobytesPerViewer: number;
  /** Unlike the share of a core it says the same where other work keeps packets from going out. */
  microsecondsPerPacket: number;
  split: string | null;
};

async function ownRound(stage: Stage, isLast: boolean): Promise<OwnRound> {
  const { host, source, crowd } = stage;
  await publish(stage);
  const whepUrl = `${host.said}/whep/match`;
  const join = (count: number) => crowd.ask({ ask: 'join', count, whepUrl });
  await join(HUNDRED);
  const hundred = await costOf(stage, host.pid, HUNDRED);
  const few = (await host.ask({ ask: 'stats' })).rssBytes;
  await join(TWO_HUNDRED - HUNDRED);
  await pause(SETTLE_MS);
  const sentBefore = (await host.ask({ ask: 'stats' })).fanOut?.packetsOut ?? 0;
  const usedBefore = usedBy(host.pid);
  const twoHundred = await costOf(stage, host.pid, TWO_HUNDRED);
  const usedAfter = usedBy(host.pid);
  const sent = ((await host.ask({ ask: 'stats' })).fanOut?.packetsOut ?? 0) - sentBefore;
  const split = isLast ? splitOf(host.pid) : null;
  const { rssBytes } = await host.ask({ ask: 'stats' });
  await crowd.ask({ ask: 'leave', count: EVERYBODY });
  await source.ask({ ask: 'stop' });
  await pause(500);
  const kilobytesPerViewer = (rssBytes - few) / 1000 / (TWO_HUNDRED - HUNDRED);
  const usedMs = usedAfter.userMs - usedBefore.userMs + usedAfter.systemMs - usedBefore.systemMs;
  const microsecondsPerPacket = (1000 * usedMs) / Math.max(1, sent);
  return { hundred, twoHundred, split, kilobytesPerViewer, microsecondsPerPacket };
}

/** As many as one core carries: with other work on the machine they may not even get in. */
async function measureCrowd(context: BenchContext, stage: Stage): Promise<Measured> {
  const { host, crowd, source } = stage;
  context.say(`  ${CROWD} viewers`);
  const rounds: number[][] = [];
  const remarks = ['packets missing at every tenth viewer'];
  try {
    await publish(stage);
    await crowd.ask({ ask: 'join', count: CROWD, whepUrl: `${host.said}/whep/match` });
    for (let round = 0; round < ROUNDS; round++) {
      const before = (await host.ask({ ask: 'stats' })).fanOut;
      const { perViewer } = await costOf(stage, host.pid, CROWD);
      const { holes, packets } = await crowd.ask({ ask: 'figures' });
      const after = (await host.ask({ ask: 'stats' })).fanOut;
      // Who rests sees no hole: what it was not sent is missing all the same.
      const withheld = (after?.packetsWithheld ?? 0) - (before?.packetsWithheld ?? 0);
      const rests = (after?.viewersRested ?? 0) - (before?.viewersRested ?? 0);
      const missing = holes + Math.round(withheld / SAMPLED_OF);
      rounds.push([missing]);
      const percent = (perViewer * CROWD).toFixed(0);
      const parts = `${holes} lost on the way, ${rests} rests of viewers`;
      remarks.push(
        `${percent} % of the core, ${missing} of ${packets + missing} missing (${parts})`,
      );
    }
  } catch (cause) {
    remarks.push(`broke off: ${cause instanceof Error ? cause.message : String(cause)}`);
    while (rounds.length < ROUNDS) rounds.push([]);
  }
  await source.ask({ ask: 'stop' });
  return { figure: 'relaycrowd', rounds, remarks };
}

type PeerRound = { hundred: Cost | null; twoHundred: Cost | null; remarks: string[] };

async function peerRound(stage: Stage): Promise<PeerRound | string> {
  const { source, crowd } = stage;
  const prefix = canPin ? ['/usr/bin/taskset', '-c', '0'] : [];
  const janus = await startJanus({ hasSound: true, prefix });
  if (typeof janus === 'string') return janus;
  const round: PeerRound = { hundred: null, twoHundred: null, remarks: [] };
  try {
    const { videoPort, audioPort, api } = janus;
    await source.ask({ ask: 'send', host: '127.0.0.1', videoPort, audioPort });
    await crowd.ask({ ask: 'joinPeer', count: HUNDRED, api });
    round.hundred = await costOf(stage, janus.pid, HUNDRED);
    await crowd.ask({ ask: 'joinPeer', count: TWO_HUNDRED - HUNDRED, api });
    round.twoHundred = await costOf(stage, janus.pid, TWO_HUNDRED);
    const { holes, packets } = await crowd.ask({ ask: 'figures' });
    round.remarks.push(`Janus: ${holes} of ${packets} packets missing`);
  } catch (cause) {
    // Saturated on a busy machine, it lets nobody in any more; what was measured stands.
    const reason = cause instanceof Error ? cause.message : String(cause);
    const { connected } = await crowd.ask({ ask: 'figures' });
    round.remarks.push(`Janus let ${connected} in, then: ${reason}`);
  } finally {
    await crowd.ask({ ask: 'leave', count: EVERYBODY });
    await source.ask({ ask: 'stop' });
    await janus.end();
  }
  return round;
}

/** Processor time of a process over a window, after things settled. */
async function costOf(stage: Stage, pid: number, viewers: number): Promise<Cost> {
  await pause(SETTLE_MS);
  await stage.crowd.ask({ ask: 'mark' });
  const [before, startMs] = [usedBy(pid), performance.now()];
  await pause(stage.windowMs);
  const [after, elapsedMs] = [usedBy(pid), performance.now() - startMs];
  const userMs = after.userMs - before.userMs;
  const usedMs = userMs + after.systemMs - before.systemMs;
  return { perViewer: (100 * usedMs) / elapsedMs / viewers, userShare: userMs / usedMs };
}

/** Where the time goes, by `perf` where it is; null otherwise. */
function splitOf(pid: number): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-perf-'));
  const file = join(folder, 'perf.data');
  try {
    const record = ['record', '-p', String(pid), '-o', file, 'sleep', '3'];
    if (spawnSync('perf', record, { stdio: 'ignore' }).status !== 0) return null;
    const report = ['report', '-i', file, '--no-children', '-g', 'none', '--sort', 'dso'];
    const { stdout } = spawnSync('perf', report, { encoding: 'utf8' });
    const shares = { library: 0, kernel: 0, JavaScript: 0, libc: 0 };
    for (const line of stdout.split('\n')) {
      const [, percent, name = ''] = /^\s*([\d.]+)%\s+(.+?)\s*$/.exec(line) ?? [];
      if (percent === undefined) continue;
      const part = name.includes('node_datachannel')
        ? 'library'
        : name.includes('kernel')
          ? 'kernel'
          : /^(node|\[JIT\])/.test(name)
            ? 'JavaScript'
            : 'libc';
      shares[part] += Number(percent);
    }
    const words = Object.entries(shares).map(([name, share]) => `${name} ${share.toFixed(0)} %`);
    return `by perf at ${TWO_HUNDRED} viewers: ${words.join(', ')} (JavaScript with Node's own part)`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureDelays(context: BenchContext, stage: Stage): Promise<Measured[]> {
  const few: number[][] = [];
  const many: number[][] = [];
  const requests: number[][] = [];
  const remarks: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    context.say(`  delay, round ${round + 1}`);
    const { host, source, crowd, witness } = stage;
    await publish(stage);
    const whepUrl = `${host.said}/whep/match`;
    await witness.ask({ ask: 'joinDirect', whepUrl: source.said });
    await crowd.ask({ ask: 'join', count: FEW / 2, whepUrl });
    await witness.ask({ ask: 'join', count: WITNESSES, whepUrl });
    await crowd.ask({ ask: 'join', count: FEW / 2 - WITNESSES, whepUrl });
    few.push(await addedOf(stage));
    await crowd.ask({ ask: 'join', count: MANY - FEW, whepUrl });
    many.push(await addedOf(stage));
    requests.push([await requestsOf(stage)]);
    const { keyFrameShareMax } = await source.ask({ ask: 'stats' });
    if (round === 0) {
      remarks.push(`largest key frame ${keyFrameShareMax.toFixed(1)} pictures' worth of bits`);
    }
    await witness.ask({ ask: 'leave', count: WITNESSES + 1 });
    await crowd.ask({ ask: 'leave', count: EVERYBODY });
    await source.ask({ ask: 'stop' });
    await pause(500);
  }
  const how = 'per packet, against a reader straight at the studio';
  return [
    { figure: 'relayforty', rounds: few, remarks: [how, ...remarks] },
    { figure: 'relayfull', rounds: many, remarks: [how, ...remarks] },
    { figure: 'relayrequests', rounds: requests, remarks: [`${MANY} viewers ask at once`] },
  ];
}

async function addedOf({ witness, windowMs }: Stage): Promise<number[]> {
  await pause(SETTLE_MS);
  await witness.ask({ ask: 'mark' });
  await pause(windowMs);
  return (await witness.ask({ ask: 'figures' })).addedMs;
}

/** Requests that reach the studio within two seconds after everybody asked. */
async function requestsOf({ source, crowd }: Stage): Promise<number> {
  const before = (await source.ask({ ask: 'stats' })).keyFrameRequests;
  await crowd.ask({ ask: 'loseAll' });
  await pause(2000);
  return (await source.ask({ ask: 'stats' })).keyFrameRequests - before;
}

function outwardAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
