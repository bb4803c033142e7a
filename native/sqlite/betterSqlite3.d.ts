// The part of better-sqlite3 13 that database.ts uses; the package brings no types of its own.
declare module 'better-sqlite3' {
  export type NativeStatement = {
    run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint };
    get(...parameters: unknown[]): unknown;
    all(...parameters: unknown[]): unknown[];
    iterate(...parameters: unknown[]): IterableIterator<unknown>;
    pluck(toggle?: boolean): NativeStatement;
  };
  export default class NativeDatabase {
    constructor(
      filename: string,
      options?: { readonly?: boolean; fileMustExist?: boolean; timeout?: number },
    );
    prepare(sql: string): NativeStatement;
    exec(sql: string): this;
    pragma(source: string, options?: { simple?: boolean }): unknown;
    close(): this;
    unsafeMode(toggle?: boolean): this;
    readonly inTransaction: boolean;
  }
}
