// Words of the OBS panel. Keys start with "studio.obs.".

export const obsTexts = {
  'studio.obs.tab': 'OBS',
  'studio.obs.what':
    'Connect OBS once: it is then set up to stream here, started and stopped from this page, and ' +
    'found again after every restart.',
  'studio.obs.address': 'Address of OBS',
  'studio.obs.addressHint': 'This computer: 127.0.0.1 and the port that OBS shows',
  'studio.obs.password': 'Password of OBS',
  'studio.obs.passwordHint': 'In OBS: Tools → WebSocket Server Settings → Show Connect Info',
  'studio.obs.connect': 'Connect',
  'studio.obs.disconnect': 'Let go',
  'studio.obs.found': 'OBS is on this computer, and its server is on.',
  'studio.obs.foundOff':
    'OBS is on this computer, but its server is off: Tools → WebSocket Server Settings.',
  'studio.obs.notFound': 'OBS was not found on this computer.',
  'studio.obs.state.off': 'Not connected.',
  'studio.obs.state.connecting': 'Connecting …',
  'studio.obs.state.connected': 'OBS {version} is connected.',
  'studio.obs.state.absent': '{reason}',
  'studio.obs.state.wrongPassword': '{reason}',
  'studio.obs.state.tooOld': '{reason}',
  'studio.obs.setUp': 'Set OBS up',
  'studio.obs.setUpAgain': 'Set OBS up again',
  'studio.obs.setUpEffect':
    'Points its stream at this studio, without B-frames, and adds the markets to its scene. ' +
    'What it had before is kept.',
  'studio.obs.isSetUp.rtmp': 'OBS is set up to stream here by RTMP.',
  'studio.obs.isSetUp.whip': 'OBS is set up to stream here by WHIP.',
  'studio.obs.undo': 'Give back what it had',
  'studio.obs.start': 'Start streaming',
  'studio.obs.stop': 'Stop streaming',
  'studio.obs.scene': 'Scene',
  'studio.obs.dropped': 'Frames dropped',
  'studio.obs.rate': 'Bitrate',
  'studio.obs.kilobits': '{count} kbit/s',
  'studio.obs.of': '{count} of {total}',
  'studio.obs.dock': 'Link for an OBS dock',
  'studio.obs.dockHint':
    'In OBS: Docks → Custom Browser Docks. ' +
    'The link lets in once, within a minute; then OBS stays in.',
  'studio.obs.byHand': 'Set up by hand',
  'studio.obs.byHandHint': 'OBS 30 or later: Settings → Stream → Service “WHIP”',
  'studio.obs.srtHint':
    'By SRT: Service “Custom”, this address as the server, no key; then choose srt: as the source',
  'studio.obs.rtmpHint': 'Any OBS: Settings → Stream → Service “Custom”',
  'studio.obs.streamKey': 'Stream Key',
  'studio.obs.server': 'Server',
  'studio.obs.token': 'Bearer token',
  'studio.obs.tokenHint': 'Whoever has it can put a picture on air. Keep it off the screen.',
  'studio.obs.renew': 'New token',
  'studio.obs.renewKey': 'New stream key',
  'studio.obs.renewKeyHint':
    'Whoever sends with the old one is let go. Give OBS the new one, or set it up again.',
  'studio.obs.copy': 'Copy',
  'studio.obs.copied': 'Copied',
};
