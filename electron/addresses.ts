// Which addresses are ours, and which the system's browser may be shown. Pure: everything else asks
// here, so that there is one answer. A page of ours is trusted to show, never to say what to open.

export const PAGE_SCHEME = 'app';
export const PAGE_ORIGIN = 'app://morphine';
/** Links of this scheme open the studio from elsewhere on this computer. */
export const LINK_SCHEME = 'morphine-studio';

/** Sites that our own pages link to: licences of models, and the programs that we work with. */
const OUTSIDE_HOSTS: ReadonlySet<string> = new Set([
  'apache.org',
  'www.apache.org',
  'creativecommons.org',
  'ffmpeg.org',
  'github.com',
  'huggingface.co',
  'obsproject.com',
  'opensource.org',
  'raw.githubusercontent.com',
  'www.gnu.org',
  'www.johnvansickle.com',
]);

export function isOurs(url: string): boolean {
  return url === PAGE_ORIGIN || url.startsWith(`${PAGE_ORIGIN}/`);
}

/** The page that opens cameras and screens. */
export function isCapturePage(url: string): boolean {
  return isOurs(url) && new URL(url).pathname.startsWith('/capture/');
}

/**
 * Links that the system's browser may show: https on the list, and the relay of this show, whose
 * pages the streamer looks at as viewers do.
 *
 * @param viewerUrl the link for viewers; null while there is none
 */
export function mayOpenOutside(url: string, viewerUrl: string | null): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password, origin } = new URL(url);
  if (username !== '' || password !== '') return false;
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  if (viewerUrl !== null && URL.canParse(viewerUrl) && origin === new URL(viewerUrl).origin) {
    return true;
  }
  return protocol === 'https:' && OUTSIDE_HOSTS.has(hostname);
}

/** Docks of the studio that a link may show. None of them does anything by being shown. */
const PLACES = ['studio', 'sources', 'health', 'recording', 'markets', 'events'] as const;
export type Place = (typeof PLACES)[number];

/**
 * What a link of ours asks for: `morphine-studio://open/markets`. It can show a place and nothing
 * else, because any web page may hand it to the system.
 *
 * @returns null when it is none of ours
 */
export function placeOf(link: string): Place | null {
  if (link.length > 200 || !URL.canParse(link)) return null;
  const { protocol, host, pathname, search, hash } = new URL(link);
  if (protocol !== `${LINK_SCHEME}:` || host !== 'open' || search !== '' || hash !== '')
    return null;
  const name = pathname.replace(/^\/|\/$/g, '') || 'studio';
  return PLACES.find((place) => place === name) ?? null;
}

/** Arguments without links of ours, and the last of those: systems hand links over as arguments. */
export function splitLinks(args: readonly string[]): { args: string[]; link: string | null } {
  const isLink = (one: string) => one.toLowerCase().startsWith(`${LINK_SCHEME}:`);
  return { args: args.filter((one) => !isLink(one)), link: args.findLast(isLink) ?? null };
}

/** Chromium's switches that people need to start a window at all; the rest is ours to refuse. */
const WINDOW_SWITCHES = [
  /^--(no-sandbox|disable-gpu)$/,
  /^--(ozone-platform|ozone-platform-hint|password-store|lang)=[\w-]+$/,
  /^--(remote-debugging-port|original-process-start-time)=\d+$/,
  /^--force-device-scale-factor=[\d.]+$/,
];

/** Arguments that are the studio's own. */
export function withoutWindowSwitches(args: readonly string[]): string[] {
  return args.filter((one) => !WINDOW_SWITCHES.some((pattern) => pattern.test(one)));
}
