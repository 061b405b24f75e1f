import { TilesError } from './errors.ts';
import { TILE_WIDTH, type TileAddress, type TileLevel } from './tile-width.ts';

const MAX_LEVEL = 63;
/** A tree has less than 2^64 leaves, hence its lowest row less than 2^56 tiles. */
const MAX_N = (1n << 56n) - 1n;
/** `tile/entries/` with six groups of digits and a width has 47 characters. */
const MAX_LENGTH = 64;

/** ```
 * tile/<L>/<N>[.p/<W>]      L: 0 to 63, `entries` or `data`; W: 1 to 255; neither with leading zeros
 * N: decimal in groups of three digits, all but the last with an `x` before and a `/` after: 1234067 is x001/x234/067
 * ``` */
const PATH = /^tile\/(entries|data|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/**
 * Reads a tile's path (C2SP tlog-tiles, static-ct-api), without a leading slash: `tile/0/x001/234.p/17`.
 *
 * @returns undefined for anything but the one path {@link formatTilePath} gives to some tile
 */
export function parseTilePath(path: string): TileAddress | undefined {
  if (path.length > MAX_LENGTH) return undefined;
  const [, level, groups, width] = PATH.exec(path) ?? [];
  if (level === undefined || groups === undefined || groups.startsWith('x000/')) return undefined;
  const tile: TileAddress = {
    level: level === 'entries' || level === 'data' ? level : Number(level),
    n: BigInt(groups.replace(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  const isPartial = width !== undefined;
  if (!isAddress(tile) || isPartial !== tile.width < TILE_WIDTH) return undefined;
  return tile;
}

/**
 * The tile's path below the log's prefix, without a leading slash; the inverse of {@link parseTilePath}.
 *
 * @throws TilesError ADDRESS
 */
export function formatTilePath(tile: TileAddress): string {
  if (!isAddress(tile)) {
    throw new TilesError(
      'ADDRESS',
      `tile ${tile.n} of level ${tile.level}, ${tile.width} wide, is in no tree`,
    );
  }
  const partial = tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`;
  return `tile/${tile.level}/${formatGroups(tile.n)}${partial}`;
}

function formatGroups(n: bigint): string {
  let path = '';
  for (let rest = n, mark = ''; ; rest /= 1000n, mark = 'x') {
    const group = (rest % 1000n).toString().padStart(3, '0');
    path = path === '' ? group : `${mark}${group}/${path}`;
    if (rest < 1000n) return path;
  }
}

function isAddress({ level, n, width }: TileAddress): boolean {
  return (
    isLevel(level) && n >= 0n && n <= MAX_N && Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH
  );
}

function isLevel(level: TileLevel): boolean {
  return typeof level !== 'number' || (Number.isInteger(level) && level >= 0 && level <= MAX_LEVEL);
}
