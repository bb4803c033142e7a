// The catalogue of game events. Vision, packs, templates and pages name events by these types
// only. Types are added, never renamed: they stand in ledger rows and templates. Without a schema
// in it, so that a viewer's page is not made larger by one that it does not use.

export const EVENT_CATALOGUE = {
  kickOff: 'Play begins: the ball moved away after resting on the centre spot',
  goal: 'The ball crossed a goal line between the posts',
  lineCrossed: 'Something crossed a line that the pack or the owner drew',
  zoneEntered: 'Something entered a zone that the pack or the owner drew',
  shot: 'The ball was sent towards a goal',
  pass: 'The ball went from one player to another of the same side',
  possession: 'Control of the ball changed',
  jump: 'A player jumped',
  sprint: 'A player ran at sprint speed',
  action: 'Somebody threw, kicked, swung or fell; the subject says which',
  rallyEnd: 'A rally ended',
  speedRecord: 'Something was faster than anything before it in this show',
  scoreChanged: 'The score on the picture or from the game changed',
  objective: 'A game reported an objective: a bomb, a building, the end of the game',
  elimination: 'A game reported that a player eliminated another',
  highlight: 'Something unusual happened; the reasons are named',
} as const;

export type EventType = keyof typeof EVENT_CATALOGUE;

type Told = { id: string; type: string; captureUs: number | bigint; subject: string };

/** Whether two are the same happening: vision may tell it twice, under a new id after a restart. */
export function isSameEvent(one: Told, other: Told): boolean {
  if (one.id === other.id) return true;
  return (
    one.type === other.type && one.captureUs === other.captureUs && one.subject === other.subject
  );
}
