// Saves the shown frames as a file that Perfetto and Chrome open. Nothing leaves this computer.

import { type TraceFrom, traceOf } from './trace.ts';

const FILE_NAME = 'frames.trace.json';

export function saveTrace(from: TraceFrom): void {
  const bytes = JSON.stringify(traceOf(from));
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = FILE_NAME;
  link.click();
  URL.revokeObjectURL(url);
}
