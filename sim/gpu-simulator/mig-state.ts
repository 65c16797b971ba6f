import { readMigState, type Board, type BoardMig, type MigState } from "../annotations.ts";

const WHOLE: BoardMig = { enabled: false, layout: {} };

/** What the node remembers of its boards. */
export function migStateOf(annotations: Readonly<Record<string, string>>): MigState {
  return readMigState(annotations) ?? { config: "", boards: [] };
}

/** How each board is cut now. */
export function boardsOf(board: Board, { boards }: Pick<MigState, "boards">): readonly BoardMig[] {
  return Array.from({ length: board.count }, (_, index) => boards[index] ?? WHOLE);
}

/** Every board cut alike. */
export function allBoards(board: Board, mig: BoardMig): readonly BoardMig[] {
  return Array.from({ length: board.count }, () => mig);
}
