// A dialog over the whole studio for work that needs room. It opens as it appears, closes on
// Escape, and gives the focus back to whatever had it.

import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';

/** Where work in a dialog begins. */
const FIRST = 'form input, [role=tab][aria-selected=true]';

type ModalProps = { title: string; children: ReactNode; onClose: () => void };

export function Modal({ title, children, onClose }: ModalProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    // The browser would choose the button that closes it.
    dialog.current?.querySelector<HTMLElement>(FIRST)?.focus();
    return () => before?.focus();
  }, []);
  return (
    <dialog ref={dialog} className="dialog dialog-wide" aria-labelledby={id} onClose={onClose}>
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <IconButton name={text('common.close')} onClick={onClose}>
          <X size={16} aria-hidden="true" />
        </IconButton>
      </div>
      {children}
    </dialog>
  );
}
