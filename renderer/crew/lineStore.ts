// What relay or studio said about this page's line, in their words; empty while all is well.

import { create } from 'zustand';

export const useLine = create<{
  refusal: string;
  /** Trying again changes nothing: another invitation is needed. */
  isFinal: boolean;
}>(() => ({ refusal: '', isFinal: false }));
