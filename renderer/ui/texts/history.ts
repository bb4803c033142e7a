// Words of the history dock, bets and markets that were (keys start with "studio.history"), and of
// figures that have only just begun.

export const historyTexts = {
  'studio.history': 'History',
  'studio.history.what': 'What to look back at',
  'studio.history.bets': 'Bets',
  'studio.history.markets': 'Markets',
  'studio.history.searchBets': 'Search question, outcome or name',
  'studio.history.searchMarkets': 'Search question, outcome or reason',
  'studio.history.again': 'Read again: newer ones are at the top',
  'studio.history.whole': 'All bets and markets',
  'studio.history.inMarket': 'In “{name}”',
  'studio.history.ofPerson': 'Bets of {name}',
  'studio.history.card': 'Card of {name}',
  'studio.history.all': 'Show all bets again',
  'studio.history.hidden': 'hidden',
  'studio.history.corrected': 'corrected',
  'studio.history.locked': 'Not decided yet',
  'studio.history.won': 'Won',
  'studio.history.noBets': 'Nobody has bet yet. Every bet is kept here from the first on.',
  'studio.history.noMarkets': 'No market has been locked yet. Each stays here once it is.',
  'studio.history.nothingFound': 'Nothing like that was found.',
  'studio.history.reading': 'Looking …',
  'studio.history.count': '{count} in all',
  'studio.history.countSoFar': '{count} read so far, scroll for older ones',
  'studio.history.full': 'The newest {count} are shown; search for older ones.',
  'studio.history.goOn': 'Look further back',
  'studio.figure.starting': '{value}, starting',
  'studio.figure.starting.do':
    'Nothing to do: this began less than 15 s ago, and is judged from then on.',
} as const;
