// Looks at a source URL before anything starts, so that a wrong one is one sentence and exit 2.

import type { FfmpegChoice } from '../ffmpeg/resolve.ts';

export type SourceErrorCode =
  | 'unknown-scheme'
  | 'bad-options'
  | 'missing-file'
  | 'unreadable-file'
  | 'no-video';

/** Names the thing and the fix. */
export class SourceError extends Error {
  override name = 'SourceError';
  readonly code: SourceErrorCode;

  constructor(code: SourceErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
export type CheckSourceOptions = { callerFolder: string; ffmpeg: FfmpegChoice };
