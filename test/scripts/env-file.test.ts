/**
 * `.env`, as people write it.
 */
import { parseEnv } from '../../scripts/launch/env-file.mjs'

it.each([
  ['PORT=5001', { PORT: '5001' }],
  ['export PORT = 5001 # the other one', { PORT: '5001' }],
  ['URL="postgres://u:p#w@h/d" # with a hash', { URL: 'postgres://u:p#w@h/d' }],
  ['NAME=\'a "b" $c\'', { NAME: 'a "b" $c' }],
  ['NAME="say \\"hi\\""', { NAME: 'say "hi"' }],
  ['# PORT=1\n\nEMPTY=\r\nA=1', { EMPTY: '', A: '1' }],
  ['DATABASE_URL=postgres://u:p@h/d?x=1', { DATABASE_URL: 'postgres://u:p@h/d?x=1' }],
])('reads %j', (text, settings) => {
  expect(parseEnv(text)).toEqual(settings)
})
