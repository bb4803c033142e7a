// What the palette finds. Pure.

/** All words of what was typed, in any order, anywhere in the name or the command's own id. */
export function matches(searched: string, typed: string): boolean {
  const found = searched.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => found.includes(word));
}
