/** Where new statements go in Python code that is there already, so that both still run. */

// What hides a bracket or a line end: texts, comments, continued lines.
const TOKENS =
  /("""|''')[\s\S]*?(?:\1|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|#[^\n]*|\\\n|[()[\]{}\n]/g;
/** What belongs to the statement above it. */
const CONTINUES = /^(elif|else|except|finally)\b/;
const INDENT = '    ';

export interface Placement {
  /** Offset in the text. */
  at: number;
  /** What to insert there. */
  insert: string;
}

/** First and last offset of the statement around an offset; it may span several lines. */
export function statementAround(text: string, offset: number): [number, number] {
  let start = 0;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token !== '\n') {
      depth = Math.max(0, depth + ('([{'.includes(token) ? 1 : ')]}'.includes(token) ? -1 : 0));
    } else if (depth === 0) {
      if (index >= offset) {
        return [start, index];
      }
      start = index + 1;
    }
  }
  return [start, text.length];
}

function indented(code: string, indent: string): string {
  return code.replace(/^(?=.)/gm, indent);
}

/**
 * Place statements near an offset: on lines of their own, as deep as their neighbours.
 *
 * @param text the code that is there
 * @param offset where the mouse or the cursor is
 * @param code whole lines, the last one ended
 */
export function placeCode(text: string, offset: number, code: string): Placement {
  const [start, end] = statementAround(text, offset);
  const statement = text.slice(start, end);
  const indent = /^[ \t]*/.exec(statement)![0];
  const plain = statement.slice(indent.length);
  const isBefore = offset <= start + indent.length && !CONTINUES.test(plain);
  if (plain === '' || plain.startsWith('@') || (isBefore && !plain.startsWith('%%'))) {
    return { at: start, insert: indented(code, indent) };
  }
  const opensBlock = /:\s*(#.*)?$/.test(statement);
  return { at: end, insert: '\n' + indented(code.trimEnd(), opensBlock ? indent + INDENT : indent) };
}
