/** Whether a client asks for text: it names text/plain, and JSON not before it. */
export function prefersText(accept: string | undefined): boolean {
  const named = (accept ?? '').split(',', 16).map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  const text = named.indexOf('text/plain');
  const json = named.indexOf('application/json');
  return text >= 0 && (json < 0 || text < json);
}
