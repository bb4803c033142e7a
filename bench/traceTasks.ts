// Reads Chromium's trace: the tasks of the main thread that carries our marks, each with its
// processor time, gathered by the mark before it. Pure.

type TraceEvent = {
  name: string;
  cat: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  ts: number;
  dur?: number;
  /** Processor time of the thread, microseconds. */
  tdur?: number;
};

export type ActTasks = {
  act: string;
  /** Of its longest task. */
  processorMs: number;
  wallMs: number;
  /** Tasks that took more than 50 ms by the wall. */
  wallLongTasks: number;
};

const MARK = 'bench ';
const TASK = 'ThreadControllerImpl::RunTask';
const LONG_MS = 50;

/** @throws Error when there is no mark, or the trace has no processor times */
export function tasksByAct(trace: string): ActTasks[] {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const marks = traceEvents
    .filter(({ name, cat }) => name.startsWith(MARK) && cat === 'blink.user_timing')
    .sort((one, other) => one.ts - other.ts);
  const [first] = marks;
  if (!first) throw new Error('The trace has none of our marks');
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => name === TASK && pid === first.pid && tid === first.tid,
  );
  return marks.map(({ name, ts }, at) => {
    const endUs = marks[at + 1]?.ts ?? Number.POSITIVE_INFINITY;
    const own = tasks.filter((task) => task.ts >= ts && task.ts < endUs);
    // The task in which tracing ended has neither; a short one hides nothing.
    if (own.some(({ tdur, dur = 0 }) => tdur === undefined && dur > 1_000)) {
      throw new Error('The trace has no processor times');
    }
    return {
      act: name.slice(MARK.length),
      processorMs: Math.max(0, ...own.map(({ tdur = 0 }) => tdur / 1000)),
      wallMs: Math.max(0, ...own.map(({ dur = 0 }) => dur / 1000)),
      wallLongTasks: own.filter(({ dur = 0 }) => dur / 1000 > LONG_MS).length,
    };
  });
}
