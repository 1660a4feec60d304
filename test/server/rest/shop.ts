/**
 * A small shop in workspace main behind a running server, and PostgREST's own client in the name of an editor and of a reader.
 * Called by the tests of this folder.
 */
import { PostgrestClient } from '@supabase/postgrest-js'
import type { MemberRole } from '../../../server/auth/caller.ts'
import { startWorld, type World } from '../../support/world.ts'

export interface Shop extends World {
  rest: PostgrestClient<any, any, any>
  reader: PostgrestClient<any, any, any>
  clientOf(options?: { workspace?: string; role?: MemberRole }): Promise<PostgrestClient<any, any, any>>
  /** A bare request: status, headers and the body as text and as JSON. */
  ask(
    path: string,
    options?: RequestInit & { headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; text: string; body: any }>
  /** As the workspace's role, so that its default grants hold. */
  asMain(sql: string): Promise<void>
}

const TABLES = `
  create type mood as enum ('good', 'bad');
  create table customers (id int primary key, name text not null, city text, meta jsonb, mood mood);
  comment on table customers is 'People who buy';
  comment on column customers.city is 'Where they live';
  create table orders (
    id int primary key, customer_id int references customers, shipped_by int, amount numeric(10, 2), paid boolean default false,
    placed date, tags text[] default '{}', span int4range, doc jsonb, note text);
  create index on orders (customer_id);
  create table products (id int primary key, name text);
  create table order_products (order_id int references orders, product_id int references products, primary key (order_id, product_id));
  create table staff (id int primary key, name text, boss_id int references staff);
  create table two_ways (id int primary key, seller int references customers, buyer int references customers);
  create table people (row_id bigserial primary key, "Full Name" text, "a.b" int default 7, "q""uote" text, email text unique, code varchar(3));
  create table "Ünïcode 表/x" ("select" int, "ключ" text);
  create table _hidden (id int);
  create materialized view totals as select customer_id, sum(amount) as total from orders group by 1 with no data;
  create view big_orders as select * from orders where amount > 15;

  insert into customers values (1, 'Ann', 'Bern', '{"vip": true, "phones": [{"nr": "1"}, {"nr": "2"}], "age": 40}', 'good'), (2, 'Bob', 'Basel', '{"vip": false}', 'bad'), (3, 'Eve', null, null, null);
  insert into orders (id, customer_id, amount, paid, placed, tags, span, note) values
    (1, 1, 10.50, true, '2024-01-01', '{a,b}', '[1,5)', 'the quick brown fox'), (2, 1, 20, false, '2024-02-01', '{b}', '[5,9)', 'lazy dogs'),
    (3, 2, 30, true, '2024-03-01', '{"x,y"}', '[20,30)', null), (4, null, 5, null, null, '{}', null, 'a,b "c" (d)');
  insert into products values (1, 'tea'), (2, 'cup');
  insert into order_products values (1, 1), (1, 2), (2, 1);
  insert into staff values (1, 'Top', null), (2, 'Mid', 1), (3, 'Low', 2);
  refresh materialized view totals;
`

export async function startShop(): Promise<Shop> {
  const world = await startWorld()
  const asMain = async (sql: string) =>
    void (await world.db.sql(`set role ws_main; set search_path to ws_main; ${sql}; reset role; reset search_path`))
  await asMain(TABLES)
  const clientOf = async (options: { workspace?: string; role?: MemberRole } = {}) =>
    new PostgrestClient<any, any, any>(`${world.url}/rest`, { headers: { authorization: `Bearer ${await world.token(options)}` } })
  const bearer = await world.token()
  return {
    ...world,
    rest: await clientOf(),
    reader: await clientOf({ role: 'reader' }),
    clientOf,
    asMain,
    async ask(path, options = {}) {
      const reply = await fetch(`${world.url}/rest${path}`, {
        ...options,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...options.headers },
      })
      const text = await reply.text()
      let body: any = null
      try {
        body = JSON.parse(text)
      } catch {
        /* csv, or nothing */
      }
      return { status: reply.status, headers: reply.headers, text, body }
    },
  }
}
