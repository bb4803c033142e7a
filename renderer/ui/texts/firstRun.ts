// Words of the first run. Keys start with "studio.firstRun".

export const firstRunTexts = {
  'studio.firstRun': 'First run',
  'studio.firstRun.open': 'Go through the first run again',
  'studio.firstRun.what': 'Picture, microphone, this computer, name: five steps to a show.',
  'studio.firstRun.title': 'From nothing to live',
  'studio.firstRun.steps': 'Steps',
  'studio.firstRun.count': 'Step {number} of {count}: {name}',
  'studio.firstRun.step.picture': 'Picture',
  'studio.firstRun.step.microphone': 'Microphone',
  'studio.firstRun.step.machine': 'This computer',
  'studio.firstRun.step.name': 'Name',
  'studio.firstRun.step.live': 'Go live',
  'studio.firstRun.question.picture': 'What will viewers see?',
  'studio.firstRun.question.microphone': 'Will they hear you?',
  'studio.firstRun.question.machine': 'What can this computer do?',
  'studio.firstRun.question.name': 'What is the channel called?',
  'studio.firstRun.question.live': 'Ready',
  'studio.firstRun.next': 'Next',
  'studio.firstRun.back': 'Back',
  'studio.firstRun.skip': 'Skip and go live with the demo',
  'studio.firstRun.escape': 'Escape leaves; everything can be changed later.',
  'studio.firstRun.source.demo': 'Demo match',
  'studio.firstRun.source.camera': 'Camera',
  'studio.firstRun.source.screen': 'Screen',
  'studio.firstRun.source.window': 'Window',
  'studio.firstRun.source.rtmp': 'OBS (RTMP)',
  'studio.firstRun.source.whip': 'OBS',
  'studio.firstRun.what.demo': 'A football match that plays by itself. Nothing to connect.',
  'studio.firstRun.what.camera': 'With your microphone.',
  'studio.firstRun.what.screen': 'Everything on one screen.',
  'studio.firstRun.what.window': 'One window, a game for instance.',
  'studio.firstRun.what.obs':
    'What OBS sends. Its address stands under Templates, viewers and rules.',
  'studio.firstRun.camera': 'Camera',
  'studio.firstRun.camera.show': 'Show my cameras',
  'studio.firstRun.camera.ask': 'The browser asks you first. Nothing is sent yet.',
  'studio.firstRun.camera.none':
    'No camera was found. Connect one and come back, or take the demo.',
  'studio.firstRun.camera.refused':
    'The browser may not use the camera. Allow it beside the address, then open this step again.',
  'studio.firstRun.camera.busy':
    'The camera did not open; another program may hold it. Close that, or take the demo.',
  'studio.firstRun.camera.insecure':
    'Browsers show cameras on secure pages only. Open the studio on this computer itself.',
  'studio.firstRun.microphone.needed':
    'It is heard with camera, screen and window. Say something and look at the bar.',
  'studio.firstRun.microphone.own':
    'Your picture brings its own sound. The microphone is for camera, screen and window.',
  'studio.firstRun.microphone.try': 'Try the microphone',
  'studio.firstRun.microphone.asking': 'The browser asks whether this page may hear you.',
  'studio.firstRun.microphone.which': 'Microphone',
  'studio.firstRun.microphone.any': 'Whichever the system uses',
  'studio.firstRun.microphone.level': 'Loudness of the microphone',
  'studio.firstRun.microphone.quiet': 'Hardly heard. Speak, or come closer.',
  'studio.firstRun.microphone.good': 'Good.',
  'studio.firstRun.microphone.loud': 'Too loud. Turn it down or move away.',
  'studio.firstRun.microphone.without': 'Go on without a microphone',
  'studio.firstRun.microphone.refused':
    'The browser may not use the microphone. Allow it beside the address, then open this step ' +
    'again; or go on without sound.',
  'studio.firstRun.microphone.none':
    'No microphone was found. Connect one and open this step again, or go on without sound.',
  'studio.firstRun.microphone.busy':
    'The microphone did not open; another program may hold it. Go on without sound, or close that.',
  'studio.firstRun.machine.processor': 'Processor',
  'studio.firstRun.machine.encoder': 'Encoder',
  'studio.firstRun.machine.vision': 'Vision runs on',
  'studio.firstRun.machine.disk': 'Disk',
  'studio.firstRun.machine.uplink': 'Uplink',
  'studio.firstRun.machine.measuring': 'Measuring…',
  'studio.firstRun.machine.nothing': 'Not measured',
  'studio.firstRun.machine.unknown': 'This system does not tell.',
  'studio.firstRun.machine.processorIs': '{cores} cores, {idle} % free beside the studio',
  'studio.firstRun.machine.encoderIs': '{encoder} {height}p: {times}× real time',
  'studio.firstRun.machine.noEncoder':
    'No encoder could be measured. Camera and OBS bring their own; for the rest install ffmpeg.',
  'studio.firstRun.machine.visionBy': '{provider}, {ms} ms a picture',
  'studio.firstRun.machine.visionByProcessor': 'The processor, {ms} ms a picture; no graphics card',
  'studio.firstRun.machine.noVision': 'Vision has not started yet. Measure again in a moment.',
  'studio.firstRun.machine.diskIs': '{commits} commits a second: bets are safe at once',
  'studio.firstRun.machine.noDisk':
    'The disk could not be tried. Bets wait for it; look whether the data folder can be written.',
  'studio.firstRun.machine.uplinkIs': '{megabits} Mbit/s reach the relay',
  'studio.firstRun.machine.uplinkHere': 'The relay runs on this computer; nothing to measure',
  'studio.firstRun.machine.noUplink': 'Not measured; the picture stays as usual.',
  'studio.firstRun.machine.again': 'Measure again',
  'studio.firstRun.machine.use': 'Use this picture',
  'studio.firstRun.machine.without': 'Go on without it',
  'studio.firstRun.machine.picture': '{height}p, {rate} pictures a second, {encoder}',
  'studio.firstRun.why.encoderHardware':
    '{encoder} encodes {height}p {times} times as fast as needed; the processor is left to ' +
    'vision.',
  'studio.firstRun.why.encoderProcessor':
    'x264 encodes {height}p {times} times as fast as needed, on the processor.',
  'studio.firstRun.why.speedUnknown': 'How fast it encodes is not known; this is what most bear.',
  'studio.firstRun.why.sizeLargest': '{height}p is the largest there is, and it is borne.',
  'studio.firstRun.why.sizeBySpeed':
    'Not {larger}p: that is encoded only {times} times as fast as needed, too close for a show.',
  'studio.firstRun.why.sizeByUplink': 'Not {larger}p: the uplink is too narrow for it.',
  'studio.firstRun.why.sizeByBusyProcessor': 'Not {larger}p: the processor is busy as it is.',
  'studio.firstRun.why.sizeSmallest':
    'Even {height}p is much for this computer. Close other programs and measure again.',
  'studio.firstRun.why.rateFast': '60 a second: there is room, and vision keeps up.',
  'studio.firstRun.why.rateUsual': '30 a second: enough for most games, and half the work.',
  'studio.firstRun.why.intentBalanced': 'Balanced: sharp, with little work.',
  'studio.firstRun.why.intentWeakUplink': 'For a weak uplink: half the bits, about twice the work.',
  'studio.firstRun.why.uplinkHere':
    'The relay is on this computer. Viewers elsewhere need one on the internet; the way to it is ' +
    'then measured.',
  'studio.firstRun.why.uplinkUnknown':
    'The uplink was not measured. If viewers see it stop, take less.',
  'studio.firstRun.why.uplinkFits':
    'It needs {needed} of {measured} Mbit/s; three tenths stay free for everything else.',
  'studio.firstRun.why.uplinkTooWeak':
    'It needs {needed} Mbit/s, and only {measured} arrive. Use a cable, or stop other uploads.',
  'studio.firstRun.name.label': 'Name of the channel',
  'studio.firstRun.name.hint': 'Viewers read it above the picture. {left} characters left.',
  'studio.firstRun.name.empty': 'At least one character.',
  'studio.firstRun.live.after': 'The link for viewers is then at the top, under Share link.',
  'studio.firstRun.live.capture':
    'No picture from there yet. It comes from a page of its own: allow it there and leave it open.',
  'studio.firstRun.live.noPicture':
    'No picture yet. You can go live all the same: viewers see a still until it comes.',
  'studio.firstRun.live.failed':
    'The picture that you chose did not come. What ran before runs on; go back to choose another.',
} as const;
