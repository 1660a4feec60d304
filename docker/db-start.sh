#!/bin/sh
# First start (initdb, database) and every start of the database container. pg_cron in libpq mode connects over the
# socket, which lies in the data directory (0700): only this container's postgres user reaches it.
set -eu
: "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}"
if [ -s "$PGDATA/PG_VERSION" ] && [ "$(cat "$PGDATA/PG_VERSION")" != "$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" ]; then
  echo "The volume holds data of PostgreSQL $(cat "$PGDATA/PG_VERSION"), this image is $(postgres --version): dump with the old image, restore with the new one (OPERATIONS.md, Upgrade)." >&2
  exit 1
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  rm -rf "$PGDATA/new"
  printf %s "$POSTGRES_PASSWORD" |
    initdb -D "$PGDATA/new" -U postgres --locale=C.UTF-8 --encoding=UTF8 --auth-local=trust --auth-host=scram-sha-256 --pwfile=/dev/stdin >/dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/new/pg_hba.conf"
  echo "create database tidemark" | postgres --single -D "$PGDATA/new" postgres >/dev/null
  # PG_VERSION goes last: a start that was cut off begins anew.
  for part in "$PGDATA"/new/*; do [ "${part##*/}" = PG_VERSION ] || { rm -rf "$PGDATA/${part##*/}"; mv "$part" "$PGDATA/"; }; done
  mv "$PGDATA/new/PG_VERSION" "$PGDATA/" && rmdir "$PGDATA/new"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories="$PGDATA" -c jit=off -c timezone=UTC -c log_timezone=UTC \
  -c shared_preload_libraries=pg_cron -c cron.database_name=tidemark -c cron.host="$PGDATA" -c cron.use_background_workers=off
