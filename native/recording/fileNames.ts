// What a recording is called: the day and time it began and the show's title, as any file system
// takes it. Never an empty name, never one that leaves its folder.

/** File systems take names of 255 bytes; a letter has up to four. */
const TITLE_LENGTH_MAX = 50;
/** What Windows, macOS or a shell would trip over. */
const UNSAFE = /[\p{Cc}\p{Cf}<>:"/\\|?*]/gu;

/**
 * `2026-11-21 18.43.07 Cup final`, in local time.
 *
 * @param wallMs ms since 1970
 */
export function recordingName(title: string, wallMs: number): string {
  const when = new Date(wallMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [when.getFullYear(), two(when.getMonth() + 1), two(when.getDate())].join('-');
  const time = [when.getHours(), when.getMinutes(), when.getSeconds()].map(two).join('.');
  const clean = title.normalize('NFC').replace(UNSAFE, ' ').replace(/\s+/g, ' ').trim();
  // Windows takes no name that ends in a dot.
  const short = [...clean]
    .slice(0, TITLE_LENGTH_MAX)
    .join('')
    .replace(/[. ]+$/, '');
  return short === '' ? `${day} ${time}` : `${day} ${time} ${short}`;
}
