// Sentences of calls that were refused, and of what was done, for a while, over everything else.

import { X } from 'lucide-react';
import { IconButton } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { Said } from './Secret.tsx';
import { dismissToast, usePage } from './store.ts';

export function Toasts() {
  const toasts = usePage((page) => page.toasts);
  return (
    <div className="toasts">
      {toasts.map((toast) => (
        <Notice
          key={toast.id}
          severity={toast.code === '' ? 'info' : 'stop'}
          action={
            <IconButton
              size="dense"
              name={text('common.close')}
              onClick={() => dismissToast(toast.id)}
            >
              <X size={14} aria-hidden="true" />
            </IconButton>
          }
        >
          {toast.code === '' ? toast.text : <Said>{toast.text}</Said>}{' '}
          <small className="toast-code">{toast.code}</small>
        </Notice>
      ))}
    </div>
  );
}
