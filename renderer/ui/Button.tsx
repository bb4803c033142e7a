// Buttons of all pages. An icon button always has a name that a screen reader says; the key that
// does the same is shown inside the button, so that nobody has to look it up.

import type { ButtonHTMLAttributes, ReactNode } from 'react';

type Look = 'plain' | 'primary' | 'stop' | 'quiet';
type Size = 'dense' | 'normal' | 'touch';

type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className'> & {
  look?: Look;
  size?: Size;
  /** Drawn as a key cap behind the words: text, or an icon of the key. */
  keyHint?: ReactNode;
  children: ReactNode;
};

function classNameOf(look: Look, size: Size): string {
  return `button button-${look} button-${size}`;
}

export function Button({
  look = 'plain',
  size = 'normal',
  keyHint,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button type="button" className={classNameOf(look, size)} {...rest}>
      {children}
      {keyHint === undefined ? null : (
        <span className="keyHint" aria-hidden="true">
          {keyHint}
        </span>
      )}
    </button>
  );
}

type IconButtonProps = Omit<ButtonProps, 'keyHint' | 'aria-label' | 'title'> & {
  /** Said by screen readers and shown as the tooltip. */
  name: string;
};

export function IconButton({
  look = 'quiet',
  size = 'normal',
  name,
  children,
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      className={`${classNameOf(look, size)} iconButton`}
      aria-label={name}
      title={name}
      {...rest}
    >
      {children}
    </button>
  );
}
