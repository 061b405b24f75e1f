export { readBounded, type FileContent } from './read-bounded.ts';
export { WatchedFile, type Repeat, type WatchedFileOptions } from './watched-file.ts';
