// A parent for the test of SIGKILL: starts one ffmpeg, says its process id and lives until killed.
// argv: path of ffmpeg, "tied" or "untied", then ffmpeg's arguments.

import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import { hasFfmpeg, resolveFfmpeg } from '../resolve.ts';
import { spawnFfmpeg } from '../spawn.ts';

const [path, tie, ...args] = process.argv.slice(2);
const ffmpeg = await resolveFfmpeg({ configuredPath: path });
if (!hasFfmpeg(ffmpeg)) throw new Error(ffmpeg.reason);
const child = spawnFfmpeg({
  ffmpeg: tie === 'tied' ? ffmpeg : { ...ffmpeg, deathPrefix: [] },
  arguments: args,
  outputs: [1],
  timers: realTimers,
  logger: silentLogger,
  silenceMsMax: 0,
  onData: () => {
    if (child.pid) process.stdout.write(`${child.pid}\n`);
  },
  onEnd: (end) => {
    console.error(end.reason);
    process.exit(1);
  },
});
