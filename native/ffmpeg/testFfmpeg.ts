// The ffmpeg that tests make their pictures with: the very one the product would choose, so that a
// machine with only the packaged build runs them too. Used by tests only.

import { resolveFfmpeg } from './resolve.ts';

const choice = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });

/** Path of ffmpeg; without one, a name that fails with a clear error when it is started. */
export const TEST_FFMPEG_PATH = choice.path ?? 'ffmpeg';
