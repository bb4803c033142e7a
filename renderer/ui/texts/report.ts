// Words of the report of a show. Keys start with "studio.report".

export const reportTexts = {
  'studio.report.title': 'Report of a show',
} as const;
