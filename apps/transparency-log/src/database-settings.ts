export { databaseUrlOf } from '@sigstead/postgres';
