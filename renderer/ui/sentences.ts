// Sentences that were made elsewhere (the engine's reasons, what vision saw) in the language of
// a page. The wire speaks English, because a log, a row of the journal and a page must say the
// same; a page knows the shape of each sentence and says it anew. What it does not know stays as
// it came: a person's own words, a name, a message of a driver.

let say = (sentence: string): string => sentence;

/** A sentence of the engine in the language of the page; as it came when its shape is unknown. */
export const translated = (sentence: string): string => say(sentence);

/** What says all later sentences. */
export function chooseSayer(sayer: (sentence: string) => string): void {
  say = sayer;
}
