// What the pictures' match shows, in the sentences that vision itself says: so each page says them
// in its own language.

export const KICK_OFF = 'The ball rested on the centre spot for 1.2 s and then moved away.';
export const PASS =
  'The ball went from player 4 of side A to player 9 of side A in 0.8 s over 31 % of the ' +
  "picture's height.";
export const SHOT =
  'The ball went towards the left goal at 1.4 picture heights a second for 6 pictures and its ' +
  'way meets the goal.';
export const GOAL =
  'The ball crossed the left goal line between the posts and stayed inside (9 sightings before, ' +
  '6 inside, 1.4 heights/s).';
export const HIGHLIGHT =
  'Motion 3.1 deviations, loudness 2.0 deviations above what is usual; score 4.2, 9 s to replay.';
export const SPRINT = 'player 9 of side A ran at 31 km/h (29 to 33) for 48 pictures.';
