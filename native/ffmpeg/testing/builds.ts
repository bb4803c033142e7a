// The ffmpeg builds that tests run against: the system's and the packaged one of 2018, whichever
// are here. Their option names, defaults and bugs differ, so what works with one proves little.

import { type Ffmpeg, hasFfmpeg, packagedFfmpegPath, resolveFfmpeg } from '../resolve.ts';

const system = await resolveFfmpeg({ packagedPath: null });
const packaged = await resolveFfmpeg({ searchPath: '', packagedPath: packagedFfmpegPath() });

/** One entry per build; `skip` is the reason where it is missing. */
export const builds: { name: string; ffmpeg: Ffmpeg | null; skip: string | false }[] = [
  { name: 'the system’s ffmpeg', choice: system },
  { name: 'the packaged ffmpeg', choice: packaged },
].map(({ name, choice }) =>
  hasFfmpeg(choice)
    ? { name: `${name} ${choice.version}`, ffmpeg: choice, skip: false }
    : { name, ffmpeg: null, skip: choice.reason },
);
