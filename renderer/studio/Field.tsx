// One labelled control of a form, with its hint and, when what stands in it cannot be used, the
// sentence right below it. The label, hint and sentence are read out with the control.

import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  useEffect,
  useId,
  useRef,
} from 'react';
import { text } from '../ui/texts.ts';
import type { Fault } from './templateDraft.ts';

type Common = {
  label: string;
  hint?: string;
  /** Why it cannot be used: a fault of the form, or the sentence of a refused call. */
  fault?: Fault | string | null | undefined;
};

type FieldProps = Common & {
  /** Gets what joins the control to its label and sentences. */
  control: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode;
};

export function Field({ label, hint: allowed, fault, control }: FieldProps) {
  const id = useId();
  const wrong = fault ? (typeof fault === 'string' ? fault : text(fault.key, fault.values)) : '';
  // Many a field is wrong in the very words that say what it takes: once is enough.
  const hint = allowed === wrong ? '' : allowed;
  const says = [hint ? `${id}-hint` : '', wrong ? `${id}-fault` : ''].filter((one) => one !== '');
  return (
    <div className="formField">
      <label htmlFor={id}>{label}</label>
      {control({
        id,
        ...(says.length > 0 ? { 'aria-describedby': says.join(' ') } : {}),
        ...(wrong ? { 'aria-invalid': true as const } : {}),
      })}
      {hint ? (
        <small id={`${id}-hint`} className="formField-hint">
          {hint}
        </small>
      ) : null}
      {wrong ? (
        <small id={`${id}-fault`} className="formField-fault" role="alert">
          {wrong}
        </small>
      ) : null}
    </div>
  );
}

type InputProps = Common &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'id' | 'className' | 'onChange' | 'value'> & {
    value: string;
    onValue: (value: string) => void;
    input?: Ref<HTMLInputElement>;
  };

/** What a field without bounds of its own takes. */
export function longestWords(max: number): string {
  return text('studio.fault.long', { max });
}

/** A line of text, or a number that is checked by us and not by the browser. */
export function TextField({ label, hint, fault, onValue, input, ...rest }: InputProps) {
  const allowed = hint ?? (rest.maxLength === undefined ? undefined : longestWords(rest.maxLength));
  return (
    <Field
      label={label}
      {...(allowed === undefined ? {} : { hint: allowed })}
      fault={fault}
      control={(ids) => (
        <input
          {...rest}
          {...ids}
          ref={input}
          className="field"
          onChange={(change) => onValue(change.target.value)}
        />
      )}
    />
  );
}

type ChoiceProps<Value extends string> = Common & {
  value: Value;
  choices: readonly (readonly [Value, string])[];
  onValue: (value: Value) => void;
  /** Takes the focus once, when it appears. */
  isFirst?: boolean;
};

export function ChoiceField<Value extends string>(props: ChoiceProps<Value>) {
  const { label, hint, fault, value, choices, onValue, isFirst = false } = props;
  const select = useRef<HTMLSelectElement>(null);
  useEffect(() => {
    if (isFirst) select.current?.focus();
  }, [isFirst]);
  return (
    <Field
      label={label}
      {...(hint === undefined ? {} : { hint })}
      fault={fault}
      control={(ids) => (
        <select
          {...ids}
          ref={select}
          className="field"
          value={value}
          onChange={(change) => {
            const chosen = choices.find(([one]) => one === change.target.value);
            if (chosen) onValue(chosen[0]);
          }}
        >
          {choices.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      )}
    />
  );
}

/** Puts the focus on the first control of a form that cannot be used. */
export function focusFirstFault(form: HTMLElement): void {
  form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
}
