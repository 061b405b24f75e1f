/** How pieces of a verdict are dressed. */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  quiet(text: string): string;
  strong(text: string): string;
}

const same = (text: string): string => text;
const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;

export const plainStyle: Style = { good: same, bad: same, quiet: same, strong: same };

/** ANSI escape sequences for terminals. */
export const ansiStyle: Style = {
  good: sgr(32, 39),
  bad: sgr(31, 39),
  quiet: sgr(2, 22),
  strong: sgr(1, 22),
};
