// The markets that a studio offers on its first day. A template is the question; rulesOf() turns it
// into the rules of one market at the moment it opens.

import { z } from 'zod';
import { type Template, templateSchema } from '../contract/state.ts';
import { rulesOf } from './rules.ts';

/** Name of the file format, so that a foreign JSON is refused by name. */
const FORMAT = 'morphine-studio.templates';
/** Most templates in one studio, and in one file. */
export const TEMPLATES_MAX = 100;

const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  templates: z.array(z.unknown()).max(TEMPLATES_MAX),
});

/** The templates as a JSON text for a file. */
export function exportTemplates(templates: readonly Template[]): string {
  return `${JSON.stringify({ format: FORMAT, version: 1, templates }, null, 2)}\n`;
}

/** What is wrong with a file of templates, in a sentence that names the place. */
export class TemplatesRefused extends Error {}

/**
 * Reads a file of templates: all of them or none.
 *
 * @throws TemplatesRefused
 */
export function importTemplates(text: string): Template[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TemplatesRefused('This file is no JSON.');
  }
  const file = fileSchema.safeParse(value);
  if (!file.success) {
    throw new TemplatesRefused(`This is no file of market templates: ${firstIssue(file.error)}`);
  }
  const ids = new Set<string>();
  return file.data.templates.map((one, index) => {
    try {
      const template = parseTemplate(one);
      if (ids.has(template.id)) throw new TemplatesRefused('its id is there twice');
      ids.add(template.id);
      return template;
    } catch (cause) {
      const what =
        cause instanceof z.ZodError ? firstIssue(cause) : String((cause as Error).message);
      throw new TemplatesRefused(`Template ${index + 1} cannot be used: ${what}.`);
    }
  });
}

/** What is wrong with one template, as a sentence; the cause is what parseTemplate threw. */
export function templateRefusal(cause: unknown): string {
  const what = cause instanceof z.ZodError ? firstIssue(cause) : String((cause as Error).message);
  return `This market cannot be used: ${what}.`;
}

/** The known templates with the imported ones: the same id is replaced, new ones follow. */
export function withImported(
  known: readonly Template[],
  imported: readonly Template[],
): readonly Template[] {
  const byId = new Map([...known, ...imported].map((template) => [template.id, template]));
  if (byId.size > TEMPLATES_MAX) {
    throw new TemplatesRefused(`A studio holds at most ${TEMPLATES_MAX} templates.`);
  }
  return [...byId.values()];
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'not valid'}`.trim();
}

/** For rulesOf() below: any 32 hexadecimal characters do. */
const SALT_FOR_CHECK = '0'.repeat(32);

/**
 * Reads templates from outside (an import, a form).
 *
 * @throws ZodError naming the field or TemplatesRefused, also when times or outcomes contradict
 *   each other.
 */
export function parseTemplate(value: unknown): Template {
  const template = templateSchema.parse(value);
  if (new Set(template.outcomes).size < template.outcomes.length) {
    throw new TemplatesRefused('two outcomes have the same name');
  }
  rulesOf(template, 0, SALT_FOR_CHECK);
  return template;
}

export const BUILT_IN_TEMPLATES: readonly Template[] = [
  {
    id: 'goal-30',
    title: 'Goal in the next 30 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: 'kickOff',
    decideOn: { type: 'goal', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 12,
    horizonSeconds: 30,
    // Vision may lag or restart; a minute is ample to judge the last frames, then we refund.
    deadlineSeconds: 90,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'goal-15',
    title: 'Goal in the next 15 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'goal', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 6,
    horizonSeconds: 15,
    deadlineSeconds: 60,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'line-20',
    title: 'Will something cross the middle line in the next 20 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: 'zoneEntered',
    decideOn: { type: 'lineCrossed', subject: null, minimumConfidence: 0.5, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 10,
    horizonSeconds: 20,
    deadlineSeconds: 75,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'goal-60',
    title: 'Goal in the next minute?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'goal', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 20,
    horizonSeconds: 60,
    deadlineSeconds: 150,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'shot-20',
    title: 'A shot within 20 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'shot', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 8,
    horizonSeconds: 20,
    deadlineSeconds: 75,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'possession-15',
    title: 'Does the ball change sides within 15 s?',
    outcomes: ['It changes', 'They keep it'],
    suggestOn: null,
    decideOn: { type: 'possession', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 6,
    horizonSeconds: 15,
    deadlineSeconds: 60,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'pass-10',
    title: 'A pass within 10 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'pass', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 4,
    horizonSeconds: 10,
    deadlineSeconds: 60,
    guardMs: 400,
    opening: 'ask',
  },
  {
    id: 'sprint-30',
    title: 'Does anybody sprint within 30 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'sprint', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 12,
    horizonSeconds: 30,
    deadlineSeconds: 90,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'jump-20',
    title: 'Does anybody jump within 20 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'jump', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 8,
    horizonSeconds: 20,
    deadlineSeconds: 75,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'zone-30',
    title: 'Does something enter the zone within 30 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'zoneEntered', subject: null, minimumConfidence: 0.5, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 12,
    horizonSeconds: 30,
    deadlineSeconds: 90,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'rally-20',
    title: 'Is the rally over within 20 s?',
    outcomes: ['It is over', 'It goes on'],
    suggestOn: null,
    decideOn: { type: 'rallyEnd', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 7,
    horizonSeconds: 20,
    deadlineSeconds: 75,
    guardMs: 700,
    opening: 'ask',
  },
  {
    id: 'record-60',
    title: 'A new speed record within a minute?',
    outcomes: ['A record', 'No record'],
    suggestOn: 'sprint',
    decideOn: { type: 'speedRecord', subject: null, minimumConfidence: 0.7, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 20,
    horizonSeconds: 60,
    deadlineSeconds: 150,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'score-90',
    title: 'Does the score change within 90 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: 'rallyEnd',
    decideOn: { type: 'scoreChanged', subject: null, minimumConfidence: 0.8, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 30,
    horizonSeconds: 90,
    deadlineSeconds: 240,
    guardMs: 1000,
    opening: 'ask',
  },
  {
    id: 'highlight-60',
    title: 'Something unusual within a minute?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'highlight', subject: null, minimumConfidence: 0.7, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 20,
    horizonSeconds: 60,
    deadlineSeconds: 150,
    guardMs: 500,
    opening: 'ask',
  },
];
