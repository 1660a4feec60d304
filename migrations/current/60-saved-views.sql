-- Saved views: how a person wants to see a relation (columns, order, widths, formats, sort, filter).
-- And what the web app, or any client, does to rows by hand: edits compared with what one saw, inserts, deletes.

create table app_public.saved_views (
  id bigint generated always as identity primary key,
  workspace text not null default app_hidden.current_workspace() references app_public.workspaces (id) on delete cascade,
  account_id bigint not null default app_hidden.current_account_id() references app_public.accounts (id) on delete cascade,
  relation text not null check (length(relation) between 1 and 63),
  -- '' is the view without a name: what a person last arranged, kept by itself.
  name text not null default '' check (length(name) <= 100),
  shared boolean not null default false,
  is_default boolean not null default false,
  config jsonb not null default '{}' check (jsonb_typeof(config) = 'object' and octet_length(config::text) <= 65536),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace, account_id, relation, name),
  check (name <> '' or not shared)
);
create index saved_views_workspace_relation_idx on app_public.saved_views (workspace, relation);
create index saved_views_account_id_idx on app_public.saved_views (account_id);
create unique index saved_views_one_default_idx on app_public.saved_views (workspace, account_id, relation) where is_default;
comment on table app_public.saved_views is E'How a person wants to see a relation. You see your own and those that others of the workspace share.';
comment on column app_public.saved_views.relation is E'The name of the table, view or materialized view.';
comment on column app_public.saved_views.name is E'Empty: what the person last arranged without giving it a name.';
comment on column app_public.saved_views.shared is E'Others of the workspace see it too; only its owner changes it.';
comment on column app_public.saved_views.is_default is E'The owner''s first view of this relation.';
comment on column app_public.saved_views.config is E'{ cols: [{ name, title, w, hidden, pin, fmt: { kind, opt } }], sort, filter, density }';

--!include policies/saved_views.sql
--!include functions/app_public/save_view.sql
--!include views/relations.sql
--!include functions/app_hidden/editable_columns.sql
--!include functions/app_public/edit_cells.sql
--!include functions/app_public/insert_rows.sql
--!include functions/app_public/delete_rows.sql
--!include functions/app_hidden/readable_column.sql
--!include functions/app_public/column_distribution.sql
--!include functions/app_public/row_history.sql
