// A process of its own for figures `obspass` and `obscore`: the real RTMP listener and capture room
// and nothing else, so that what it burns is what taking an encoder's stream costs. Tells its
// parent where it listens, and on being asked when each picture came out and what was burned.

import { readFileSync } from 'node:fs';
import { resolveFfmpeg } from '../native/ffmpeg/resolve.ts';
import { openRtmpFeed } from '../tests/harness/rtmpFeed.ts';

export type ObsFeedAnswer =
  | { type: 'listening'; port: number; key: string; url: string }
  | { type: 'taken'; pictureUs: number[]; burnedUs: number; helperBurnedUs: number };

const feed = await openRtmpFeed(await resolveFfmpeg(), (pid, alive) => {
  if (alive) helpers.add(pid);
  else helpers.delete(pid);
});
const helpers = new Set<number>();
const pictureUs: number[] = [];
feed.capture.onUnit((unit) => {
  if (unit.track === 'video') pictureUs.push(Number(process.hrtime.bigint() / 1000n));
});

const tell = (answer: ObsFeedAnswer) => process.send?.(answer);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const helperBurnedUs = [...helpers].reduce((sum, pid) => sum + burnedUsOf(pid), 0);
  tell({ type: 'taken', pictureUs: pictureUs.splice(0), burnedUs: user + system, helperBurnedUs });
});
process.on('disconnect', () => process.exit(0));
const { port, key, url } = feed.rtmp;
tell({ type: 'listening', port, key, url });

/** Of a process, user and system; Linux counts in hundredths of a second. */
function burnedUsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return 0;
  }
}
