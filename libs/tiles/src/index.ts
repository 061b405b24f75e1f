export { encodeEntryBundle, MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRY, parseEntryBundle } from './entry-bundle.ts';
export { bundleFormat, type EntryFormat, type EntryReading, type Reference } from './entry-format.ts';
export { TilesError, type TilesErrorCode } from './errors.ts';
export { formatTilePath, parseTilePath } from './tile-path.ts';
export {
  rowLength,
  rowOf,
  TILE_WIDTH,
  tilesOf,
  tileWidth,
  type EntryLevel,
  type TileAddress,
  type TileLevel,
} from './tile-width.ts';
export {
  verifyTileLog,
  type Discrepancy,
  type FetchResource,
  type TileLogReport,
  type TileLogToVerify,
} from './verify-tile-log.ts';
