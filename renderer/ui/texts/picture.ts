// Words of the picture that our encoders make, of the encoders and of ffmpeg. Keys start with
// "studio.picture".

export const pictureTexts = {
  'studio.picture': 'Picture',
  'studio.picture.summary': '{height}p · {rate} fps · {intent}',
  'studio.picture.intent': 'What it is for',
  'studio.picture.intent.lowestDelay': 'Lowest delay',
  'studio.picture.intent.balanced': 'Balanced',
  'studio.picture.intent.weakUplink': 'Weak uplink',
  'studio.picture.why.lowestDelay':
    'Key frames are kept as small as two pictures, so nothing waits behind them on the way. ' +
    'Each is a little less sharp.',
  'studio.picture.why.balanced': 'Sharp key frames and little work for this computer.',
  'studio.picture.why.weakUplink':
    'Half of the bits. The encoder searches longer for them: about twice the work.',
  'studio.picture.height': 'Size at most',
  'studio.picture.heightIs': '{height}p',
  'studio.picture.why.360': 'For the weakest uplinks. No smaller copies beside it.',
  'studio.picture.why.480': 'Half the bits of 720p; players stay recognisable, the ball hardly.',
  'studio.picture.why.720': 'What most viewers’ screens show of a stream, and what one core bears.',
  'studio.picture.why.1080': 'Sharpest. More than twice the work and the uplink of 720p.',
  'studio.picture.rate': 'Pictures a second',
  'studio.picture.rateIs': '{rate} fps',
  'studio.picture.why.rate30': 'Enough for most games; half the work of 60.',
  'studio.picture.why.rate60':
    'Fast movement is smoother, and each picture is 17 ms younger at best. Half as many bits more.',
  'studio.picture.encoder': 'Encoder',
  'studio.picture.encoder.x264': 'x264 (processor)',
  'studio.picture.encoder.nvenc': 'NVENC (NVIDIA)',
  'studio.picture.encoder.qsv': 'Quick Sync (Intel)',
  'studio.picture.encoder.amf': 'AMF (AMD)',
  'studio.picture.encoder.videotoolbox': 'VideoToolbox (Apple)',
  'studio.picture.encoder.vaapi': 'VA-API (Linux)',
  'studio.picture.encoder.untriedName': '{encoder} · untried in a show',
  'studio.picture.why.x264': 'Works on every computer.',
  'studio.picture.why.untried':
    'It made one picture in a trial. Nobody has seen it carry a show yet: try it before you go ' +
    'live. If it gives up, x264 takes over.',
  'studio.picture.why.seen': 'It has carried pictures on air since this studio was started.',
  'studio.picture.rateOut': 'Goes out with up to {megabits} Mbit/s.',
  'studio.picture.apply': 'Use it',
  'studio.picture.cut':
    'A file, the demo or the test pattern is opened anew for it, a file where it is: viewers ' +
    'stay connected, and a question that runs over the cut may be refunded.',
  'studio.picture.never': 'Nothing is made larger than it comes.',
  'studio.picture.madeBy.sender': 'Passes through as its sender makes it; change it there.',
  'studio.picture.madeBy.page': 'The capture page encodes it; it follows at once.',
  'studio.picture.trials': 'Encoders of this computer',
  'studio.picture.trial.waiting': 'Not tried yet',
  'studio.picture.trial.refused': 'Not here',
  'studio.picture.trial.untried': 'Made one picture; untried in a show',
  'studio.picture.trial.seen': 'Carries pictures',
  'studio.picture.tryAgain': 'Try them again',
  'studio.picture.ffmpeg': 'ffmpeg',
  'studio.picture.ffmpegIs': '{version}, {origin}',
  'studio.picture.origin.configured': 'named in settings.json',
  'studio.picture.origin.environment': 'named by MORPHINE_FFMPEG',
  'studio.picture.origin.system': 'found on this computer',
  'studio.picture.origin.packaged': 'the old one that comes with the studio',
  'studio.picture.noFfmpeg': 'There is none',
  'studio.picture.can': 'Can: {list}',
  'studio.picture.protocols': 'Reads from: {list}',
  'studio.picture.encoders': 'H.264 encoders in it: {list}',
  'studio.picture.lacks': 'Lacks: {list}.',
  'studio.picture.cure':
    'Install a newer ffmpeg and start the studio with MORPHINE_FFMPEG=/path/to/ffmpeg, or name ' +
    'it as "ffmpeg" in settings.json.',
  'studio.picture.ability.srt': 'SRT',
  'studio.picture.ability.https': 'https: sources',
  'studio.picture.ability.rtmps': 'RTMPS destinations',
  'studio.picture.ability.rtsp': 'network cameras (RTSP)',
  'studio.picture.ability.hls': 'HLS sources',
  'studio.picture.ability.exactTimes': 'exact times of uneven files',
} as const;
