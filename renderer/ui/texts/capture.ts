// Words of the capture page. Keys start with "capture.".

export const captureTexts = {
  'capture.title': 'Morphine Studio',
} as const;
