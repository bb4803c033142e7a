// What Counter-Strike 2 and Dota 2 say about themselves (Valve's game-state integration: the game
// posts JSON to an address of ours), turned into events. A post is a state, never a happening: what
// happened is the difference to the one before, so the first post of a match tells nothing.

import { z } from 'zod';
import type { EventType } from '../../core/contract/eventCatalogue.ts';

/** A happening as a game tells it; when and with which id is the door's business. */
export type Told = { type: EventType; subject: string; why: string; confidence: number };

const count = z.number().int().min(0).max(100_000);
const word = z.string().max(200);

export const counterStrikeSchema = z.object({
  provider: z.object({ appid: z.literal(730) }),
  map: z
    .object({
      phase: word,
      round: count,
      team_ct: z.object({ score: count }),
      team_t: z.object({ score: count }),
    })
    .optional(),
  round: z.object({ phase: word, win_team: word.optional(), bomb: word.optional() }).optional(),
  player: z
    .object({
      steamid: word.optional(),
      match_stats: z.object({ kills: count, deaths: count }).optional(),
    })
    .optional(),
});

export const dotaSchema = z.object({
  provider: z.object({ appid: z.literal(570) }),
  map: z
    .object({
      matchid: word,
      game_state: word,
      radiant_score: count.optional(),
      dire_score: count.optional(),
      win_team: word.optional(),
    })
    .optional(),
  player: z.object({ kills: count.optional(), deaths: count.optional() }).optional(),
});

type CounterStrike = z.infer<typeof counterStrikeSchema>;
type Dota = z.infer<typeof dotaSchema>;

export const GAMES = ['cs2', 'dota2'] as const;
export type GameName = (typeof GAMES)[number];

/** The game is the judge of itself. */
const SURE = 0.99;

const told = (type: EventType, subject: string, why: string): Told => ({
  ...{ type, subject, why, confidence: SURE },
});

/** Counts that went up; one that went down is another match and tells nothing. */
function scores(
  before: Readonly<Record<string, number | undefined>>,
  now: Readonly<Record<string, number | undefined>>,
  game: string,
): Told[] {
  const sides = Object.keys(now);
  const fell = sides.some((side) => (now[side] ?? 0) < (before[side] ?? 0));
  if (fell) return [];
  const line = sides.map((side) => `${side} ${now[side] ?? 0}`).join(', ');
  return sides
    .filter((side) => before[side] !== undefined && (now[side] ?? 0) > (before[side] ?? 0))
    .map((side) => told('scoreChanged', side, `${game} says that ${side} scored: ${line}.`));
}

export function counterStrikeChanges(before: CounterStrike, now: CounterStrike): Told[] {
  const found: Told[] = [];
  if (before.map && now.map) {
    const sidesOf = ({ team_ct, team_t }: NonNullable<CounterStrike['map']>) => ({
      ...{ CT: team_ct.score, T: team_t.score },
    });
    found.push(...scores(sidesOf(before.map), sidesOf(now.map), 'Counter-Strike'));
  }
  const [was, is] = [before.round, now.round];
  if (was && is && was.phase !== is.phase) {
    if (is.phase === 'live')
      found.push(told('kickOff', '', 'Counter-Strike says the round began.'));
    if (is.phase === 'over') {
      const winner = is.win_team ?? '';
      const words = winner === '' ? '' : `; ${winner} won it`;
      found.push(told('rallyEnd', winner, `Counter-Strike says the round is over${words}.`));
    }
  }
  if (was && is?.bomb && was.bomb !== is.bomb) {
    found.push(told('objective', `bomb ${is.bomb}`, `Counter-Strike says: bomb ${is.bomb}.`));
  }
  const isSamePlayer = before.player?.steamid === now.player?.steamid;
  const [kills, moreKills] = [before.player?.match_stats?.kills, now.player?.match_stats?.kills];
  if (isSamePlayer && kills !== undefined && moreKills !== undefined && moreKills > kills) {
    const why = `Counter-Strike counts ${moreKills} eliminations, before ${kills}.`;
    found.push(told('elimination', '', why));
  }
  return found;
}

export function dotaChanges(before: Dota, now: Dota): Told[] {
  const found: Told[] = [];
  const [was, is] = [before.map, now.map];
  if (!was || !is || was.matchid !== is.matchid) return found;
  const sidesOf = (map: NonNullable<Dota['map']>) => ({
    ...{ radiant: map.radiant_score, dire: map.dire_score },
  });
  found.push(...scores(sidesOf(was), sidesOf(is), 'Dota 2'));
  const RUNNING = 'DOTA_GAMERULES_STATE_GAME_IN_PROGRESS';
  if (was.game_state !== is.game_state && is.game_state === RUNNING) {
    found.push(told('kickOff', '', 'Dota 2 says the game is in progress.'));
  }
  const winner = is.win_team ?? 'none';
  if (winner !== 'none' && (was.win_team ?? 'none') === 'none') {
    found.push(told('objective', `ancient ${winner}`, `Dota 2 says that ${winner} won the game.`));
  }
  const [kills, moreKills] = [before.player?.kills, now.player?.kills];
  if (kills !== undefined && moreKills !== undefined && moreKills > kills) {
    const why = `Dota 2 counts ${moreKills} eliminations, before ${kills}.`;
    found.push(told('elimination', '', why));
  }
  return found;
}

/** The file that makes a game post its state, and where it belongs. */
export function gameFile(
  game: GameName,
  { url, token }: { url: string; token: string },
): { name: string; folder: string; text: string } {
  const folder = {
    cs2: 'Counter-Strike Global Offensive/game/csgo/cfg',
    dota2: 'dota 2 beta/game/dota/cfg/gamestate_integration',
  }[game];
  const data = {
    cs2: ['provider', 'map', 'round', 'player_id', 'player_state', 'player_match_stats'],
    dota2: ['provider', 'map', 'player', 'hero'],
  }[game];
  const lines = [
    '"Morphine Studio"',
    '{',
    `  "uri" "${url}"`,
    '  "timeout" "2.0"',
    '  "buffer" "0.0"',
    '  "throttle" "0.1"',
    '  "heartbeat" "10.0"',
    '  "auth"',
    '  {',
    `    "token" "${token}"`,
    '  }',
    '  "data"',
    '  {',
    ...data.map((name) => `    "${name}" "1"`),
    '  }',
    '}',
  ];
  return { name: 'gamestate_integration_morphine.cfg', folder, text: `${lines.join('\n')}\n` };
}
