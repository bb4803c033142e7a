// Takes addresses and keys out of a sentence that somebody else made. Pure.

/** Addresses with a scheme, numbered hosts with a port, and long keys. */
const SECRETS = [
  /\b(?!demo:|camera:|screen:|window:)[a-z][a-z0-9+.-]*:\/\/[^\s”"'）)]+/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /\b[0-9a-f]{32,}\b/gi,
];

/** The words without anything that names a link, a key or an address; pure. */
export function withoutSecrets(words: string, known: readonly string[], hidden: string): string {
  let veiled = words;
  for (const secret of known) {
    if (secret.length > 3) veiled = veiled.replaceAll(secret, hidden);
  }
  for (const secret of SECRETS) veiled = veiled.replace(secret, hidden);
  return veiled;
}
