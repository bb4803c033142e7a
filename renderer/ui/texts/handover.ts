// Words of the studio's panel that hands the picture to another engine. Keys start with
// "studio.handover".

export const handoverTexts = {
  'studio.handover.tab': 'Other engine',
  'studio.handover.what':
    'Hands the picture to another WHIP engine, when more watch than this relay carries. Chat, ' +
    'markets and money stay here, and everybody comes back by themselves if it falls silent.',
  'studio.handover.whip': 'WHIP address, to publish',
  'studio.handover.token': 'Its token',
  'studio.handover.tokenHint': 'Kept by the studio and never shown again; empty: it asks for none',
  'studio.handover.tokenAgain': 'Type it again: it is never shown; empty: the engine asks for none',
  'studio.handover.whep': 'WHEP address, to watch',
  'studio.handover.address': 'Write an address that begins with http:// or https://.',
  'studio.handover.do': 'Try it and hand over',
  'studio.handover.back': 'Take the picture back',
  'studio.handover.state.off': 'The picture comes from this relay.',
  'studio.handover.state.waiting': 'Set: it is tried as soon as the show is live.',
  'studio.handover.state.probing':
    'Trying it: our own reader has to see the picture come out first.',
  'studio.handover.state.moved': 'Viewers take the picture from the other engine.',
  'studio.handover.state.failed': 'Viewers are here; it is tried again. {reason}',
} as const;
