// A number that is typed, with what is allowed said while it is not. It is set when it can be, by
// Enter or on leaving; Escape gives back what holds.

import { useEffect, useState } from 'react';
import { TextField } from '../Field.tsx';

type NumberFieldProps = {
  label: string;
  value: number;
  least: number;
  most: number;
  /** Whole numbers only. */
  isWhole?: boolean;
  fault: string;
  disabled?: boolean;
  onNumber(value: number): void;
};

export function NumberField(props: NumberFieldProps) {
  const { label, value, least, most, isWhole = false, fault, onNumber, ...rest } = props;
  const shown = String(value);
  const [typed, setTyped] = useState(shown);
  useEffect(() => setTyped(shown), [shown]);
  const number = Number(typed.trim().replace('−', '-').replace(',', '.'));
  const isNumber = typed.trim() !== '' && Number.isFinite(number);
  const isAllowed =
    isNumber && number >= least && number <= most && (!isWhole || Number.isInteger(number));
  const rounded = isWhole ? number : Math.round(number * 10) / 10;
  const take = () => {
    if (isAllowed && rounded !== value) onNumber(rounded);
    else if (!isAllowed) setTyped(shown);
  };
  return (
    <TextField
      {...rest}
      label={label}
      value={typed}
      inputMode="decimal"
      autoComplete="off"
      {...(isAllowed ? { hint: fault } : {})}
      fault={isAllowed ? null : fault}
      onValue={setTyped}
      onBlur={take}
      onKeyDown={(key) => {
        if (key.key === 'Enter') take();
        if (key.key === 'Escape') setTyped(shown);
      }}
    />
  );
}
