// Words of the panel for what leaves the studio: further places and encryption. Keys start with
// "studio.outward.".

export const outwardTexts = {
  'studio.outward.tab': 'Ways out',
  'studio.outward.seal': 'Encrypt end to end',
  'studio.outward.sealHint':
    'The relay then sees no picture. The link carries the key: share it whole. ' +
    'It needs HTTPS, or this computer.',
  'studio.outward.sealed': 'Pictures and sound are encrypted end to end.',
  'studio.outward.sealOff': 'End encryption',
  'studio.outward.change': 'Change the key',
  'studio.outward.renew': 'New link',
  'studio.outward.renewHint': 'A new link shuts out everybody who does not get it.',
  'studio.outward.places': 'Further destinations',
  'studio.outward.none': 'While live, the show can be pushed to other places as well.',
  'studio.outward.state.off': 'off',
  'studio.outward.state.connecting': 'connecting',
  'studio.outward.state.live': 'live',
  'studio.outward.state.waiting': 'waiting',
  'studio.outward.remove': 'Remove {title}',
  'studio.outward.on': 'Push to {title}',
  'studio.outward.title': 'Name',
  'studio.outward.urlHint': 'It begins with rtmp://, rtmps:// or https:// and holds no password.',
  'studio.outward.url': 'Address (rtmp://, rtmps:// or https:// for WHIP)',
  'studio.outward.secret': 'Stream key or bearer token',
  'studio.outward.secretHint': 'Kept by the studio and never shown again',
  'studio.outward.add': 'Add',
};
