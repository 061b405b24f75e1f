const STANDS_FOR = /[-_a-zA-Z0-9]/;

/**
 * Whether a text is one of those a meta issuer's pattern stands for: every `*` is one or more of `-`, `_`, letters and
 * digits, everything else is itself, from the first character to the last (CVE-2026-22772: an unanchored pattern let
 * any host in). Takes time in proportion to pattern times text, whatever they are: the text is anybody's.
 */
export function matchesIssuerPattern(pattern: string, text: string): boolean {
  let at = 0;
  let inPattern = 0;
  // Where the last star stands, and how far it reaches. No star reaches past a character such as `.` or `/`, so the
  // earlier ones need no second try: between two of those characters everything may stand for everything.
  let star = -1;
  let reach = 0;
  while (at < text.length) {
    const wanted = pattern[inPattern];
    const character = text[at] as string;
    if (wanted === '*' && STANDS_FOR.test(character)) {
      star = inPattern++;
      reach = ++at;
    } else if (wanted !== '*' && wanted === character) {
      inPattern++;
      at++;
    } else if (star >= 0 && STANDS_FOR.test(text[reach] as string)) {
      inPattern = star + 1;
      at = ++reach;
    } else {
      return false;
    }
  }
  return inPattern === pattern.length;
}
