/**
 * The names of the API. Ours (app_public) keep theirs; what people made is called what they called it, as far as
 * GraphQL's rules allow, and no name that anybody chose can break a schema build.
 *
 * Used by preset.ts. The gather hook decides all names of relations before anything is built; the inflectors below
 * then only spell them.
 *
 * - columns of a workspace keep their exact name (`unit_price`, `AColumnOfNumbers`); characters that GraphQL does not
 *   know become `_`, other alphabets are transliterated; a name that is taken or reserved gets `_column` or a number.
 * - columns of our own tables are camelCase, as PostGraphile's users expect.
 * - `nodeId` is the node id, so that a column `id` stays `id`.
 * - relations: the plural of the table's name (simplify-inflection). If ours or an older one has it: `ws_<name>`,
 *   then `<name>_2`, … Older relations (lower oid) keep theirs.
 * - people's comments document; they are never smart comments.
 */
import 'postgraphile'
import { transliterate } from 'transliteration'

type Inflection = Record<string, (...args: any[]) => string>

/** Names that the schema itself uses, in the squashed form of `squash`. */
const TYPES = `query mutation subscription node pageinfo cursor string int float boolean id
  bigint bigfloat datetime date time json uuid xml bitstring base64encodedbinary internetaddress macaddress macaddress8 cidraddress
  jsonpath tsvector tsquery keyvaluehash oid regproc regprocedure regoper regoperator regclass regtype regrole regnamespace regconfig
  regdictionary apirelation apicolumn apirelationkind previewcolumn matviewrefreshed uploadprogress dependent dependentschoice
  dependentoutcome tablechangepayload`.split(/\s+/)
/** Types of PostgreSQL that nobody looks for, but after which people name their tables. */
const STEPS_ASIDE = new Set(['Point', 'Line', 'LineSegment', 'Box', 'Path', 'Polygon', 'Circle', 'Interval', 'Money'])
const RESERVED_COLUMNS = ['nodeid', 'and', 'or', 'not', 'clientmutationid', 'query', '']
/** Types and fields that PostGraphile derives from a relation, so that `sale_connection` beside `sale` is told apart. */
const SUFFIXES = [
  'connection',
  'edge',
  'input',
  'patch',
  'filter',
  'condition',
  'orderby',
  'baseinput',
  'payload',
  'live',
  'list',
  'record',
]
const PREFIXES = ['create', 'update', 'delete', 'tomany']

const squash = (name: string) => name.replace(/[^a-z0-9]/gi, '').toLowerCase()
const isRelation = (kind: string) => ['r', 'v', 'm', 'p', 'f'].includes(kind)
export const isWorkspace = (schema: string | undefined) => schema?.startsWith('ws_') ?? false

/** What a relation (or type, or function) of this name takes, and what it must not meet. */
function formsOf(inflection: Inflection, name: string) {
  const bare = squash(name),
    one = squash(inflection.singularize!(name)),
    many = squash(inflection.distinctPluralize!(name))
  const derived = [one, many, `${many}live`, ...SUFFIXES.map((suffix) => one + suffix)]
  for (const prefix of PREFIXES) derived.push(prefix + one, `${prefix}${one}input`, `${prefix}${one}payload`)
  return { bare, one, derived }
}

