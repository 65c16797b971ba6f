import type { YAMLError } from "yaml";

/** What each error of the YAML reader means to a person; its own words speak of tokens and flow sequences. */
const WORDS: Partial<Record<YAMLError["code"], string>> = {
  BAD_DIRECTIVE: "a line that starts with %, which no file here needs",
  BAD_DQ_ESCAPE: 'a backslash in "…" that means nothing; write \\\\, or single quotes',
  BAD_INDENT: "a list or map that is not closed, or lines that are not indented as their neighbours",
  BAD_SCALAR_START: "text that starts with a character that YAML keeps for itself (@ ` %); quote it",
  BLOCK_AS_IMPLICIT_KEY: "a second key in one line, or a key that is indented more than the one above it",
  BLOCK_IN_FLOW: "a key without braces inside {…} or […]",
  MISSING_CHAR: "a list, map or quote that is not closed, or a key without its colon",
  MULTILINE_IMPLICIT_KEY: "a line without a colon where a key is expected",
  MULTIPLE_ANCHORS: "two anchors at one value",
  MULTIPLE_DOCS: "a second document (---) in one file",
  MULTIPLE_TAGS: "two tags at one value",
  TAB_AS_INDENT: "a tab as indentation; use spaces",
  TAG_RESOLVE_FAILED: "a tag, which is not read here",
};

/** The error in the words of a person who writes the file. */
export function syntaxWords(error: YAMLError, text: string): string {
  const [from, to] = error.pos;
  const there = text.slice(from, to).split("\n")[0]?.trim() ?? "";
  if (error.code === "TAG_RESOLVE_FAILED") return `a tag that is not read here (${there})`;
  return (
    WORDS[error.code] ?? (there === "" ? "text that is out of place" : `${there}, which is out of place`)
  );
}
