// Words of the studio's recordings, clips and evidence. Keys start with "studio.recording" and
// "studio.evidence".

export const recordingTexts = {
  'studio.recording': 'Recording',
  'studio.recording.state.off': 'Off',
  'studio.recording.state.recording': '{time} · {size} MB',
  'studio.recording.state.failed': 'Ended by itself',
  'studio.recording.start': 'Record',
  'studio.recording.stop': 'Stop recording',
  'studio.recording.whileLive': 'While live',
  'studio.recording.whileLiveNamed': 'Record every show while it is live',
  'studio.recording.clip': 'Save the last 30 s',
  'studio.recording.clipTitle': 'Moment',
  'studio.recording.clipSaved': 'Saved: {name}',
  'studio.evidence.open': 'What decided it',
  'studio.evidence.openNamed': 'What decided “{title}”',
  'studio.evidence.none':
    'No picture was kept: the moment was too long ago, or the studio was started since.',
  'studio.evidence.wait': 'Being fetched…',
  'studio.evidence.still': 'The frame that decided it',
  'studio.evidence.clip': 'The clip around it',
  'studio.evidence.frame': 'Frame {frame} of the clip, captured at {captureUs} µs',
  'studio.evidence.said.event': 'This frame was named by the event that decided the market.',
  'studio.evidence.said.person': 'This is the moment that a person decided by.',
  'studio.evidence.said.clock': 'The question ended here without the event.',
  'studio.evidence.hash': 'The journal names the sealed file: {hash}',
  'studio.evidence.facts': 'What vision knew then',
} as const;
