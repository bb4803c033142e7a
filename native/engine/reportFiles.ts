// The records of shows on the disk: one file each in the folder `reports`, replaced whole while its
// show runs, the oldest removed. A file that cannot be read is left alone and not shown.

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { REPORTS_MAX } from '../../core/contract/report.ts';
import { type ShowRecord, showRecordSchema } from '../../core/report/showRecord.ts';
import { replaceFile } from './replaceFile.ts';

const NAME = /^show-(\d{1,16})\.json$/;

export type ReportFiles = {
  /** Ids, newest first. */
  ids(): Promise<string[]>;
  /** Null: there is none, or it cannot be read. */
  read(id: string): Promise<ShowRecord | null>;
  /** One after the other; rejects as the disk says. */
  write(record: ShowRecord): Promise<void>;
  /** Once nothing is being written any more. */
  settle(): Promise<void>;
};

export function openReportFiles(dataFolder: string): ReportFiles {
  const folder = join(dataFolder, 'reports');
  const pathOf = (id: string) => join(folder, `show-${id}.json`);
  let last: Promise<void> = Promise.resolve();

  async function ids(): Promise<string[]> {
    const names = await readdir(folder).catch(() => []);
    const found = names.flatMap((name) => NAME.exec(name)?.[1] ?? []);
    return found.sort((one, other) => Number(other) - Number(one));
  }

  async function writeNow(id: string, text: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await replaceFile(pathOf(id), text);
    for (const old of (await ids()).slice(REPORTS_MAX)) await rm(pathOf(old), { force: true });
  }

  return {
    async ids() {
      await last.catch(() => {});
      return ids();
    },
    async read(id) {
      // What is being written is newer than what lies there.
      await last.catch(() => {});
      try {
        const found = showRecordSchema.safeParse(JSON.parse(await readFile(pathOf(id), 'utf8')));
        return found.success ? found.data : null;
      } catch {
        return null;
      }
    },
    write(record) {
      const text = `${JSON.stringify(record)}\n`;
      // Two for one path must follow each other; one that failed stops none after it.
      last = last.catch(() => {}).then(() => writeNow(String(record.sinceUs), text));
      return last;
    },
    settle: () => last.catch(() => {}),
  };
}
