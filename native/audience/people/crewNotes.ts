// What the crew keeps for itself: what its people are called, and notes about viewers that all of
// it reads. Part of the people's file; nothing of it reaches a relay or a viewer.

import type { PersonNote } from '../../../core/contract/moderation.ts';
import { RpcError } from '../../../core/contract/rpc.ts';
import type { Actor } from './people.ts';
import type { KeptPeople, PeopleFile } from './peopleFile.ts';

const CREW_NAMES_MAX = 400;
/** Notes held at once, and of one person; the oldest go first. */
const NOTES_MAX = 2_000;
const NOTES_OF_ONE_MAX = 50;
/** Digits of a subject in the pseudonym under which somebody acts. */
const ACTOR_DIGITS = 8;

/** Kept after the role's end: who did what stays readable. */
export function nameCrew(kept: KeptPeople, subject: string, name: string): void {
  const others = kept.crewNames.filter((known) => known.subject !== subject);
  const named = name === '' ? others : [...others, { subject, name }];
  kept.crewNames = named.slice(-CREW_NAMES_MAX);
}

export function crewNameOf(kept: KeptPeople, actor: string): string {
  const digits = actor.slice(actor.indexOf('-') + 1);
  if (digits.length < ACTOR_DIGITS) return '';
  return kept.crewNames.find(({ subject }) => subject.startsWith(digits))?.name ?? '';
}

export class CrewNotes {
  readonly #file: PeopleFile;
  readonly #wallMs: () => number;

  constructor(file: PeopleFile, wallMs: () => number) {
    this.#file = file;
    this.#wallMs = wallMs;
  }

  /** Newest first. */
  of(subject: string): PersonNote[] {
    return this.#file.people.notes
      .filter((note) => note.subject === subject)
      .map(({ subject: _theirs, ...note }) => note)
      .reverse();
  }

  /** The same note id again changes nothing. */
  async write(
    { actor }: Actor,
    args: { noteId: string; subject: string; text: string },
  ): Promise<void> {
    const kept = this.#file.people;
    if (kept.notes.some(({ noteId }) => noteId === args.noteId)) return;
    const author = crewNameOf(kept, actor) || actor.slice(0, 80);
    kept.notes.push({ ...args, atMs: this.#wallMs(), author });
    const theirs = kept.notes.filter(({ subject }) => subject === args.subject);
    const oldest = theirs.length > NOTES_OF_ONE_MAX ? theirs[0] : undefined;
    kept.notes = kept.notes.filter((note) => note !== oldest).slice(-NOTES_MAX);
    await this.#file.keep();
  }

  /** @throws RpcError when there is none */
  async remove(noteId: string): Promise<void> {
    const kept = this.#file.people;
    const others = kept.notes.filter((note) => note.noteId !== noteId);
    if (others.length === kept.notes.length) throw new RpcError('notFound', 'That note is gone.');
    kept.notes = others;
    await this.#file.keep();
  }
}
