// Puts the focus on a control once, when it appears because somebody asked for it. Not on later
// renders: those come four times a second and would take the focus from whoever moved on.

import { type RefObject, useEffect, useRef } from 'react';

export function useFirstFocus<Element extends HTMLElement>(): RefObject<Element | null> {
  const element = useRef<Element>(null);
  useEffect(() => element.current?.focus(), []);
  return element;
}
