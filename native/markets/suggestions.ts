// Suggestions of markets: made by an event, gone when opened, dismissed, replaced or ten seconds
// old, for an old kick-off is no reason to bet.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { Action } from '../../core/contract/actions.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { Suggestion, Template } from '../../core/contract/state.ts';

const SUGGESTION_LIFE_US = 10_000_000;

export class Suggestions {
  readonly #known = new Map<string, Suggestion>();
  readonly #onAction: (action: Action) => void;

  constructor(onAction: (action: Action) => void) {
    this.#onAction = onAction;
  }

  list(): readonly Suggestion[] {
    return [...this.#known.values()];
  }

  get(id: string): Suggestion | undefined {
    return this.#known.get(id);
  }

  /** Suggests a template because of an event; an older suggestion of it goes. */
  make(id: string, template: Template, event: GameEvent, nowUs: MediaTimeUs): void {
    for (const older of this.list()) {
      if (older.templateId === template.id) this.remove(older.id);
    }
    const suggestion: Suggestion = {
      id,
      templateId: template.id,
      title: template.title,
      why: event.why,
      eventId: event.id,
      expiresAtUs: nowUs + SUGGESTION_LIFE_US,
    };
    this.#known.set(id, suggestion);
    this.#onAction({ type: 'suggestion.made', suggestion });
  }

  /** Returns false when there was none. */
  remove(id: string): boolean {
    if (!this.#known.delete(id)) return false;
    this.#onAction({ type: 'suggestion.gone', id });
    return true;
  }

  expire(nowUs: MediaTimeUs): void {
    for (const suggestion of this.list()) {
      if (nowUs >= suggestion.expiresAtUs) this.remove(suggestion.id);
    }
  }
}
