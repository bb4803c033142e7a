// The colour of one's own name in chat: twelve that are readable in both themes, or the one that
// belongs to the name by itself. It counts from the next message on, and this browser keeps it.

import { useStore } from 'zustand';
import { CHAT_COLOURS } from '../../core/people/bounds.ts';
import { text } from '../ui/texts.ts';
import type { ChatBook } from './chatBook.ts';

/** 0 is the name's own. */
const COLOURS = [...Array(CHAT_COLOURS + 1).keys()];

export function NameColours({ chat }: { chat: ChatBook }) {
  const chosen = useStore(chat.store, ({ colour }) => colour);
  const name = useStore(chat.store, ({ standing }) => standing?.name ?? '');
  return (
    <fieldset className="nameColours" data-testid="name-colours">
      <legend>{text('chat.colour')}</legend>
      {COLOURS.map((colour) => (
        <label key={colour} className="nameColours-one">
          <input
            type="radio"
            name="name-colour"
            checked={colour === chosen}
            aria-label={
              colour === 0 ? text('chat.colourOwn') : text('chat.colourNumber', { number: colour })
            }
            onChange={() => chat.setColour(colour)}
          />
          <span className="nameColours-sample" data-colour={colour} aria-hidden="true">
            {colour === 0 ? text('chat.colourOwn') : name.slice(0, 2)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
