// Words of the studio page. Keys start with "studio.".

export const studioTexts = {
  'studio.name': 'Morphine Studio',
} as const;
