// Words of what is drawn on the picture, and of the picture as viewers get it. Keys start with
// "studio.drawing" and "studio.viewersSee".

export const drawingTexts = {
  'studio.drawing': 'Drawing',
  'studio.drawing.open': 'Draw zones, lines and the court',
  'studio.drawing.none': 'Nothing can be drawn: the studio does not tell which game this is.',
  'studio.drawing.empty':
    'Nothing is drawn. Draw a zone and vision tells who comes in; a line, and what crosses it.',
  'studio.drawing.zone': 'Zone',
  'studio.drawing.line': 'Line',
  'studio.drawing.court': 'Court',
  'studio.drawing.draw.zone': 'Draw a zone',
  'studio.drawing.draw.line': 'Draw a line',
  'studio.drawing.draw.court': 'Place the court',
  'studio.drawing.change': 'Change: {name}',
  'studio.drawing.remove': 'Remove: {name}',
  'studio.drawing.lit': 'somebody is in it',
  'studio.drawing.name': 'Name',
  'studio.drawing.length': 'Length, metres',
  'studio.drawing.width': 'Width, metres',
  'studio.drawing.metres': 'A number above 0, up to 2000.',
  'studio.drawing.save': 'Keep it',
  'studio.drawing.back': 'One step back',
  'studio.drawing.find': 'Find it in the picture',
  'studio.drawing.how.zone':
    'Click its corners on the picture, 3 to 16. Drag a point to move it, with Shift all of it.',
  'studio.drawing.how.line': 'Click where it begins and where it ends: the arrow is its direction.',
  'studio.drawing.how.court':
    'Click its four corners: far left, far right, near right, near left. Then speeds are in km/h.',
  'studio.drawing.keys.zone':
    'Draw a zone: arrows move, Enter adds or takes a corner, Backspace removes, Escape leaves',
  'studio.drawing.keys.line':
    'Draw a line: arrows move, Enter adds or takes an end, Backspace removes, Escape leaves',
  'studio.drawing.keys.court':
    'Place the court: arrows move, Enter adds or takes a corner, Backspace removes, Escape leaves',
  'studio.drawing.at': 'Crosshair at {place}; {count} points',
  'studio.drawing.lacks.zone': 'At least three corners; {count} so far.',
  'studio.drawing.lacks.line': 'Two ends; {count} so far.',
  'studio.drawing.lacks.court': 'Four corners; {count} so far.',
  'studio.drawing.tooShort': 'Its ends lie too close together: move one away.',
  'studio.drawing.crosses': 'Its sides cross each other: move a corner until they do not.',
  'studio.drawing.noName': 'It needs a name.',
  'studio.drawing.nameTaken': 'Something else has this name.',
  'studio.drawing.kept': 'Kept, and vision looks at it: {what}',
  'studio.drawing.undo': 'drawing of {what}',
  'studio.drawing.pack': 'For: {title}.',
  'studio.drawing.noZones': 'This game tells nothing of zones; lines are told.',
  'studio.drawing.carried': 'The camera has moved: vision carries the drawings along.',
  'studio.viewersSee.on': 'See what viewers see',
  'studio.viewersSee.off': 'Back to the studio’s picture',
  'studio.viewersSee.switch': 'What viewers see, or the studio’s picture',
  'studio.viewersSee.relay': 'Viewers see: from the relay',
  'studio.viewersSee.slate': 'Viewers see: the slate, from the relay',
  'studio.viewersSee.notLive': 'Viewers see: not live yet',
  'studio.viewersSee.notLive.long':
    'Viewers see nothing yet. Go live, and their picture stands here.',
  'studio.viewersSee.sealed': 'Viewers see: a sealed picture',
  'studio.viewersSee.sealed.long':
    'This show is sealed: only pages with its link can open the picture, and this one has no key.',
  'studio.viewersSee.delay': '{ms} ms later',
} as const;
