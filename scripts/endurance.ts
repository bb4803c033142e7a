// `npm run endurance`: the long forms of the tests, for nights. `-- --only markets,model` runs
// some of the sections, SEED=n repeats one. Exit code 1 when anything did not hold.

import { runFlips, runTorn } from './endurance/damage.ts';
import { runGoals } from './endurance/goals.ts';
import { runKillsAtLength } from './endurance/kills.ts';
import { runMarkets } from './endurance/markets.ts';
import { runModelAtLength } from './endurance/model.ts';
import { runMutations } from './endurance/mutations.ts';
import { runObs } from './endurance/obs.ts';
import { runPage } from './endurance/page.ts';
import { runRecording } from './endurance/recording.ts';
import { runSwitching } from './endurance/switching.ts';
import { runUpstream } from './endurance/upstream.ts';
import { runWire } from './endurance/wire.ts';

/** A section says what it did and returns whether all held. */
const SECTIONS: Record<string, (say: (line: string) => void) => Promise<boolean>> = {
  markets: runMarkets,
  model: runModelAtLength,
  kills: runKillsAtLength,
  torn: runTorn,
  flips: runFlips,
  mutations: runMutations,
  upstream: runUpstream,
  wire: runWire,
  goals: runGoals,
  obs: runObs,
  recording: runRecording,
  switching: runSwitching,
  page: runPage,
};

const say = (line: string) => void process.stdout.write(`${line}\n`);
const at = process.argv.indexOf('--only');
const asked = at < 0 ? Object.keys(SECTIONS) : (process.argv[at + 1] ?? '').split(',');
const unknown = asked.filter((name) => !(name in SECTIONS));
if (unknown.length > 0) {
  say(`There is no section ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}.`);
  process.exit(2);
}
let isFine = true;
for (const name of asked) {
  const run = SECTIONS[name];
  if (run && !(await run(say))) {
    isFine = false;
    say(`${name}: FAILED`);
  }
}
process.exit(isFine ? 0 : 1);
