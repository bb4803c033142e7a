// Words of what plays: pause, place, entries, and a still on air. Keys start with "studio.".

export const playbackTexts = {
  'studio.playback': 'Playing {title}',
  'studio.playback.play': 'Play',
  'studio.playback.pause': 'Pause; viewers see the last picture and nobody can bet',
  'studio.playback.previous': 'Previous file',
  'studio.playback.next': 'Next file',
  'studio.playback.begin': 'From the beginning',
  'studio.playback.position': 'Place in {title}',
  'studio.playback.time': '{position} of {length}',
  'studio.playback.entry': '{entry} of {entries} · {title}',
  'studio.playback.paused': 'paused',
  'studio.playback.held': 'Viewers see the last picture; betting is suspended.',
  'studio.sound.system': 'Sound of this computer instead',
  'studio.header.noPicture': 'Live, no picture',
  'studio.header.paused': 'Live, paused',
} as const;
