/**
 * The settings of a cluster of ours, as text. Called by cluster.mjs, which writes them beside postgresql.conf at
 * every start, so that a moved folder, another port or a newer Tidemark takes effect.
 */

/**
 * @param {object} options
 * @param {{ cron: boolean }} options.programs
 * @param {number} options.port
 * @param {string} options.socket the folder of the socket
 * @param {string} options.cronDatabase the database in which pg_cron lives
 * @param {boolean} [options.fast] for tests only: a crash loses everything
 */
export function settingsText({ programs, port, socket, cronDatabase, fast = false }) {
  const lines = [
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    `unix_socket_directories = '${quoted(socket)}'`,
    'unix_socket_permissions = 0700', // with `local all all trust` in pg_hba.conf: only our own OS user enters
    'jit = off', // the unpacked packages leave llvm out
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    'max_connections = 100',
    // Below a WAL of half of it no checkpoint is forced. A million rows (110 MB) write as much WAL: 1, 2 and 4 GB made no difference to
    // them, 256 MB met a checkpoint every two seconds in a load of a gigabyte, each followed by full pages
    'max_wal_size = 2GB',
    "log_line_prefix = '%m [%p] %q%u@%d '",
    ...(fast
      ? [
          'fsync = off',
          'synchronous_commit = off',
          'full_page_writes = off',
          'shared_buffers = 64MB',
          'max_connections = 200',
          'max_prepared_transactions = 10',
          'autovacuum_naptime = 10min',
        ]
      : []),
    ...(programs.cron
      ? [
          "shared_preload_libraries = 'pg_cron'",
          `cron.database_name = '${quoted(cronDatabase)}'`,
          // libpq mode: in background-worker mode of pg_cron 1.4 one running job blocks the whole schedule.
          `cron.host = '${quoted(socket)}'`,
          'cron.use_background_workers = off',
        ]
      : []),
  ]
  return `# Written by Tidemark at every start.\n${lines.join('\n')}\n`
}

const quoted = (text) => text.replaceAll("'", "''")

/**
 * Who may enter. By the socket, whose folder only our OS user can open: every role, without a password. Over TCP: by
 * password, and no workspace role at all (people's SQL runs as those; their programs use the API). The server's own
 * roles are members of the workspaces' and come first.
 */
export const HBA = `# Written by Tidemark at every start.
local all all trust
local replication postgres trust
host all app_owner,app_authenticator,app_scheduler 127.0.0.1/32 scram-sha-256
host all +app_workspace,+app_reader all reject
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`
