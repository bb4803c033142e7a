// The templates of a studio: what the page shows, what opens itself, what a file brings in. A
// change is kept in the data folder before anybody sees it; what cannot be kept is refused and
// changes nothing.

import type { Action } from '../../core/contract/actions.ts';
import type { Template } from '../../core/contract/state.ts';
import {
  exportTemplates,
  importTemplates,
  parseTemplate,
  TemplatesRefused,
  templateRefusal,
  withImported,
} from '../../core/markets/templates.ts';
import { MarketRefusal } from './refusal.ts';

export type TemplateShelfOptions = {
  templates: readonly Template[];
  /** Makes them durable; a rejection's sentence says why not. */
  keepTemplates(templates: readonly Template[]): Promise<void>;
  onAction(action: Action): void;
};

export class TemplateShelf {
  #templates: readonly Template[];
  readonly #options: TemplateShelfOptions;

  constructor(options: TemplateShelfOptions) {
    this.#options = options;
    this.#templates = options.templates;
  }

  all(): readonly Template[] {
    return this.#templates;
  }

  /** Throws MarketRefusal when there is none. */
  get(templateId: string): Template {
    const template = this.#templates.find((one) => one.id === templateId);
    if (!template) throw new MarketRefusal('notFound', 'There is no such market template.');
    return template;
  }

  /** Reads a template of a form. Throws MarketRefusal naming what is wrong with it. */
  checked(value: unknown): Template {
    try {
      return parseTemplate(value);
    } catch (cause) {
      throw new MarketRefusal('badArguments', templateRefusal(cause));
    }
  }

  /** Takes a new template, or a changed one in the place of the old. */
  async save(template: Template): Promise<void> {
    await this.#change(added(this.#templates, [this.checked(template)]));
  }

  async remove(templateId: string): Promise<void> {
    this.get(templateId);
    await this.#change(this.#templates.filter(({ id }) => id !== templateId));
  }

  async setOpening(args: { templateId: string; opening: 'ask' | 'auto' }): Promise<void> {
    const template = this.get(args.templateId);
    await this.#change(added(this.#templates, [{ ...template, opening: args.opening }]));
  }

  exported(): string {
    return exportTemplates(this.#templates);
  }

  /** All of the file or none. */
  async import(json: string): Promise<{ imported: number }> {
    const imported = refusable(() => importTemplates(json));
    await this.#change(added(this.#templates, imported));
    return { imported: imported.length };
  }

  async #change(templates: readonly Template[]): Promise<void> {
    try {
      await this.#options.keepTemplates(templates);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new MarketRefusal('unavailable', `The templates could not be kept: ${why}`);
    }
    this.#templates = templates;
    this.#options.onAction({ type: 'templates.changed', templates: [...templates] });
  }
}

function added(known: readonly Template[], more: readonly Template[]): readonly Template[] {
  return refusable(() => withImported(known, more));
}

function refusable<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof TemplatesRefused) throw new MarketRefusal('refused', cause.message);
    throw cause;
  }
}
