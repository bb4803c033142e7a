// Words that more than one page says. Placeholders stand in braces.

export const sharedTexts = {
  'market.state.DRAFT': 'Draft',
  'market.state.OPEN': 'Open',
  'market.state.LOCKED': 'Locked',
  'market.state.RESOLVED': 'Resolved',
  'market.state.VOID': 'Void, stakes returned',
  'market.timeLeft': 'Time left to bet',
  'market.won': 'won',
  'market.corrected': 'Corrected by the crew',
  'market.points': '{points} pts',
  'player.connecting': 'Connecting to the picture …',
  'player.live': 'Live',
  'player.stalled': 'The picture stopped. Reconnecting …',
  'player.notLive': 'The show has not started yet.',
  'player.noVideoCodec':
    'This browser cannot play H.264 video. Chrome, Edge, Safari or Firefox can.',
  'common.close': 'Close',
  'common.cancel': 'Cancel',
  'common.playPoints': 'Play points, no cash value',
} as const;
