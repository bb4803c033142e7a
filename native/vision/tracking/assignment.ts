// The cheapest pairing of rows with columns (Hungarian method with potentials, O(n^2 m); Kuhn 1955,
// in the shortest-augmenting-path form of Jonker and Volgenant 1987).

/**
 * @param costs rows of equal length
 * @returns for each row its column or -1; every row of a wide matrix gets one
 */
export function assign(costs: readonly (readonly number[])[]): number[] {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return new Array<number>(rows).fill(-1);
  if (rows <= columns) return assignWide(rows, columns, (row, column) => costs[row]?.[column] ?? 0);
  const byColumn = assignWide(columns, rows, (column, row) => costs[row]?.[column] ?? 0);
  const result = new Array<number>(rows).fill(-1);
  byColumn.forEach((row, column) => {
    if (row >= 0) result[row] = column;
  });
  return result;
}

function assignWide(
  rows: number,
  columns: number,
  cost: (row: number, column: number) => number,
): number[] {
  // Index 0 is a stand-in; rows and columns count from 1.
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  const previous = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    rowOf[0] = row;
    let column = 0;
    const best = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const isDone = new Uint8Array(columns + 1);
    do {
      isDone[column] = 1;
      const current = rowOf[column] as number;
      let delta = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let other = 1; other <= columns; other++) {
        if (isDone[other]) continue;
        const reduced =
          cost(current - 1, other - 1) -
          (rowPotential[current] as number) -
          (columnPotential[other] as number);
        if (reduced < (best[other] as number)) {
          best[other] = reduced;
          previous[other] = column;
        }
        if ((best[other] as number) < delta) {
          delta = best[other] as number;
          next = other;
        }
      }
      for (let other = 0; other <= columns; other++) {
        if (isDone[other]) {
          const at = rowOf[other] as number;
          rowPotential[at] = (rowPotential[at] as number) + delta;
          columnPotential[other] = (columnPotential[other] as number) - delta;
        } else {
          best[other] = (best[other] as number) - delta;
        }
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const back = previous[column] as number;
      rowOf[column] = rowOf[back] as number;
      column = back;
    }
  }
  const result = new Array<number>(rows).fill(-1);
  for (let column = 1; column <= columns; column++) {
    const row = rowOf[column] as number;
    if (row > 0) result[row - 1] = column - 1;
  }
  return result;
}
