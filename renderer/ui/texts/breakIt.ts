// Words of Break it, and of the ways out where something is lost. Keys start with "studio.break"
// and "studio.wayOut".

export const breakItTexts = {
  'studio.break': 'Break it',
  'studio.break.lead':
    'Hurt this studio and watch the picture. Only the demo match; no confirmed bet is lost.',
  'studio.break.engine': 'Kill the engine',
  'studio.break.engine.what':
    'Ends what makes the picture. This page loses it for a second or two; viewers stay.',
  'studio.break.vision': 'Kill vision',
  'studio.break.vision.what':
    'Ends what judges the picture. The picture goes on; what was missed is judged later.',
  'studio.break.relay': 'Kill the relay',
  'studio.break.relay.what':
    'Cuts off every viewer. Their pages keep the last picture and come back by themselves.',
  'studio.break.ledger': 'Kill the ledger',
  'studio.break.ledger.what':
    'Ends what keeps the points. Betting pauses until the next one has read its log.',
  'studio.break.tearLog': 'Tear the log',
  'studio.break.tearLog.what':
    'Kills the ledger and leaves half a record in its log, as a power cut does. It is left out.',
  'studio.break.losePackets': 'Lose packets',
  'studio.break.losePackets.what':
    'Loses {percent} % of all packets to the relay for {seconds} s. It asks for what it missed.',
  'studio.break.state.begun': 'coming back',
  'studio.break.state.over': 'all is back',
  'studio.break.state.late': 'not all is back',
  'studio.break.state.refused': 'not broken',
  'studio.break.gone': 'Process {pid} is dead',
  'studio.break.torn': 'Its log is torn: {bytes} bytes of half a record',
  'studio.break.pageLost': 'This page lost the studio',
  'studio.break.back': 'Process {pid} serves in its place',
  'studio.break.leftOut': 'It found {bytes} unfinished bytes and left them out',
  'studio.break.pageBack': 'This page is back',
  'studio.break.paused': 'Betting is paused',
  'studio.break.open': 'Betting is open',
  'studio.break.lost':
    '{lost} of {sent} packets were lost; {again} that the relay missed were sent again',
  'studio.break.neverStood': 'The picture here never stood still.',
  'studio.break.stood': 'The picture here stood for {seconds} s.',
  'studio.break.stands': 'The picture here stands, for up to {seconds} s so far.',
  'studio.break.stayed': 'Viewers: {before} before, {now} now; nobody left.',
  'studio.break.cameBack': 'Viewers: {before} before, {fewest} at the fewest, {now} now.',
  'studio.break.books': 'Viewers’ points: {before} before = {after} after.',
  'studio.break.booksNot': 'Viewers’ points: {before} before, {after} after.',
  'studio.break.granted': '{points} granted meanwhile.',
  'studio.break.moved': '{points} by markets decided meanwhile.',
  'studio.break.row': 'Row {row} of the journal is the same.',
  'studio.break.rowNot': 'Row {row} of the journal is missing or another one.',

  'studio.wayOut.tryNow': 'Try now',
  'studio.wayOut.startAgain': 'If it stays away, start Morphine Studio again.',
  'studio.wayOut.reload': 'Load this page again',
  'studio.wayOut.relay': 'Relay settings …',
  'studio.wayOut.demo': 'Show the demo match meanwhile',
} as const;
