// Words of the docks around the picture. Keys start with "studio.docks".

export const dockTexts = {
  'studio.docks': 'Docks',
  'studio.docks.shown': 'Shown docks',
  'studio.docks.reset': 'Put all docks back',
  'studio.docks.what': 'Drag the lines between docks, or move them with the arrow keys.',
  'studio.docks.isHidden': '{title} is hidden. The docks menu or Undo brings it back.',
  'studio.docks.showNamed': 'Show dock: {title}',
  'studio.docks.focusNamed': 'Go to dock: {title}',
  'studio.docks.hideNamed': 'Hide dock: {title}',
  'studio.docks.left': 'Width of the left docks',
  'studio.docks.right': 'Width of the right docks',
  'studio.docks.below': 'Height of the docks below',
  'studio.docks.heightOf': 'Height of dock: {title}',
  'studio.docks.widthOf': 'Width of dock: {title}',
} as const;
