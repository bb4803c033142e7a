// Bounds of what people send each other. Alone in a file, so that a viewer's page takes these few
// numbers without the cryptography beside them.

/** Characters of one chat message, in UTF-16 code units. */
export const CHAT_TEXT_LENGTH_MAX = 300;
/** Colours of names; 1 is the first. */
export const CHAT_COLOURS = 12;
/** A relay takes messages of 4 KiB from viewers; a piece with its envelope stays below that. */
export const PIECE_BYTES_MAX = 3_072;
