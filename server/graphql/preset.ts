/**
 * PostGraphile's preset for one workspace: app_public (ours) and the schema ws_<id> (theirs) as one API.
 * Used by schemas.ts; every build makes a new one.
 * @param numbered people's relations are called relation_<oid>: the way out when their names break a build all the same.
 */
import 'postgraphile'
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection'
import type { Pool } from 'pg'
import { makePgService } from 'postgraphile/adaptors/pg'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { PostGraphileConnectionFilterPreset } from 'postgraphile-plugin-connection-filter'
import { makeNamesPlugin } from './names.ts'
import { narrow } from './narrow.ts'
import { NumbersPlugin } from './numbers.ts'
import { PageCapPlugin } from './page-cap.ts'
import { QuickBuildPlugin } from './quick-build.ts'

export const makePreset = (pool: Pool, workspace: string, plugins: GraphileConfig.Plugin[], numbered = false): GraphileConfig.Preset => ({
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset, PostGraphileConnectionFilterPreset],
  plugins: [makeNamesPlugin(numbered), NumbersPlugin, PageCapPlugin, QuickBuildPlugin, ...plugins],
  disablePlugins: [
    'PgIndexBehaviorsPlugin', // or columns without an index could be neither filtered nor ordered
    'PgEnumTablesPlugin', // reads people's tables while building
  ],
  // A form without a filled-in field sends {}: no filter. Null stays refused (errors.ts): it may mean anything.
  schema: { connectionFilterAllowEmptyObjectInput: true } as any,
  pgServices: [narrow(makePgService({ pool, schemas: ['app_public', `ws_${workspace}`], pubsub: false }), pool)],
})
