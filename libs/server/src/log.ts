export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFields = Readonly<Record<string, unknown>>;

/** JSON lines. Fields are the caller's: no token, key or body belongs in them. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** @param level lines below it are dropped; unless told, what LOG_LEVEL says, else 'info' */
export function createLog(
  service: string,
  level: LogLevel = levelOfEnvironment(),
  write = writeToStderr,
): Log {
  const at =
    (line: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (ORDER.indexOf(line) < ORDER.indexOf(level)) return;
      write(
        `${JSON.stringify({ time: new Date().toISOString(), level: line, service, message, ...printable(fields) })}\n`,
      );
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** An error becomes its name, code, message and stack, with its causes: JSON.stringify would print `{}`. */
function printable(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, describeError(value, 0)]));
}

function describeError(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const code = (value as { code?: unknown }).code;
  return {
    name: value.name,
    ...(code === undefined ? {} : { code }),
    message: value.message,
    ...(depth === 0
      ? {
          stack: value.stack
            ?.split('\n')
            .slice(1, 6)
            .map((line) => line.trim()),
        }
      : {}),
    ...(value.cause === undefined || depth > 4 ? {} : { cause: describeError(value.cause, depth + 1) }),
  };
}

function levelOfEnvironment(): LogLevel {
  return ORDER.find((level) => level === process.env['LOG_LEVEL']) ?? 'info';
}

function writeToStderr(line: string): void {
  process.stderr.write(line);
}