export const makeNamesPlugin = (numbered = false): GraphileConfig.Plugin => ({
  name: 'NamesPlugin',
  version: '0.0.0',
  // PgFakeConstraintsPlugin reads smart tags in the same hook: this one must have cleaned them before.
  before: ['PgFakeConstraintsPlugin'],

  gather: {
    namespace: 'tidemarkNames' as any,
    helpers: {},
    initialCache: () => ({}),
    initialState: () => ({}),
    hooks: {
      async pgIntrospection_introspection(info: any, { introspection }: any) {
        const inflection: Inflection = info.inflection
        const schemaOf = new Map<string, string>(introspection.namespaces.map((n: any) => [n._id, n.nspname]))
        const isOurs = (namespace: string) => schemaOf.get(namespace) === 'app_public'
        const isTheirs = (namespace: string) => isWorkspace(schemaOf.get(namespace))
        const ours = new Set(TYPES),
          theirs = new Set<string>()
        const take = (set: Set<string>, name: string) => formsOf(inflection, name).derived.forEach((form) => set.add(form))
        const meets = (set: Set<string>, name: string) => {
          const { bare, derived } = formsOf(inflection, name)
          return set.has(bare) || derived.some((form) => set.has(form))
        }
        /** The name itself, else ws_<name> beside one of ours, <name>_no_2 beside one of theirs. */
        const choose = (given: string, oid: string): string => {
          const name = graphqlName(given).replace(/^_+/, '')
          const usable = !numbered && name !== '' && /^[a-z]/i.test(name) ? name : ''
          const base = usable && meets(ours, usable) ? `ws_${usable}` : usable
          const tries = base ? [base, ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${base}_no_${n}`)] : []
          const chosen = tries.find((candidate) => !meets(ours, candidate) && !meets(theirs, candidate)) ?? `relation_${oid}`
          take(theirs, chosen)
          return chosen
        }

        for (const proc of introspection.procs) if (isOurs(proc.pronamespace)) take(ours, proc.proname)
        for (const type of introspection.types) if (isOurs(type.typnamespace)) take(ours, type.typname)
        const relations = introspection.classes
          .filter((c: any) => isRelation(c.relkind))
          .sort((a: any, b: any) => Number(a._id) - Number(b._id))

        for (const proc of introspection.procs)
          if (isTheirs(proc.pronamespace)) {
            clean(proc)
            hide(proc)
          } // a workspace makes none; ours are the capture's
        for (const constraint of introspection.constraints) if (isTheirs(constraint.connamespace)) clean(constraint)
        for (const relation of relations) {
          if (relation.relispartition) hide(relation) // its parent shows the rows
          if (!isTheirs(relation.relnamespace)) continue
          clean(relation)
          if (relation.relname.startsWith('_') || relation.relispartition) {
            hide(relation) // our bookkeeping (_live_changes …)
            continue
          }
          const tags = relation.getTags()
          tags.name = choose(relation.relname, relation._id)
          tags.relationKind = relation.relkind === 'm' ? 'MATVIEW' : relation.relkind === 'v' ? 'VIEW' : 'TABLE'
          nameColumns(relation)
          if (relation.relkind !== 'm' && relation.relkind !== 'v') continue
          const unique = introspection.indexes.find((i: any) => i.indrelid === relation._id && i.indisunique && !i.indpred && !i.indexprs)
          const key: string[] | undefined = unique?.getKeys().map((column: any) => column.attname)
          // the tag's own syntax has no quotes: a key with , or | in a column's name cannot be said in it
          if (key && !key.some((name) => /[,|]/.test(name))) tags.primaryKey = key.join(',')
        }
        for (const type of introspection.types) {
          if (!isTheirs(type.typnamespace) || !['e', 'd', 'r', 'm'].includes(type.typtype)) continue
          clean(type)
          type.getTags().name = choose(type.typname, type._id)
        }
      },
    },
  } as any,

  inflection: {
    replace: {
      _schemaPrefix: () => '', // clashes are settled above, so a schema's name says nothing
      nodeIdFieldName: () => 'nodeId',
      builtin: (previous: any, _preset: any, name: string) => (STEPS_ASIDE.has(name) ? `Pg${name}` : previous(name)),
      _attributeName(this: any, _previous: any, _preset: any, { attributeName, codec }: any) {
        const name = codec.attributes[attributeName].extensions?.tags?.name || attributeName
        return this.coerceToGraphQLName(name)
      },
      attribute(this: any, previous: any, _preset: any, details: any) {
        return isWorkspace(details.codec.extensions?.pg?.schemaName) ? this._attributeName(details) : previous(details)
      },
      orderByAttributeEnum(this: any, previous: any, _preset: any, details: any) {
        const name = this._attributeName(details)
        // unit_price -> UNIT_PRICE_ASC; any other spelling stays, or two columns could become one
        const spelled = LOWER_SNAKE.test(name) ? name.toUpperCase() : name
        return isWorkspace(details.codec.extensions?.pg?.schemaName)
          ? `${spelled}_${this.constantCase(details.variant)}`
          : previous(details)
      },
      /** Ours are written as GraphQL's enums are; a person's label stays, as far as it can. */
      enumValue(this: any, previous: any, _preset: any, value: string, codec: any) {
        if (codec.extensions?.pg?.schemaName === 'app_public') return this.constantCase(value)
        return isWorkspace(codec.extensions?.pg?.schemaName)
          ? (labelsOf(codec).get(value) ?? previous(value, codec))
          : previous(value, codec)
      },
      /** A function that returns a row of a table answers under the table's name: scheduleMatview { matview { … } }. */
      functionMutationResultFieldName(this: any, previous: any, _preset: any, details: any) {
        const { codec, isUnique } = details.resource
        return isUnique && codec.attributes && !codec.isAnonymous ? this.camelCase(this._singularizedCodecName(codec)) : previous(details)
      },
    } as any,
  },
})

/** A valid GraphQL name as near to `name` as can be; '' when nothing readable is left. */
function graphqlName(name: string): string {
  if (PLAIN.test(name)) return name
  const latin = transliterate(name.normalize('NFC'))
    .replace(/[^_0-9A-Za-z]+/g, '_')
    .replace(/^__+/, '_')
  if (!/[0-9A-Za-z]/.test(latin)) return ''
  return /^[0-9]/.test(latin) ? `_${latin}` : latin
}

const PLAIN = /^(?!__)[A-Za-z_]*[A-Za-z][0-9A-Za-z_]*$/

const labels = new WeakMap<object, Map<string, string>>()

/** The labels of a person's enum: as they are where GraphQL can write them, else made so, each another. */
function labelsOf(codec: any): Map<string, string> {
  let found = labels.get(codec)
  if (found) return found
  labels.set(codec, (found = new Map()))
  const taken = new Set(['true', 'false', 'null'])
  for (const [i, { value }] of codec.values.entries()) {
    const plain = graphqlName(value) || 'value'
    const name = [plain, `${plain}_value`, `${plain}_${i + 1}`].find((candidate) => !taken.has(candidate)) ?? `value_${i + 1}`
    taken.add(name)
    found.set(value, name)
  }
  return found
}

/** What people write in comments is text for people: no smart tag of theirs survives. */
function clean(entity: any) {
  const tags = entity.getTags?.()
  if (tags) for (const tag of Object.keys(tags)) delete tags[tag]
}

const hide = (entity: any) => {
  entity.getTags().behavior = ['-*']
}

function nameColumns(relation: any) {
  const taken = new Set<string>(RESERVED_COLUMNS)
  for (const attribute of relation.getAttributes()) {
    if (attribute.attnum < 1) continue
    clean(attribute)
    const plain = graphqlName(attribute.attname)
    const tries = [
      plain,
      `${plain || 'column'}_column`,
      ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${plain}_${n}`),
      `column_${attribute.attnum}`,
    ]
    const name = tries.find((candidate) => !taken.has(candidate.toLowerCase())) ?? `column_${attribute.attnum}_${relation._id}`
    taken.add(name.toLowerCase())
    if (name !== attribute.attname) attribute.getTags().name = name
  }
}

const LOWER_SNAKE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
