// Words of the capture page. Keys start with "capture.".

export const captureTexts = {
  'capture.title': 'Camera',
  'capture.starting': 'Starting',
  'capture.ready': 'Ready',
  'capture.live': 'In the show',
  'capture.failed': 'Not working',
  'capture.askPermission': 'Allow the camera and the microphone when the browser asks.',
  'capture.refused':
    'The camera is blocked for this page. Allow it in the address bar, then press Try again.',
  'capture.noCamera': 'No camera was found. Plug one in; it is used as soon as it is there.',
  'capture.busy': 'Another program holds the camera. Close it; it is tried again by itself.',
  'capture.gone': 'The camera went away. It is used again as soon as it is back.',
  'capture.noDevices':
    'This address may not open cameras. Use https, or open the studio on this computer.',
  'capture.noH264': 'This browser cannot encode H.264. Open this page in Chrome or Edge.',
  'capture.noProcessor': 'This browser hands no frames to pages. Open it in Chrome or Edge.',
  'capture.encoderFailed': 'The encoder stopped: {reason}. It is started again.',
  'capture.noStudio': 'The studio does not answer; trying again.',
  'capture.tryAgain': 'Try again',
  'capture.useThisPage': 'Use this page',
  'capture.size': 'Picture',
  'capture.sound': 'Sound',
  'capture.soundOn': 'on',
  'capture.soundOff': 'no microphone',
  'capture.sent': 'Frames sent',
  'capture.dropped': 'Frames dropped',
  'capture.previewLabel': 'What the camera sees',
} as const;
