// Words of the viewer page. Keys start with "viewer.".

export const viewerTexts = {
  'viewer.title': 'Morphine Studio',
} as const;
