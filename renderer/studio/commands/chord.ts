// Keys as they are kept and shown: "Mod+Shift+K" (Mod is Ctrl, and Command on a Mac), a letter in
// upper case, a sign as it is typed ("?"). Pure.

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

const MODIFIERS = ['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'Dead', 'Process'];
/** What browsers and people keep for themselves. */
const RESERVED = [
  ...['Tab', 'Shift+Tab', 'Escape', 'Space', 'F5', 'F11', 'F12', 'ArrowUp', 'ArrowDown'],
  ...['ArrowLeft', 'ArrowRight', 'Mod+A', 'Mod+C', 'Mod+V', 'Mod+X', 'Mod+T', 'Mod+W', 'Mod+N'],
  ...['Mod+R', 'Mod+L', 'Mod+Q', 'Mod+Shift+N', 'Mod+Shift+T', 'Mod+Shift+W'],
];

/** The chord of a key press; null for a modifier alone. */
export function chordOf(press: KeyPress): string | null {
  if (press.key === '' || MODIFIERS.includes(press.key)) return null;
  const key = press.key === ' ' ? 'Space' : press.key.length === 1 ? letter(press.key) : press.key;
  const isSign = press.key.length === 1 && press.key.toLowerCase() === press.key.toUpperCase();
  return [
    ...(press.ctrlKey || press.metaKey ? ['Mod'] : []),
    ...(press.altKey ? ['Alt'] : []),
    // A sign has its shift in itself: "?" is one key on one keyboard and two on another.
    ...(press.shiftKey && !(isSign && key !== 'Space') ? ['Shift'] : []),
    key,
  ].join('+');
}

const letter = (key: string) => (key === '+' ? 'Plus' : key.toUpperCase());

export function isReserved(chord: string): boolean {
  return RESERVED.includes(chord);
}

/** True when it may be pressed while something is being typed. */
export function worksWhileTyping(chord: string): boolean {
  return (chord.startsWith('Mod+') && chord !== 'Mod+Z') || /^F\d+$/.test(chord);
}

const NAMES: Record<string, string> = { Enter: '⏎', Plus: '+', Mod: 'Ctrl' };
const MAC_NAMES: Record<string, string> = { Enter: '⏎', Plus: '+', Mod: '⌘', Shift: '⇧', Alt: '⌥' };

/** As it is drawn on a key cap. */
export function chordText(chord: string, isMac: boolean): string {
  const names = isMac ? MAC_NAMES : NAMES;
  return chord
    .split('+')
    .map((part) => names[part] ?? part)
    .join(isMac ? '' : '+');
}
