// A source URL that cannot be used, as one sentence for whoever gave it.

export type SourceErrorCode =
  | 'unknown-scheme'
  | 'bad-options'
  | 'missing-file'
  | 'unreadable-file'
  | 'no-video'
  | 'not-seekable'
  | 'needs-ffmpeg';

/** A source URL that cannot be used; the message names the thing and the fix. */
export class SourceError extends Error {
  override name = 'SourceError';
  readonly code: SourceErrorCode;

  constructor(code: SourceErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
