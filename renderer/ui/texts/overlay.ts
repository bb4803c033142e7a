// Words of the two pages for OBS: the overlay and the dock. Keys start with "overlay." or "dock.".

export const overlayTexts = {
  'overlay.badLink': 'This is no overlay of a channel. Copy its address from the studio.',
  'overlay.result': 'Result',
  'overlay.void': 'Stakes returned',
  'overlay.suspended': 'Betting paused',
  'dock.title': 'Morphine markets',
  'dock.live': 'Live',
  'dock.ready': 'Not live',
  'dock.watching': '{count} watching',
} as const;
