/**
 * GET /rest/: the workspace's relations and functions as OpenAPI 3, with people's comments as its documentation. Called by
 * route.ts. Pure.
 */
import type { Argument, Catalog, Column, Func, Relation } from '../catalog/read.ts'
import { OPERATORS } from './operators.ts'

type Json = Record<string, unknown>

const FORMATS: Record<string, Json> = {
  smallint: { type: 'integer' },
  integer: { type: 'integer', format: 'int32' },
  bigint: { type: 'integer', format: 'int64' },
  numeric: { type: 'number' },
  real: { type: 'number', format: 'float' },
  'double precision': { type: 'number', format: 'double' },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  'timestamp with time zone': { type: 'string', format: 'date-time' },
  uuid: { type: 'string', format: 'uuid' },
  json: {},
  jsonb: {},
}

function schemaOf({ type, category }: Pick<Argument, 'type' | 'category'>): Json {
  if (category === 'A') return { type: 'array', items: schemaOf({ type: type.replace(/\[\]$/, ''), category: '' }) }
  return Object.hasOwn(FORMATS, type) ? FORMATS[type]! : { type: 'string' }
}

const text = (key: 'description', value: string | null | undefined): Json => (value ? { [key]: value } : {})

const property = (column: Column): Json => ({
  ...schemaOf(column),
  ...(column.nullable ? { nullable: true } : {}),
  ...(column.values ? { enum: column.values } : {}),
  ...(column.generated ? { readOnly: true } : {}),
  ...text('description', column.comment),
  'x-postgresql-type': column.shown ?? column.type,
})

const reference = (name: string): Json => ({
  $ref: `#/components/schemas/${name
    .replace(/~/g, '~0')
    .replace(/\//g, '~1')
    .replace(/[^\w.~-]/gu, (c) => encodeURIComponent(c))}`,
})
const parameter = (name: string): Json => ({ $ref: `#/components/parameters/${name}` })
const media = (schema: Json): Json => ({ 'application/json': { schema } })
const rowsOf = (relation: Relation): Json => ({
  ...media({ type: 'array', items: reference(relation.name) }),
  'text/csv': { schema: { type: 'string' } },
})
const failure = { default: { description: 'The error', content: media(reference('error')) } }

function pathOf(relation: Relation): Json {
  const filters = [...relation.columns.values()].map((column) => ({
    name: column.name,
    in: 'query',
    schema: { type: 'string' },
    ...text('description', column.comment),
    'x-filter': 'operator.value',
  }))
  const body = {
    required: true,
    content: {
      ...media({ oneOf: [reference(relation.name), { type: 'array', items: reference(relation.name) }] }),
      'text/csv': { schema: { type: 'string' } },
    },
  }
  const about = { tags: [relation.name], ...text('description', relation.comment) }
  const answer = (status: number) => ({ [status]: { description: 'Done', content: rowsOf(relation) }, ...failure })
  const reading = ['select', 'order', 'limit', 'offset', 'Range', 'Prefer'].map(parameter)
  return {
    get: {
      ...about,
      summary: `Read ${relation.name}`,
      parameters: [...reading, ...filters],
      responses: { ...answer(200), 206: { description: 'A part of the rows', content: rowsOf(relation) } },
    },
    ...(relation.can.insert && {
      post: {
        ...about,
        summary: `Add to ${relation.name}`,
        parameters: ['select', 'columns', 'on_conflict', 'Prefer'].map(parameter),
        requestBody: body,
        responses: answer(201),
      },
    }),
    ...(relation.can.update && {
      patch: {
        ...about,
        summary: `Change rows of ${relation.name}`,
        parameters: [...['select', 'columns', 'Prefer'].map(parameter), ...filters],
        requestBody: body,
        responses: { ...answer(200), 204: { description: 'Done' } },
      },
    }),
    ...(relation.can.delete && {
      delete: {
        ...about,
        summary: `Delete rows of ${relation.name}`,
        parameters: [...['select', 'Prefer'].map(parameter), ...filters],
        responses: { ...answer(200), 204: { description: 'Done' } },
      },
    }),
  }
}

function callOf(func: Func): Json {
  const properties = Object.fromEntries(func.args.map((arg) => [arg.name, { ...schemaOf(arg), 'x-postgresql-type': arg.type }]))
  const required = func.args.filter((arg) => arg.required).map((arg) => arg.name)
  const about = {
    tags: ['functions'],
    summary: func.name,
    ...text('description', func.comment),
    responses: { 200: { description: 'The result', content: media({}) }, ...failure },
  }
  return {
    post: { ...about, requestBody: { content: media({ type: 'object', properties, ...(required.length > 0 ? { required } : {}) }) } },
    ...(!func.volatile && {
      get: {
        ...about,
        parameters: func.args.map((arg) => ({ name: arg.name, in: 'query', required: arg.required, schema: schemaOf(arg) })),
      },
    }),
  }
}

const PARAMETERS: [name: string, place: 'query' | 'header', description: string][] = [
  ['select', 'query', 'Columns, casts, json paths, aggregates and related rows: id,total:amount::text,customer:customers(name)'],
  ['order', 'query', 'column.desc.nullslast, …'],
  ['limit', 'query', 'How many rows; without it 1000 of json and all of csv.'],
  ['offset', 'query', 'How many rows are left out before.'],
  ['columns', 'query', 'Which keys of the body count.'],
  ['on_conflict', 'query', 'The unique columns by which duplicates are found; without it the primary key.'],
  ['Range', 'header', '0-24'],
  [
    'Prefer',
    'header',
    'return=minimal|representation|headers-only, count=exact|planned|estimated, resolution=merge-duplicates|ignore-duplicates, missing=default, tx=rollback',
  ],
]

export function openapi(catalog: Catalog): Json {
  const relations = [...catalog.relations.values()]
  return {
    openapi: '3.0.3',
    info: {
      title: `Tidemark, workspace ${catalog.workspace}`,
      version: '1',
      description: `PostgREST's conventions. A filter is column=operator.value, column=not.operator.value, or=(a.eq.1,b.gt.2). Operators: ${Object.keys(OPERATORS).join(', ')}.`,
    },
    servers: [{ url: '/rest' }],
    security: [{ token: [] }],
    paths: Object.fromEntries([
      ...relations.map((relation) => [`/${encodeURIComponent(relation.name)}`, pathOf(relation)]),
      ...[...catalog.functions.values()].map((overloads) => [`/rpc/${encodeURIComponent(overloads[0]!.name)}`, callOf(overloads[0]!)]),
    ]),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      parameters: Object.fromEntries(
        PARAMETERS.map(([name, place, description]) => [name, { name, in: place, description, schema: { type: 'string' } }]),
      ),
      schemas: {
        error: {
          type: 'object',
          properties: Object.fromEntries(
            ['code', 'message', 'hint', 'detail', 'details'].map((name) => [name, { type: 'string', nullable: true }]),
          ),
        },
        ...Object.fromEntries(
          relations.map((relation) => [
            relation.name,
            {
              type: 'object',
              ...text('description', relation.comment),
              required: [...relation.columns.values()]
                .filter((column) => !column.nullable && !column.hasDefault)
                .map((column) => column.name),
              properties: Object.fromEntries([...relation.columns.values()].map((column) => [column.name, property(column)])),
              'x-primary-key': relation.key,
            },
          ]),
        ),
      },
    },
  }
}
